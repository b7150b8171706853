import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packFolder } from '../../src/adapters/appwrite/pack.ts';
import { eventually, functionNeed, placeAt, siteNeed } from '../contracts/deployer-support.ts';
import { type AppwriteRig, failsWith, signal, startRig } from './appwrite-rig.ts';

describe('Appwrite faults: rollout', () => {
  let rig: AppwriteRig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(() => rig.close());

  const deploymentsOf = async (siteId: string) => (await rig.sdk.sites.listDeployments({ siteId })).deployments;

  for (const [what, fault] of [
    ['after it took effect', { status: 502, afterEffect: true }],
    ['before it took effect', { status: 502 }],
    ['by a connection that broke', { status: 'cut', afterEffect: true }],
  ] as const) {
    it(`loses the answer to every kind of call, ${what}, and has one deployment in the end`, async () => {
      const change = { id: 'web', variables: [{ key: 'MODE', value: 'a' }], domains: ['web.example.org'] };
      for (const [method, path] of [
        ['POST', '/v1/sites'],
        ['POST', '/v1/sites/web/variables'],
        ['POST', '/v1/sites/web/deployments'],
        ['POST', '/v1/proxy/rules/site'],
      ] as const) {
        rig.faults.answer({ method, path, ...fault });
      }
      const done = await rig.deploySite(change);
      assert.equal(done.status, 'ready');
      assert.deepEqual(
        (await deploymentsOf('web')).map(({ $id }) => $id),
        [done.deploymentId],
      );
      rig.faults.answer({ method: 'PUT', path: '/v1/sites/web', ...fault });
      rig.faults.answer({ method: 'PUT', path: '/v1/sites/web/variables/MODE', ...fault });
      const next = await rig.deploySite({ ...change, name: 'Other', variables: [{ key: 'MODE', value: 'b' }] });
      assert.equal((await rig.sdk.sites.get({ siteId: 'web' })).name, 'Other');
      const { variables } = await rig.sdk.sites.listVariables({ siteId: 'web' });
      assert.deepEqual(
        variables.filter(({ key }) => key === 'MODE').map(({ value }) => value),
        ['b'],
      );
      assert.equal((await deploymentsOf('web')).length, 2);
      rig.faults.answer({ method: 'PATCH', path: '/v1/sites/web/deployment', ...fault });
      await rig.deployer.rollBack(next, { destructive: false }, signal);
      assert.equal((await rig.sdk.sites.get({ siteId: 'web' })).deploymentId, done.deploymentId);
      assert.equal(rig.unanswered.length, 7, rig.unanswered.join());
    });
  }

  it('takes a half upload away that a connection cut in its third part, and uploads again', async () => {
    await writeFile(join(rig.source.dir, 'big.bin'), randomBytes(28_000_000));
    const archive = await packFolder(rig.source.dir);
    // Six parts: the server takes no more than 30 MB.
    assert.equal(Math.ceil(archive.length / (5 * 1024 * 1024)), 6);
    rig.faults.cutBody({ method: 'POST', path: '/v1/sites/web/deployments', nth: 3 });
    const done = await rig.deploySite({ id: 'web' });
    assert.deepEqual(rig.unanswered, ['uploading site web']);
    const [deployment, ...others] = await deploymentsOf('web');
    assert.deepEqual(others, []);
    assert.deepEqual(
      [deployment?.$id, deployment?.status, deployment?.sourceSize],
      [done.deploymentId, 'ready', archive.length],
    );
  });

  it('finds the half upload of a program that ended, and uploads again', async () => {
    await writeFile(join(rig.source.dir, 'big.bin'), randomBytes(12 * 1024 * 1024));
    rig.faults.cutBody({ method: 'POST', path: '/v1/sites/web/deployments', nth: 2, times: 50 });
    const abort = new AbortController();
    const cut = rig.deployer
      .deploySite(siteNeed(), placeAt('web'), rig.source.dir, [], abort.signal)
      .catch((error: unknown) => error);
    await eventually('the half upload', async () => (await deploymentsOf('web').catch(() => [])).length || null);
    abort.abort();
    await cut;
    rig.faults.clear();
    const done = await rig.deployer.deploySite(siteNeed(), placeAt('web'), rig.source.dir, [], signal);
    assert.deepEqual(
      (await deploymentsOf('web')).map(({ $id, status }) => [$id, status]),
      [[done.deploymentId, 'ready']],
    );
  });

  it('gives a failed build its log, and builds again when it is tried again', async () => {
    rig.faults.fail('api', 'registry is down');
    const known = await rig.deployer.knownDeployments('function', 'api', signal);
    const attempt = () =>
      rig.deployer.deployFunction(functionNeed(), placeAt('api'), rig.source.dir, known, {}, signal);
    await assert.rejects(
      attempt(),
      failsWith('deployment_failed', /build of function "api".*failed[\s\S]*registry is down/),
    );
    const done = await attempt();
    assert.equal(done.status, 'ready');
    assert.equal((await rig.sdk.functions.get({ functionId: 'api' })).deploymentId, done.deploymentId);
  });

  it('keeps what is live when a later build fails', async () => {
    const first = await rig.deploySite();
    await writeFile(join(rig.source.dir, 'index.html'), 'b');
    rig.faults.fail('web', 'no');
    await assert.rejects(rig.deploySite(), failsWith('deployment_failed', /no/));
    assert.equal((await rig.sdk.sites.get({ siteId: 'web' })).deploymentId, first.deploymentId);
  });

  it('stops waiting for a build that never ends, with its log so far, and goes on with it later', async () => {
    const { reached, release } = rig.faults.hold('api');
    const impatient = rig.connect({ buildDeadlineMs: 100 });
    const attempt = (deployer = rig.deployer) =>
      deployer.deployFunction(functionNeed(), placeAt('api'), rig.source.dir, [], {}, signal);
    await assert.rejects(attempt(impatient), failsWith('timeout', /build of function "api".*resume the run.*[Ll]og/s));
    await reached;
    release();
    const done = await attempt();
    assert.deepEqual(await rig.deployer.knownDeployments('function', 'api', signal), [done.deploymentId]);
  });

  it('says that a build was canceled', async () => {
    const { reached } = rig.faults.hold('api');
    const attempt = rig.deployFunction().catch((error: unknown) => error);
    await reached;
    const [deploymentId = ''] = await rig.deployer.knownDeployments('function', 'api', signal);
    await rig.sdk.functions.updateDeploymentStatus({ functionId: 'api', deploymentId });
    failsWith('deployment_failed', /build of function "api" on Appwrite was canceled/)(await attempt);
  });

  it('does not take somebody else’s deployment for its own', async () => {
    const first = await rig.deploySite();
    const code = new File([new Uint8Array(await packFolder(rig.source.dir))], 'code.tar.gz');
    const theirs = await rig.sdk.sites.createDeployment({ siteId: 'web', code, activate: true });
    await eventually('their deployment', async () => {
      const { deploymentId } = await rig.sdk.sites.get({ siteId: 'web' });
      return deploymentId === theirs.$id ? true : null;
    });
    const again = await rig.deploySite();
    assert.ok(again.deploymentId !== first.deploymentId && again.deploymentId !== theirs.$id);
    assert.equal(again.previousDeploymentId, theirs.$id);
  });

  it('leaves a later deployment alone when an earlier one is undone', async () => {
    await rig.deploySite();
    await writeFile(join(rig.source.dir, 'index.html'), 'b');
    const second = await rig.deploySite();
    await writeFile(join(rig.source.dir, 'index.html'), 'c');
    const third = await rig.deploySite();
    const { done, kept } = await rig.deployer.rollBack(second, { destructive: true }, signal);
    assert.deepEqual(done, []);
    assert.match(kept.join(), /later deployment/);
    await rig.sdk.sites.deleteDeployment({ siteId: 'web', deploymentId: second.deploymentId ?? '' });
    const plan = await rig.deployer.previewRollback([third], signal);
    assert.deepEqual(plan.changes, []);
    assert.match(plan.irreversible.join(), /does not exist any more/);
  });
});
