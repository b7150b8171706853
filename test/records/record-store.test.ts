import assert from 'node:assert/strict';
import { createRecordStore } from '../../src/adapters/appwrite/record-store.ts';
import { recordsOf } from '../../src/core/records/fold.ts';
import { RECORD_TABLES } from '../../src/core/records/tables.ts';
import { AppError, type ErrorCode } from '../../src/protocol/errors.ts';
import { silentLog } from '../contracts/deployer-support.ts';
import { createFakeRecordStore } from '../fakes/record-store.ts';
import { DATABASE, KEY, openPlace, type Place, PROJECT } from './appwrite.ts';
import { asRecords, wholeRun } from './events.ts';
import { recordStoreContract } from './record-store-contract.ts';

recordStoreContract('the fake', async () => {
  const store = createFakeRecordStore();
  return { store, stored: async () => store.stored(), close: async () => {} };
});

recordStoreContract('Appwrite, the stand-in', async () => {
  const place = await openPlace();
  return { ...place, stored: place.stored };
});

const records = recordsOf('notes-abc234', asRecords('notes-abc234', wholeRun('/w')), {
  userId: 'Ada',
  appwriteProjectId: 'p',
});
const signal = () => AbortSignal.timeout(60_000);
const fails = (code: ErrorCode, words: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof AppError, String(thrown));
  assert.deepEqual([thrown.code, words.test(thrown.userMessage)], [code, true], thrown.userMessage);
  assert.ok(!thrown.userMessage.includes(KEY) && !thrown.message.includes(KEY));
  return true;
};

describe('shared database in Appwrite', function () {
  this.timeout(60_000);
  let place: Place | null = null;
  const open = async (scopes?: readonly string[]) => {
    place = await openPlace(scopes);
    return place;
  };
  afterEach(async () => {
    await place?.close();
    place = null;
  });

  it('makes database and tables once, with what finds rows quickly', async () => {
    const { store, tables, gate } = await open();
    await store.upsert(records, signal());
    const made = gate.seen.filter(({ method }) => method === 'POST').length;
    assert.equal(made, 4);
    for (const { id, columns, indexed } of RECORD_TABLES) {
      const table = await tables.getTable({ databaseId: DATABASE, tableId: id });
      assert.deepEqual([table.columns.length, table.indexes.length], [columns.length, indexed.length]);
      assert.deepEqual(
        [table.$permissions, table.rowSecurity],
        [['read("label:admin")', 'read("label:developer")', 'read("label:viewer")'], false],
      );
    }
    await store.upsert(records, signal());
    assert.equal(gate.seen.filter(({ method }) => method === 'POST').length, made);
    assert.deepEqual(
      gate.seen.filter(({ method }) => method === 'DELETE'),
      [],
    );
  });

  it('makes what is missing of tables that are half there, and uses those that are', async () => {
    const { store, tables, stored } = await open();
    await store.upsert(records, signal());
    await tables.deleteTable({ databaseId: DATABASE, tableId: 'deployments' });
    await store.upsert(records, signal());
    assert.deepEqual((await stored()).deployments, records.deployments);
  });

  it('says how to make tables that the key may not make', async () => {
    const { store } = await open(['rows.read', 'rows.write']);
    await assert.rejects(store.upsert(records, signal()), fails('configuration', /appwrite push tables/));
  });

  it('writes up to a hundred rows in one call', async () => {
    const { store, gate } = await open();
    gate.answer(({ method, path }) =>
      method === 'PUT' && path.endsWith('/rows') ? { status: 201, body: { total: 0, rows: [] } } : null,
    );
    const [activity] = records.activities;
    assert.ok(activity);
    const activities = Array.from({ length: 230 }, (_, n) => ({ ...activity, activityId: `a.${n}` }));
    await store.upsert({ ...records, activities }, signal());
    const bodies = gate.seen.map(({ path, body }) => ({ path, ...(JSON.parse(body) as { rows: { $id: string }[] }) }));
    assert.deepEqual(
      bodies.map(({ path, rows }) => [path.split('/').at(-2), rows.length]),
      [
        ['activities', 100],
        ['activities', 100],
        ['activities', 30],
        ['deployments', 2],
        ['tasks', 1],
      ],
    );
    assert.deepEqual(bodies[2]?.rows[0]?.$id, 'a.200');
  });

  it('keeps every call below a megabyte', async () => {
    const { store, gate } = await open();
    gate.answer(() => ({ status: 201, body: { total: 0, rows: [] } }));
    const [activity] = records.activities;
    assert.ok(activity);
    const activities = Array.from({ length: 100 }, (_, n) => ({
      ...activity,
      activityId: `a.${n}`,
      output: n % 2 === 0 ? '"'.repeat(7_000) : '語'.repeat(7_000),
    }));
    await store.upsert({ tasks: [], deployments: [], activities }, signal());
    const sizes = gate.seen.map(({ body }) => body.length);
    assert.ok(sizes.length > 1 && Math.max(...sizes) < 1_000_000, sizes.join());
    assert.equal(gate.seen.flatMap(({ body }) => (JSON.parse(body) as { rows: unknown[] }).rows).length, 100);
  });

  it('writes rows one by one where a server has no call for many', async () => {
    const { store, gate, stored } = await open();
    gate.answer(({ method, path }) =>
      method === 'PUT' && path.endsWith('/rows')
        ? { status: 404, body: { message: 'Route not found', code: 404, type: 'general_route_not_found' } }
        : null,
    );
    await store.upsert(records, signal());
    assert.deepEqual(await stored(), records);
  });

  it('tells what is wrong: key, project, address, limit, server, rows that do not fit', async () => {
    const { gate, tables } = await open();
    const at = (change: object) =>
      createRecordStore({
        ...{ endpoint: gate.endpoint, projectId: PROJECT, apiKey: KEY, databaseId: DATABASE, log: silentLog },
        ...change,
      }).upsert(records, signal());
    await assert.rejects(at({ apiKey: 'another' }), fails('auth', /ORCHESTRATOR_RECORDS_KEY/));
    await assert.rejects(at({ projectId: 'nowhere' }), fails('configuration', /"records" in orchestrator.config.json/));
    await assert.rejects(
      at({ endpoint: 'http://127.0.0.1:1/v1' }),
      fails('transport', /ORCHESTRATOR_RECORDS_ENDPOINT/),
    );
    for (const [status, code] of [
      [429, 'rate_limited'],
      [503, 'server'],
    ] as const) {
      gate.answer(() => ({ status, body: { message: 'no', code: status, type: 'x' } }));
      await assert.rejects(at({}), fails(code, /tried again/));
    }
    gate.answer(() => null);
    await tables.create({ databaseId: DATABASE, name: 'Mine' });
    await tables.createTable({ databaseId: DATABASE, tableId: 'activities', name: 'Other', columns: [] });
    await assert.rejects(at({}), fails('invalid_request', /differ from those of this version/));
  });

  it('ends a request that is held when its signal fires', async () => {
    const { store, gate } = await open();
    gate.answer(() => 'hold');
    const ending = new AbortController();
    const writing = store.upsert(records, ending.signal);
    await gate.came(() => true);
    assert.equal(gate.held, 1);
    ending.abort();
    await assert.rejects(writing, (thrown) => thrown instanceof AppError && thrown.code === 'aborted');
  });

  it('passes over tasks that somebody else has written in another form', async () => {
    const { store, tables } = await open();
    await store.upsert(records, signal());
    const data = { projectName: 'by hand', createdAt: '2030-01-01T00:00:00.000Z' };
    await tables.createRow({ databaseId: DATABASE, tableId: 'tasks', rowId: 'mine', data });
    assert.deepEqual(await store.tasks(100, signal()), records.tasks);
  });
});
