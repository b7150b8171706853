import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Query } from 'node-appwrite';
import type { FaultPlan } from '../../src/sandbox/appwrite/faults.ts';
import { createFaultPlan } from '../../src/sandbox/appwrite/faults.ts';
import { eventually } from '../contracts/deployer-support.ts';
import type { Answer, ComputeServer } from './compute-server.ts';
import {
  archiveOf,
  builtFunction,
  codeOf,
  deployFunction,
  isRefusal,
  refused,
  startComputeServer,
} from './compute-server.ts';

const HELLO = `export default async ({ res }) => res.text('hello');`;

describe('Appwrite fidelity: deployments of functions', () => {
  let at: ComputeServer;
  let faults: FaultPlan;
  let code: Awaited<ReturnType<typeof codeOf>>;
  before(async () => {
    faults = createFaultPlan();
    at = await startComputeServer({ faultPlan: faults });
    code = await codeOf({ 'main.js': HELLO });
  });
  after(() => at.stop());

  const make = (functionId: string, settings: Record<string, unknown> = {}) =>
    at.sdk.functions.create({
      ...{ functionId, name: functionId, runtime: 'node-22' as never, entrypoint: 'main.js' },
      ...settings,
    });
  const form = (fields: Record<string, string>, bytes: Uint8Array | null, name = 'code.tar.gz') => {
    const data = new FormData();
    for (const [key, value] of Object.entries(fields)) data.set(key, value);
    if (bytes !== null) data.set('code', new File([Buffer.from(bytes)], name));
    return data;
  };
  const upload = (functionId: string, body: FormData, headers: Record<string, string> = {}): Promise<Answer> =>
    at.ask('POST', `/functions/${functionId}/deployments`, body, {
      ...{ 'x-appwrite-project': 'demo', 'x-appwrite-key': at.server.apiKey },
      ...headers,
    });

  it('35: an upload is answered 202 while it waits, and takes the entrypoint of the function', async () => {
    await make('one');
    const bytes = await archiveOf({ 'main.js': HELLO });
    const { status, body } = await upload('one', form({ activate: 'false' }, bytes));
    assert.equal(status, 202);
    assert.deepEqual(
      [body.status, body.type, body.resourceType, body.resourceId, body.entrypoint, body.activate],
      ['waiting', 'manual', 'functions', 'one', 'main.js', false],
    );
    assert.equal(body.sourceSize, bytes.length);
    const cli = await upload('one', form({ activate: 'false', entrypoint: 'other.js' }, bytes), {
      'x-sdk-language': 'cli',
    });
    assert.deepEqual([cli.body.type, cli.body.entrypoint], ['cli', 'other.js']);
  });

  it('36: activate is true, "true" or "1"; with "false" the function keeps what it has', async () => {
    const first = await deployFunction(at.sdk, 'two', HELLO);
    const bytes = await archiveOf({ 'main.js': HELLO });
    const idle = await upload('two', form({ activate: 'false' }, bytes));
    assert.equal((await builtFunction(at.sdk, 'two', String(idle.body.$id))).status, 'ready');
    assert.equal((await at.sdk.functions.get({ functionId: 'two' })).deploymentId, first);
    for (const activate of ['true', '1']) {
      const { body } = await upload('two', form({ activate }, bytes));
      assert.equal(body.activate, true);
      await eventually('the activation', async () => {
        const { deploymentId } = await at.sdk.functions.get({ functionId: 'two' });
        return deploymentId === body.$id ? deploymentId : null;
      });
    }
    isRefusal(await upload('two', form({}, bytes)), 400, 'general_argument_invalid');
    isRefusal(await upload('two', form({ activate: 'perhaps' }, bytes)), 400, 'general_argument_invalid');
  });

  it('37: an upload without entrypoint, without file, of another kind or too large is refused', async () => {
    await make('bare', { entrypoint: '' });
    const bytes = await archiveOf({ 'main.js': HELLO });
    isRefusal(await upload('bare', form({ activate: 'true' }, bytes)), 404, 'function_entrypoint_missing');
    const fields = { activate: 'true', entrypoint: 'main.js' };
    isRefusal(await upload('bare', form(fields, null)), 400, 'storage_file_empty');
    isRefusal(await upload('bare', form(fields, bytes, 'code.zip')), 400, 'storage_file_type_unsupported');
    const range = { 'content-range': `bytes 0-${bytes.length - 1}/30000001` };
    isRefusal(await upload('bare', form(fields, bytes), range), 400, 'storage_invalid_file_size');
    assert.equal((await at.sdk.functions.listDeployments({ functionId: 'bare' })).total, 0);
  });

  it('38: parts may come in any order and together; the build begins with the last', async () => {
    await make('parts');
    const bytes = await archiveOf({ 'main.js': HELLO, 'noise.bin': randomBytes(5000) });
    const size = Math.ceil(bytes.length / 4);
    const part = (index: number, id?: string) => {
      const start = index * size;
      const chunk = bytes.subarray(start, start + size);
      const range = { 'content-range': `bytes ${start}-${start + chunk.length - 1}/${bytes.length}` };
      return upload(
        'parts',
        form({ activate: 'true' }, chunk),
        id === undefined ? range : { ...range, 'x-appwrite-id': id },
      );
    };
    const first = await part(0);
    const id = String(first.body.$id);
    const [last, second] = await Promise.all([part(3, id), part(1, id), part(1, id)]);
    assert.deepEqual([first.status, last?.status, last?.body.$id, second?.body.$id], [202, 202, id, id]);
    assert.equal((await at.sdk.functions.getDeployment({ functionId: 'parts', deploymentId: id })).status, 'waiting');
    assert.equal((await part(2, id)).body.$id, id);
    const built = await builtFunction(at.sdk, 'parts', id);
    assert.deepEqual([built.status, built.sourceSize], ['ready', bytes.length]);
    const again = await part(2, id);
    assert.deepEqual([again.status, again.body.status, again.body.$id], [202, 'ready', id]);

    const beyond = { 'content-range': `bytes 0-${bytes.length - 1}/${bytes.length - 10}` };
    isRefusal(await upload('parts', form({ activate: 'true' }, bytes), beyond), 400, 'storage_invalid_content_range');
    const alone = await upload('parts', form({ activate: 'false' }, bytes), { 'x-appwrite-id': id });
    assert.equal(alone.status, 202);
    assert.notEqual(alone.body.$id, id);
    await make('strange');
    const range = { 'content-range': `bytes 0-${size - 1}/${bytes.length}`, 'x-appwrite-id': id };
    const chunk = bytes.subarray(0, size);
    isRefusal(await upload('strange', form({ activate: 'true' }, chunk), range), 404, 'deployment_not_found');
  });

  it('39: building can be seen before ready, and the sizes add up after it', async () => {
    await make('seen');
    const held = faults.hold('seen');
    const { $id } = await at.sdk.functions.createDeployment({ functionId: 'seen', code, activate: true });
    await held.reached;
    const during = await at.sdk.functions.getDeployment({ functionId: 'seen', deploymentId: $id });
    assert.equal(during.status, 'building');
    assert.equal((await at.sdk.functions.get({ functionId: 'seen' })).latestDeploymentStatus, 'building');
    held.release();
    const built = await builtFunction(at.sdk, 'seen', $id);
    assert.equal(built.totalSize, built.sourceSize + built.buildSize);
    assert.ok(built.buildSize > 0 && built.buildDuration > 0 && built.buildLogs !== '');
    const active = await eventually('the activation', async () => {
      const found = await at.sdk.functions.get({ functionId: 'seen' });
      return found.deploymentId === $id ? found : null;
    });
    assert.deepEqual(
      [active.deploymentCreatedAt, active.latestDeploymentId, active.latestDeploymentStatus],
      [built.$createdAt, $id, 'ready'],
    );
  });

  it('39: a duplicate is built anew, with the settings as they are now', async () => {
    const deploymentId = await deployFunction(at.sdk, 'twice', HELLO);
    await at.sdk.functions.update({ functionId: 'twice', name: 'Twice', commands: 'node --version' });
    const copy = await at.ask('POST', '/functions/twice/deployments/duplicate', { deploymentId });
    assert.deepEqual(
      [copy.status, copy.body.buildSize, copy.body.type, copy.body.status],
      [202, 0, 'manual', 'waiting'],
    );
    assert.notEqual(copy.body.$id, deploymentId);
    const built = await builtFunction(at.sdk, 'twice', String(copy.body.$id));
    assert.match(built.buildLogs, /v\d+\./);
    const unknown = at.sdk.functions.createDuplicateDeployment({ functionId: 'twice', deploymentId: 'nothing' });
    await refused(unknown, 404, 'deployment_not_found');
  });

  it('40: activating one that is not ready, or of another function, is refused', async () => {
    await make('slow');
    faults.neverEnd('slow');
    const { $id } = await at.sdk.functions.createDeployment({ functionId: 'slow', code, activate: true });
    const activate = (functionId: string) =>
      at.sdk.functions.updateFunctionDeployment({ functionId, deploymentId: $id });
    await refused(activate('slow'), 400, 'build_not_ready');
    await refused(activate('one'), 404, 'deployment_not_found');
    const canceled = await at.ask('PATCH', `/functions/slow/deployments/${$id}/status`, {});
    assert.deepEqual([canceled.status, canceled.body.status], [200, 'canceled']);
    assert.equal((await at.sdk.functions.getDeployment({ functionId: 'slow', deploymentId: $id })).status, 'canceled');
    await refused(activate('slow'), 400, 'build_not_ready');
  });

  it('40: a build that is over cannot be canceled', async () => {
    const cancel = (functionId: string, deploymentId: string) =>
      at.sdk.functions.updateDeploymentStatus({ functionId, deploymentId });
    const ready = await deployFunction(at.sdk, 'done', HELLO);
    await refused(cancel('done', ready), 400, 'build_already_completed');
    faults.fail('done', 'npm ERR! on purpose');
    const { $id } = await at.sdk.functions.createDeployment({ functionId: 'done', code, activate: true });
    const failed = await builtFunction(at.sdk, 'done', $id);
    assert.equal(failed.status, 'failed');
    assert.match(failed.buildLogs, /on purpose/);
    await refused(cancel('done', $id), 400, 'build_already_completed');
    assert.equal((await at.sdk.functions.get({ functionId: 'done' })).deploymentId, ready);
  });

  it('41: deleting the active deployment leaves the function without one', async () => {
    const deploymentId = await deployFunction(at.sdk, 'gone', HELLO);
    const answer = await at.ask('DELETE', `/functions/gone/deployments/${deploymentId}`, {});
    assert.equal(answer.status, 204);
    const after = await at.sdk.functions.get({ functionId: 'gone' });
    assert.deepEqual([after.deploymentId, after.latestDeploymentId], ['', '']);
    await refused(at.sdk.functions.getDeployment({ functionId: 'gone', deploymentId }), 404, 'deployment_not_found');
  });

  it('42: deployments are filtered and cut to fields, not searched', async () => {
    await deployFunction(at.sdk, 'many', HELLO);
    const idle = await at.sdk.functions.createDeployment({ functionId: 'many', code, activate: false });
    await builtFunction(at.sdk, 'many', idle.$id);
    const list = (...queries: string[]) => at.sdk.functions.listDeployments({ functionId: 'many', queries });
    assert.equal((await list(Query.equal('status', 'ready'))).total, 2);
    assert.equal((await list(Query.equal('status', 'failed'))).total, 0);
    assert.deepEqual(
      (await list(Query.equal('activate', false))).deployments.map(({ $id }) => $id),
      [idle.$id],
    );
    assert.equal((await list(Query.equal('type', 'cli'))).total, 0);
    assert.equal((await list(Query.greaterThan('sourceSize', 1), Query.greaterThan('buildSize', 1_000_000))).total, 0);
    const [some] = (await list(Query.select(['status']))).deployments;
    assert.equal(some?.status, 'ready');
    assert.ok(some !== undefined && !('sourceSize' in some) && !('buildLogs' in some));
    const search = at.sdk.functions.listDeployments({ functionId: 'many', search: 'x' });
    await refused(search, 400, 'general_query_invalid');
    await refused(list(Query.equal('buildLogs', 'x')), 400, 'general_query_invalid');
  });
});
