import assert from 'node:assert/strict';
import { Query } from 'node-appwrite';
import { executionKind, ownerKey } from '../../src/sandbox/appwrite/compute/records.ts';
import { openStore } from '../../src/sandbox/appwrite/store.ts';
import { eventually, makeFolder } from '../contracts/deployer-support.ts';
import type { FakeClock } from '../fakes/clock.ts';
import { createFakeClock } from '../fakes/clock.ts';
import type { ComputeServer } from './compute-server.ts';
import { connect, deployFunction, refused, startComputeServer } from './compute-server.ts';

const ECHO = `export default async ({ req, res, log, error }) => {
  log('trigger ' + req.headers['x-appwrite-trigger']);
  if (req.path === '/refuse') return res.text('no', 404);
  if (req.path === '/break') { error('broken'); return res.text('', 500); }
  return res.json({
    method: req.method, path: req.path, query: req.query, body: req.bodyText, event: req.headers['x-appwrite-event'],
    user: req.headers['x-appwrite-user-id'], jwt: req.headers['x-appwrite-user-jwt'], own: req.headers['x-own'],
  });
};`;
const LOUD = `export default async ({ req, res, log }) => { log(req.headers['x-appwrite-event'] + ' ' + req.bodyText); return res.empty(); };`;

describe('Appwrite fidelity: executions', () => {
  let at: ComputeServer;
  let clock: FakeClock;
  before(async () => {
    clock = createFakeClock(Date.UTC(2026, 0, 1, 10, 0, 30));
    at = await startComputeServer({ clock });
    await deployFunction(at.sdk, 'echo', ECHO, { execute: ['users'] });
  });
  after(() => at.stop());

  const ended = (functionId: string, executionId: string) =>
    eventually('the execution', async () => {
      const execution = await at.sdk.functions.getExecution({ functionId, executionId });
      return ['completed', 'failed'].includes(execution.status) ? execution : null;
    });

  it('44: a synchronous execution is answered 201 with what the function said', async () => {
    const { status, body } = await at.ask('POST', '/functions/echo/executions', {
      ...{ body: 'hi', path: '/a?b=c', method: 'PUT', headers: { 'X-Own': '1', 'content-type': 'text/plain' } },
    });
    assert.deepEqual(
      [status, body.status, body.responseStatusCode, body.trigger, body.functionId, body.errors],
      [201, 'completed', 200, 'http', 'echo', ''],
    );
    assert.match(String(body.logs), /trigger http/);
    assert.ok(Number(body.duration) > 0);
    const said = JSON.parse(String(body.responseBody));
    assert.deepEqual([said.method, said.path, said.query.b, said.body, said.own], ['PUT', '/a', 'c', 'hi', '1']);
  });

  it('44: an asynchronous one is answered 202 and found later', async () => {
    const { status, body } = await at.ask('POST', '/functions/echo/executions', { async: true });
    assert.deepEqual([status, body.status, body.responseStatusCode], [202, 'waiting', 0]);
    assert.equal((await ended('echo', String(body.$id))).responseStatusCode, 200);
  });

  it('44: a 4xx answer is completed, a 5xx one failed', async () => {
    const refusing = await at.sdk.functions.createExecution({ functionId: 'echo', xpath: '/refuse' });
    assert.deepEqual([refusing.status, refusing.responseStatusCode], ['completed', 404]);
    const broken = await at.sdk.functions.createExecution({ functionId: 'echo', xpath: '/break' });
    assert.deepEqual([broken.status, broken.responseStatusCode, broken.errors], ['failed', 500, 'broken']);
    const failed = await at.sdk.functions.listExecutions({
      functionId: 'echo',
      queries: [Query.equal('status', 'failed')],
    });
    assert.deepEqual(
      failed.executions.map(({ $id }) => $id),
      [broken.$id],
    );
  });

  it('44: without an active deployment there is nothing to execute', async () => {
    await at.sdk.functions.create({ functionId: 'empty', name: 'Empty', runtime: 'node-22' as never });
    await refused(at.sdk.functions.createExecution({ functionId: 'empty' }), 404, 'deployment_not_found');
  });

  it('44: only callers whom the function allows may execute it, and see what they started', async () => {
    const guest = connect(at.server, (client) => client);
    await refused(guest.functions.createExecution({ functionId: 'echo' }), 401, 'user_unauthorized');
    await at.sdk.users.create({ userId: 'ann', email: 'ann@example.org', password: 'long enough' });
    const { jwt } = await at.sdk.users.createJWT({ userId: 'ann' });
    const ann = connect(at.server, (client) => client.setJWT(jwt));
    const run = await ann.functions.createExecution({ functionId: 'echo' });
    assert.deepEqual([run.status, run.logs, run.$permissions], ['completed', '', ['read("user:ann")']]);
    const said = JSON.parse(run.responseBody);
    assert.equal(said.user, 'ann');
    const own = await connect(at.server, (client) => client.setJWT(said.jwt)).account.get();
    assert.equal(own.$id, 'ann');
    assert.deepEqual(
      (await ann.functions.listExecutions({ functionId: 'echo' })).executions.map(({ $id }) => $id),
      [run.$id],
    );
    assert.match((await at.sdk.functions.getExecution({ functionId: 'echo', executionId: run.$id })).logs, /trigger/);
    await at.sdk.functions.update({ functionId: 'echo', name: 'Echo', execute: ['users'], enabled: false });
    await refused(ann.functions.createExecution({ functionId: 'echo' }), 404, 'function_not_found');
    assert.equal((await at.sdk.functions.createExecution({ functionId: 'echo' })).status, 'completed');
    await at.sdk.functions.update({ functionId: 'echo', name: 'Echo', execute: ['users'] });
  });

  it('44: a scheduled execution must be asynchronous and begins at its minute', async () => {
    const schedule = (scheduledAt: string, async = true) =>
      at.sdk.functions.createExecution({
        functionId: 'echo',
        async,
        scheduledAt,
        body: 'later',
        method: 'PATCH' as never,
      });
    await refused(schedule('2026-01-01T10:05:00.000Z', false), 400, 'general_bad_request', /asynchronous/);
    await refused(schedule('2026-01-01T10:01:00.000Z'), 400, 'general_bad_request', /at least 1 minute/);
    await refused(schedule('2026-01-01T10:05:30.000Z'), 400, 'general_bad_request');
    await refused(schedule('some day'), 400, 'general_bad_request');
    const held = await schedule('2026-01-01T10:05:00.000Z');
    assert.deepEqual(
      [held.status, held.trigger, held.scheduledAt],
      ['scheduled', 'schedule', '2026-01-01T10:05:00.000+00:00'],
    );
    const dropped = await schedule('2026-01-01T10:05:00.000Z');
    await at.sdk.functions.deleteExecution({ functionId: 'echo', executionId: dropped.$id });
    await clock.sleeping();
    await clock.advance(4 * 60_000);
    assert.equal(
      (await at.sdk.functions.getExecution({ functionId: 'echo', executionId: held.$id })).status,
      'scheduled',
    );
    await clock.advance(60_000);
    const run = await ended('echo', held.$id);
    assert.deepEqual([run.status, run.requestMethod, run.logs], ['completed', 'PATCH', 'trigger schedule']);
    await refused(
      at.sdk.functions.getExecution({ functionId: 'echo', executionId: dropped.$id }),
      404,
      'execution_not_found',
    );
  });

  it('33: a schedule really runs, at the minutes that it names', async () => {
    await deployFunction(at.sdk, 'hourly', ECHO, { schedule: '*/30 * * * *' });
    const runs = async () => (await at.sdk.functions.listExecutions({ functionId: 'hourly' })).executions;
    await clock.advance(20 * 60_000);
    assert.deepEqual(await runs(), []);
    await clock.advance(70 * 60_000);
    const all = await eventually('the runs', async () => {
      const found = await runs();
      return found.length === 3 && found.every(({ status }) => status === 'completed') ? found : null;
    });
    assert.deepEqual(
      all.map(({ trigger, requestMethod, logs }) => [trigger, requestMethod, logs]),
      Array(3).fill(['schedule', 'POST', 'trigger schedule']),
    );
    await at.sdk.functions.update({ functionId: 'hourly', name: 'Hourly' });
    await clock.advance(120 * 60_000);
    assert.equal((await runs()).length, 3);
  });

  it('33: an event of a row really starts the functions that listen to it', async () => {
    const { sdk } = at;
    await sdk.tables.create({ databaseId: 'crew', name: 'Crew' });
    const columns = [{ key: 'title', type: 'string', size: 50, required: false }];
    for (const tableId of ['tasks', 'other']) {
      await sdk.tables.createTable({ databaseId: 'crew', tableId, name: tableId, columns });
    }
    await deployFunction(sdk, 'on-task', LOUD, { events: ['databases.crew.tables.tasks.rows.*.create'] });
    await deployFunction(sdk, 'on-any', LOUD, { events: ['databases.*.collections.tasks.documents.*'] });
    const logs = async (functionId: string, count: number) => {
      const all = await eventually(`${count} runs of ${functionId}`, async () => {
        const { executions } = await sdk.functions.listExecutions({ functionId });
        return executions.length === count && executions.every(({ status }) => status === 'completed')
          ? executions
          : null;
      });
      return all.map((run) => [run.trigger, run.logs.split(' ')[0]]).sort();
    };
    const row = { databaseId: 'crew', tableId: 'tasks', rowId: 'r1' };
    await sdk.tables.createRow({ ...row, tableId: 'other', data: {} });
    await sdk.tables.createRow({ ...row, data: { title: 'First' } });
    await sdk.tables.updateRow({ ...row, data: { title: 'Second' } });
    await sdk.tables.upsertRow({ ...row, data: { title: 'Third' } });
    await sdk.tables.deleteRow(row);
    const name = (action: string) => ['event', `databases.crew.tables.tasks.rows.r1.${action}`];
    assert.deepEqual(await logs('on-task', 1), [name('create')]);
    assert.deepEqual(await logs('on-any', 4), [name('create'), name('delete'), name('update'), name('upsert')]);
    const { executions } = await sdk.functions.listExecutions({ functionId: 'on-task' });
    const payload = JSON.parse(executions[0]?.logs.replace(/^\S+ /, '') ?? '{}');
    assert.deepEqual([payload.$id, payload.$tableId, payload.title], ['r1', 'tasks', 'First']);
  });

  it('33: rows written together tell one by one, and staged ones when they are committed', async () => {
    const { sdk } = at;
    await deployFunction(sdk, 'on-notes', LOUD, { events: ['databases.crew.tables.notes.rows.*.create'] });
    const place = { databaseId: 'crew', tableId: 'notes' };
    const columns = [{ key: 'title', type: 'string', size: 50, required: false }];
    await sdk.tables.createTable({ ...place, name: 'Notes', columns });
    await sdk.tables.createRows({ ...place, rows: [{ $id: 'a' }, { $id: 'b' }] });
    const { $id: transactionId } = await sdk.tables.createTransaction();
    await sdk.tables.createRow({ ...place, rowId: 'c', data: {}, transactionId });
    const { $id: dropped } = await sdk.tables.createTransaction();
    await sdk.tables.createRow({ ...place, rowId: 'd', data: {}, transactionId: dropped });
    await sdk.tables.updateTransaction({ transactionId: dropped, rollback: true });
    const told = async () => {
      const { executions } = await sdk.functions.listExecutions({ functionId: 'on-notes' });
      return executions.map(({ logs }) => logs.split('.rows.')[1]?.split('.')[0]).sort();
    };
    const names = (count: number) =>
      eventually(`${count} executions`, async () => {
        const all = await told();
        return all.length === count && !all.includes(undefined) ? all : null;
      });
    assert.deepEqual(await names(2), ['a', 'b']);
    await sdk.tables.updateTransaction({ transactionId, commit: true });
    assert.deepEqual(await names(3), ['a', 'b', 'c']);
    const path = '/databases/crew/collections/notes/documents';
    const older = await at.ask('POST', path, { documentId: 'e', data: {} });
    assert.equal(older.status, 201);
    assert.deepEqual(await names(4), ['a', 'b', 'c', 'e']);
  });
});

describe('Appwrite stand-in: executions over a restart', () => {
  it('keeps what is scheduled, and calls failed what was cut off', async () => {
    const data = await makeFolder({});
    const clock = createFakeClock(Date.UTC(2026, 0, 1, 10, 0, 0));
    const first = await startComputeServer({ dataDir: data.dir, clock });
    const waits = `export default async ({ req, res }) => (req.path === '/wait' ? new Promise(() => {}) : res.text('ran'));`;
    await deployFunction(first.sdk, 'fn', waits, { timeout: 60 });
    const functionId = 'fn';
    const held = await first.sdk.functions.createExecution({
      functionId,
      async: true,
      scheduledAt: '2026-01-01T11:00:00Z',
    });
    const cut = await first.sdk.functions.createExecution({ functionId, async: true, xpath: '/wait' });
    await first.stop();
    // As a server leaves it that is killed.
    const store = openStore(data.dir);
    const parent = ownerKey('functions', functionId);
    const execution = store.get(executionKind, parent, cut.$id);
    assert.ok(execution !== null);
    store.put(executionKind, parent, cut.$id, { ...execution, status: 'processing' });
    store.close();
    const second = await startComputeServer({ dataDir: data.dir, clock });
    try {
      const state = async (executionId: string) =>
        (await second.sdk.functions.getExecution({ functionId, executionId })).status;
      assert.deepEqual([await state(held.$id), await state(cut.$id)], ['scheduled', 'failed']);
      await clock.sleeping();
      await clock.advance(3_600_000);
      await eventually('the run', async () => ((await state(held.$id)) === 'completed' ? true : null));
    } finally {
      await second.stop();
      await data.remove();
    }
  });
});
