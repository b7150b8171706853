import assert from 'node:assert/strict';
import { Query } from 'node-appwrite';
import type { ComputeServer } from './compute-server.ts';
import { deployFunction, isRefusal, refused, startComputeServer } from './compute-server.ts';

const NODE = 'node-22' as never;
const HELLO = `export default async ({ res }) => res.text('hello');`;

describe('Appwrite fidelity: settings and variables of functions', () => {
  let at: ComputeServer;
  before(async () => {
    at = await startComputeServer();
  });
  after(() => at.stop());

  it('33: a new function has the defaults of the server', async () => {
    const { status, body } = await at.ask('POST', '/functions', { functionId: 'plain', name: 'Plain', runtime: NODE });
    assert.equal(status, 201);
    const { deploymentId, latestDeploymentId, schedule, timeout, live, version, vars } = body;
    assert.deepEqual(
      { deploymentId, latestDeploymentId, schedule, timeout, live, version, vars },
      { deploymentId: '', latestDeploymentId: '', schedule: '', timeout: 15, live: true, version: 'v5', vars: [] },
    );
  });

  it('33: an unknown runtime or specification, a bad cron and an event of functions are refused', async () => {
    const good = { functionId: 'bad', name: 'Bad', runtime: NODE };
    const bad = [
      { runtime: 'cobol-1' },
      { runtimeSpecification: 's-99vcpu-1mb' },
      { buildSpecification: 'huge' },
      ...[
        '* * * *',
        '60 * * * *',
        '* 24 * * *',
        '* * 0 * *',
        '* * * 13 *',
        '*/0 * * * *',
        'a b c d e',
        '5-1 * * * *',
      ].map((schedule) => ({ schedule })),
      ...['functions.*.create', 'nothing.*', 'databases', 'databases..create'].map((event) => ({ events: [event] })),
    ];
    for (const change of bad) {
      isRefusal(await at.ask('POST', '/functions', { ...good, ...change }), 400, 'general_argument_invalid');
    }
    await refused(at.sdk.functions.get({ functionId: 'bad' }), 404, 'function_not_found');
  });

  it('33: every five-field schedule and every event of another service is taken', async () => {
    const schedules = ['*/15 * * * *', '0 9-17/2 * * mon-fri', '5,10 0 1 JAN *', '0 0 * * 7', ''];
    for (const [position, schedule] of schedules.entries()) {
      const made = await at.sdk.functions.create({
        functionId: `cron-${position}`,
        name: 'Cron',
        runtime: NODE,
        schedule,
        events: ['databases.crew.tables.tasks.rows.*.create', 'users.*.update.email'],
      });
      assert.deepEqual([made.schedule, made.events.length], [schedule, 2]);
    }
  });

  it('34: an update empties what it does not name, and keeps the rest', async () => {
    const before = await at.sdk.functions.create({
      functionId: 'put',
      name: 'Put',
      runtime: NODE,
      entrypoint: 'main.js',
      execute: ['any'],
      events: ['users.*.create'],
      schedule: '* * * * *',
      scopes: ['rows.read' as never],
      commands: 'npm ci',
      timeout: 60,
      enabled: false,
      logging: false,
      runtimeSpecification: 's-1vcpu-1gb',
    });
    const after = await at.sdk.functions.update({ functionId: 'put', name: 'Put 2' });
    assert.deepEqual(
      [after.execute, after.events, after.scopes, after.schedule, after.commands, after.timeout],
      [[], [], [], '', '', 15],
    );
    assert.deepEqual([after.enabled, after.logging], [true, true]);
    assert.deepEqual(
      [after.runtime, after.entrypoint, after.runtimeSpecification],
      ['node-22', 'main.js', 's-1vcpu-1gb'],
    );
    assert.ok(after.$updatedAt > before.$updatedAt);
    assert.equal(after.$createdAt, before.$createdAt);
  });

  it('34: an update leaves the active deployment alone', async () => {
    const deploymentId = await deployFunction(at.sdk, 'kept', HELLO);
    const updated = await at.sdk.functions.update({ functionId: 'kept', name: 'Kept' });
    assert.equal(updated.deploymentId, deploymentId);
  });

  it('43: a variable is secret unless it says otherwise, and each key stands once', async () => {
    const of = { functionId: 'plain' };
    const path = '/functions/plain/variables';
    const made = await at.ask('POST', path, { variableId: 'v1', key: 'TOKEN', value: 'abc' });
    assert.deepEqual([made.status, made.body.value, made.body.secret], [201, '', true]);
    assert.deepEqual([made.body.resourceType, made.body.resourceId], ['function', 'plain']);
    const open = await at.sdk.functions.createVariable({
      ...of,
      variableId: 'v2',
      key: 'MODE',
      value: 'a',
      secret: false,
    });
    assert.equal(open.value, 'a');
    assert.equal((await at.sdk.functions.get(of)).live, false);
    isRefusal(await at.ask('POST', path, { key: 'X', value: 'x' }), 400, 'general_argument_invalid');
    isRefusal(
      await at.ask('POST', path, { variableId: '_bad', key: 'X', value: 'x' }),
      400,
      'general_argument_invalid',
    );
    isRefusal(await at.ask('POST', path, { variableId: 'v1', key: 'X', value: 'x' }), 409, 'variable_already_exists');
    isRefusal(
      await at.ask('POST', path, { variableId: 'v3', key: 'MODE', value: 'x' }),
      409,
      'variable_already_exists',
    );
    const long = { variableId: 'v4', key: 'K'.repeat(255), value: 'v'.repeat(8192), secret: false };
    isRefusal(await at.ask('POST', path, { ...long, key: 'K'.repeat(256) }), 400, 'general_argument_invalid');
    isRefusal(await at.ask('POST', path, { ...long, value: 'v'.repeat(8193) }), 400, 'general_argument_invalid');
    assert.equal((await at.ask('POST', path, long)).status, 201);
  });

  it('43: a variable changes in part, never back to plain, and is gone when deleted', async () => {
    const of = { functionId: 'plain', variableId: 'v2' };
    const changed = await at.sdk.functions.updateVariable({ ...of, value: 'b' });
    assert.deepEqual([changed.key, changed.value], ['MODE', 'b']);
    isRefusal(await at.ask('PUT', '/functions/plain/variables/v2', {}), 400, 'general_argument_invalid');
    assert.equal((await at.sdk.functions.updateVariable({ ...of, secret: true })).value, '');
    await refused(at.sdk.functions.updateVariable({ ...of, secret: false }), 400, 'variable_cannot_unset_secret');
    const clash = at.sdk.functions.updateVariable({ ...of, key: 'TOKEN' });
    await refused(clash, 409, 'variable_already_exists');
    const keys = await at.sdk.functions.listVariables({ functionId: 'plain', queries: [Query.equal('key', 'MODE')] });
    assert.deepEqual([keys.total, keys.variables[0]?.$id], [1, 'v2']);
    assert.equal((await at.ask('DELETE', '/functions/plain/variables/v2', {})).status, 204);
    await refused(at.sdk.functions.getVariable(of), 404, 'variable_not_found');
    await refused(at.sdk.functions.deleteVariable(of), 404, 'variable_not_found');
  });

  it('lists runtimes, and specifications of both uses, for anybody', async () => {
    const guest = { 'x-appwrite-project': 'demo' };
    const runtimes = await at.ask('GET', '/functions/runtimes', undefined, guest);
    const ids = (runtimes.body.runtimes as { $id: string }[]).map(({ $id }) => $id);
    assert.ok(ids.includes('node-22') && ids.includes('python-3.12'), ids.join());
    const { specifications, total } = await at.sdk.functions.listSpecifications({ type: 'builds' });
    assert.equal(total, specifications.length);
    assert.ok(
      specifications.some(({ slug, cpus, memory }) => slug === 's-1vcpu-512mb' && cpus === 1 && memory === 512),
    );
  });
});
