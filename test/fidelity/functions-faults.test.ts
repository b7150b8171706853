import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { AppwriteException } from 'node-appwrite';
import type { FaultPlan } from '../../src/sandbox/appwrite/faults.ts';
import { createFaultPlan } from '../../src/sandbox/appwrite/faults.ts';
import type { ComputeServer } from './compute-server.ts';
import { builtFunction, codeOf, refused, startComputeServer } from './compute-server.ts';

describe('Appwrite stand-in: faults on purpose', () => {
  let at: ComputeServer;
  let faults: FaultPlan;
  before(async () => {
    faults = createFaultPlan();
    at = await startComputeServer({ faultPlan: faults });
    await make('fn');
  });
  afterEach(() => faults.clear());
  after(() => at.stop());

  const make = (functionId: string) =>
    at.sdk.functions.create({ functionId, name: functionId, runtime: 'node-22' as never, entrypoint: 'main.js' });
  const get = () => at.sdk.functions.get({ functionId: 'fn' });

  it('answers the calls that are named, and no other', async () => {
    faults.answer({ method: 'GET', path: '/v1/functions/*', nth: 2, times: 2, status: 502 });
    assert.equal((await get()).$id, 'fn');
    for (const _ of [1, 2]) {
      await assert.rejects(
        get(),
        (error) => error instanceof AppwriteException && error.code === 502 && error.type === '',
      );
    }
    assert.equal((await get()).$id, 'fn');
    assert.equal((await at.sdk.functions.list()).total, 1);
  });

  it('speaks as Appwrite does for its own errors, with the wait that it asks for', async () => {
    faults.answer({ method: 'GET', path: '/v1/functions/fn', status: 429, retryAfterSeconds: 5 });
    const answer = await at.ask('GET', '/functions/fn');
    assert.deepEqual([answer.status, answer.body.type, answer.body.code], [429, 'general_rate_limit_exceeded', 429]);
    assert.equal(answer.headers.get('retry-after'), '5');
    faults.answer({ method: 'GET', path: '/v1/functions/fn', status: 500 });
    await refused(get(), 500, 'general_unknown');
  });

  it('keeps a refused call from taking effect, unless the fault comes after it', async () => {
    faults.answer({ method: 'POST', path: '/v1/functions', status: 500 });
    await refused(make('lost'), 500, 'general_unknown');
    await refused(at.sdk.functions.get({ functionId: 'lost' }), 404, 'function_not_found');
    faults.answer({ method: 'POST', path: '/v1/functions', status: 502, afterEffect: true });
    await assert.rejects(make('made'), { code: 502 });
    assert.equal((await at.sdk.functions.get({ functionId: 'made' })).$id, 'made');
    faults.answer({ method: 'POST', path: '/v1/functions', status: 'cut', afterEffect: true });
    await assert.rejects(make('silent'), (error) => !(error instanceof AppwriteException));
    assert.equal((await at.sdk.functions.get({ functionId: 'silent' })).$id, 'silent');
  });

  it('cuts the connection in the middle of one part of an upload', async () => {
    const code = await codeOf({ 'main.js': 'export default () => 1;', 'noise.bin': randomBytes(12_000_000) });
    faults.cutBody({ method: 'POST', path: '/v1/functions/*/deployments', nth: 2 });
    const upload = () => at.sdk.functions.createDeployment({ functionId: 'fn', code, activate: false });
    await assert.rejects(upload(), (error) => !(error instanceof AppwriteException));
    const { deployments } = await at.sdk.functions.listDeployments({ functionId: 'fn' });
    assert.deepEqual(
      deployments.map(({ status }) => status),
      ['waiting'],
    );
    const { $id } = await upload();
    assert.equal((await builtFunction(at.sdk, 'fn', $id)).status, 'ready');
  });

  it('makes one build fail, hang or wait, and leaves the next alone', async () => {
    const code = await codeOf({ 'main.js': 'export default () => 1;' });
    const upload = async () => {
      const { $id } = await at.sdk.functions.createDeployment({ functionId: 'fn', code, activate: false });
      return $id;
    };
    faults.fail('fn', 'out of memory');
    const failed = await builtFunction(at.sdk, 'fn', await upload());
    assert.deepEqual([failed.status, failed.buildLogs.includes('out of memory')], ['failed', true]);
    const held = faults.hold('fn');
    const waiting = await upload();
    await held.reached;
    const after = await builtFunction(at.sdk, 'fn', await upload());
    assert.equal(after.status, 'ready');
    const during = await at.sdk.functions.getDeployment({ functionId: 'fn', deploymentId: waiting });
    assert.equal(during.status, 'building');
    held.release();
    assert.equal((await builtFunction(at.sdk, 'fn', waiting)).status, 'ready');
    faults.neverEnd('fn');
    const endless = await upload();
    await at.sdk.functions.updateDeploymentStatus({ functionId: 'fn', deploymentId: endless });
    assert.equal((await builtFunction(at.sdk, 'fn', endless)).status, 'canceled');
  });
});
