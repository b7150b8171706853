import assert from 'node:assert/strict';
import { placeAt, siteNeed } from '../contracts/deployer-support.ts';
import { type AppwriteRig, signal, startRig } from './appwrite-rig.ts';

describe('Appwrite faults: domains', () => {
  let rig: AppwriteRig;
  let withDns: Set<string>;
  beforeEach(async () => {
    withDns = new Set();
    rig = await startRig({
      hasDns: (domain) => withDns.has(domain),
      otherProjects: [{ projectId: 'neighbour', apiKey: 'neighbour-key' }],
    });
  });
  afterEach(() => rig.close());

  const rules = async () => (await rig.sdk.proxy.listRules()).rules.filter(({ trigger }) => trigger === 'manual');

  it('goes on without a domain that does not verify, and says which record is missing', async () => {
    const done = await rig.deploySite({ domains: ['www.example.org'] });
    assert.equal(done.status, 'ready');
    const [state] = done.domains;
    assert.equal(state?.state, 'unverified');
    assert.match(
      state?.remedy ?? '',
      /CNAME record for www\.example\.org: ask your Appwrite administrator.*Appwrite says: /,
    );
    assert.ok(done.changes.some(({ id }) => id === 'web/www.example.org'));
    const again = await rig.deploySite({ domains: ['www.example.org'] });
    assert.deepEqual([again.changes, again.domains], [[], done.domains]);
    const named = rig.connect({ domainTarget: 'edge.example.net' });
    const known = await named.knownDeployments('site', 'web', signal);
    const need = siteNeed({ domains: ['www.example.org'] });
    const { domains } = await named.deploySite(need, placeAt('web'), rig.source.dir, known, signal);
    assert.match(domains[0]?.remedy ?? '', /www\.example\.org CNAME edge\.example\.net/);
  });

  it('has the server look again once the record is there', async () => {
    await rig.deploySite({ domains: ['www.example.org'] });
    withDns.add('www.example.org');
    const { domains } = await rig.deploySite({ domains: ['www.example.org'] });
    assert.deepEqual(
      domains.map(({ state }) => state),
      ['verifying'],
    );
    assert.match(domains[0]?.remedy ?? '', /certificate/);
  });

  it('names whose a domain is that it cannot have', async () => {
    await rig.deployFunction({ id: 'api', domains: ['api.example.org'] });
    const sameProject = await rig.deploySite({ domains: ['API.example.org'] });
    assert.match(sameProject.domains[0]?.remedy ?? '', /belongs to function "api" of this project/);
    const neighbour = rig.connect({
      projectId: 'neighbour',
      apiKey: 'neighbour-key',
      functionsDomain: '',
      sitesDomain: '',
    });
    const need = siteNeed({ domains: ['api.example.org'] });
    const place = await neighbour.place({ kind: 'site', need }, 'tests', signal);
    const theirs = await neighbour.deploySite(need, place, rig.source.dir, [], signal);
    assert.equal(theirs.status, 'ready');
    assert.match(theirs.domains[0]?.remedy ?? '', /belongs to another project on this Appwrite server/);
    assert.ok(theirs.changes.every(({ kind }) => kind !== 'domain'));
  });

  it('says what is wrong with a domain that the server does not take', async () => {
    const { status, domains } = await rig.deploySite({ domains: ['commit-a.sites.localhost'] });
    assert.equal(status, 'ready');
    assert.match(domains[0]?.remedy ?? '', /does not take commit-a\.sites\.localhost: .*plan/);
  });

  it('is verified at once under the server’s own domain', async () => {
    const { domains } = await rig.deploySite({ domains: ['shop.sites.localhost'] });
    assert.deepEqual(domains, [{ domain: 'shop.sites.localhost', state: 'verified', remedy: '' }]);
    assert.deepEqual((await rules()).map(({ domain }) => domain).sort(), [
      'shop.sites.localhost',
      'web.sites.localhost',
    ]);
  });
});
