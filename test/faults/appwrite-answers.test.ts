import assert from 'node:assert/strict';
import { needsOf, siteNeed } from '../contracts/deployer-support.ts';
import { type AppwriteRig, failsWith, signal, startRig } from './appwrite-rig.ts';

const needs = needsOf({ databaseId: 'main', sites: [siteNeed()] });

describe('Appwrite faults: answers', () => {
  let rig: AppwriteRig;
  before(async () => {
    rig = await startRig({ keys: [{ secret: 'narrow', scopes: ['databases.read', 'sites.read'] }] });
  });
  afterEach(() => rig.faults.clear());
  after(() => rig.close());

  const read = () => rig.deployer.knownDeployments('site', 'web', signal);
  const sites = { method: 'GET', path: '/v1/sites/web/deployments' };

  it('names the setting for a key that the server does not know', async () => {
    const stranger = rig.connect({ apiKey: 'wrong' });
    await assert.rejects(stranger.knownDeployments('site', 'web', signal), failsWith('auth', /APPWRITE_API_KEY/));
  });

  it('names the scope that the key lacks, and all that it needs', async () => {
    const narrow = rig.connect({ apiKey: 'narrow' });
    const request = { kind: 'site', need: siteNeed() } as const;
    await assert.rejects(
      narrow.place(request, 'tests', signal),
      failsWith('auth', /sites\.write.*It needs: .*rows\.read/),
    );
    assert.equal((await narrow.preview(needs, 'Main', 'tests', signal)).at(-1)?.kind, 'deployment');
  });

  it('takes a refusal by whatever stands before the server for a matter of the key', async () => {
    rig.faults.answer({ ...sites, status: 403 });
    await assert.rejects(read(), failsWith('auth', /APPWRITE_API_KEY/));
  });

  it('names the project that does not exist', async () => {
    const elsewhere = rig.connect({ projectId: 'other' });
    await assert.rejects(elsewhere.knownDeployments('site', 'web', signal), failsWith('configuration', /"other"/));
  });

  it('waits out a limit of calls, a server error and a broken connection', async () => {
    for (const status of [429, 500, 502, 'cut'] as const) {
      rig.faults.answer({ ...sites, status, times: 2 });
      assert.deepEqual(await read(), [], String(status));
    }
  });

  it('says so when it does not pass', async () => {
    const lasting = async (status: 429 | 500 | 502 | 'cut') => {
      rig.faults.clear();
      rig.faults.answer({ ...sites, status, times: 3 });
      await read();
    };
    await assert.rejects(lasting(429), failsWith('rate_limited', /limits the rate.*[Rr]esume the run/));
    await assert.rejects(lasting(500), failsWith('server', /500/));
    await assert.rejects(lasting(502), failsWith('server', /502/));
    await assert.rejects(lasting('cut'), failsWith('transport', /cannot be reached/));
  });

  it('does a change again that a limit of calls has turned away', async () => {
    rig.faults.answer({ method: 'POST', path: '/v1/sites', status: 429 });
    const place = await rig.deployer.place({ kind: 'site', need: siteNeed({ id: 'late' }) }, 'tests', signal);
    assert.equal((await rig.sdk.sites.get({ siteId: place.id })).$id, 'late');
  });

  it('looks again when somebody took the id between the look and the creation', async () => {
    rig.faults.answer({
      ...{ method: 'POST', path: '/v1/sites', status: 409, afterEffect: true },
      body: '{"message":"exists","code":409,"type":"site_already_exists","version":"1.9.5"}',
    });
    // It was ours after all: the name says so.
    const place = await rig.deployer.place({ kind: 'site', need: siteNeed({ id: 'raced' }) }, 'tests', signal);
    assert.equal(place.id, 'raced');
    assert.equal((await rig.sdk.sites.list({ search: 'raced' })).total, 1);
  });

  it('lists what there is when the plan names what there is not', async () => {
    const refused = (work: Promise<unknown>, text: RegExp) =>
      assert.rejects(work, failsWith('deployment_failed', text));
    await refused(rig.deployFunction({ id: 'fn', runtime: 'cobol-3' }), /no runtime "cobol-3".*node-22/);
    await refused(
      rig.deployFunction({ id: 'fn', specification: 's-99vcpu' }),
      /no build specification "s-99vcpu".*s-1vcpu-512mb/,
    );
    await refused(rig.deploySite({ id: 'st', framework: 'gopher' }), /no framework "gopher".*other/);
    await refused(
      rig.deploySite({ id: 'st', adapter: 'ssr' }),
      /no adapter of framework "other" "ssr".*It has: static/,
    );
  });
});
