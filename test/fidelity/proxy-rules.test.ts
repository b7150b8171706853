import assert from 'node:assert/strict';
import { Query } from 'node-appwrite';
import { askDomain, eventually } from '../contracts/deployer-support.ts';
import type { ComputeServer } from './compute-server.ts';
import { isRefusal, PROJECT, refused, startComputeServer } from './compute-server.ts';

const FIELDS = [
  ...['$id', '$createdAt', '$updatedAt', 'domain', 'type', 'trigger', 'redirectUrl', 'redirectStatusCode'],
  ...[
    'deploymentId',
    'deploymentResourceType',
    'deploymentResourceId',
    'deploymentVcsProviderBranch',
    'status',
    'logs',
  ],
  'renewAt',
].sort();
const OTHER = { 'x-appwrite-project': 'other', 'x-appwrite-key': 'other-key' };

describe('Appwrite fidelity: domains', () => {
  let at: ComputeServer;
  const withDns = new Set<string>();
  before(async () => {
    at = await startComputeServer({
      hasDns: (domain) => withDns.has(domain),
      otherProjects: [{ projectId: 'other', apiKey: 'other-key' }],
    });
    await at.sdk.sites.create({
      ...{ siteId: 'web', name: 'Web', framework: 'other' as never, buildRuntime: 'node-22' as never },
    });
    await at.sdk.functions.create({ functionId: 'api', name: 'API', runtime: 'node-22' as never });
  });
  after(() => at.stop());

  const redirect = (domain: string, statusCode: unknown, change = {}) => ({
    ...{ domain, url: 'https://example.org/new', statusCode, resourceId: 'web', resourceType: 'site', ...change },
  });

  it('49: every type of rule is made 201, by hand, with all fields of its model', async () => {
    const bodies: Record<string, Record<string, unknown>> = {
      site: { domain: 'web.sites.localhost', siteId: 'web' },
      function: { domain: 'api.functions.localhost', functionId: 'api' },
      api: { domain: 'api.example.org' },
      redirect: redirect('old.example.org', 301),
    };
    for (const [type, body] of Object.entries(bodies)) {
      const made = await at.ask('POST', `/proxy/rules/${type}`, body);
      assert.equal(made.status, 201, JSON.stringify(made.body));
      assert.deepEqual(Object.keys(made.body).sort(), FIELDS, type);
      const wanted = type === 'site' || type === 'function' ? 'deployment' : type;
      assert.deepEqual([made.body.trigger, made.body.type, made.body.domain], ['manual', wanted, body.domain]);
    }
  });

  it('49: a domain stands once, in every project of the server', async () => {
    const body = { domain: 'web.sites.localhost', siteId: 'web' };
    isRefusal(await at.ask('POST', '/proxy/rules/site', body), 409, 'rule_already_exists');
    isRefusal(
      await at.ask('POST', '/proxy/rules/site', { ...body, domain: 'WEB.Sites.localhost' }),
      409,
      'rule_already_exists',
    );
    const taken = { domain: 'api.example.org' };
    isRefusal(await at.ask('POST', '/proxy/rules/api', taken), 409, 'rule_already_exists');
    isRefusal(
      await at.ask('POST', '/proxy/rules/api', taken, { ...OTHER, 'content-type': 'application/json' }),
      409,
      'rule_already_exists',
    );
  });

  it('50: a domain is a name, not an address, and keeps away from the names of the server', async () => {
    const bad = [
      ...['https://example.org', 'example.org/path', 'example', 'exa mple.org', ''],
      ...['a.b.sites.localhost', 'commit-1.sites.localhost', 'branch-main.sites.localhost', 'a.b.functions.localhost'],
      ...['sites.localhost', 'functions.localhost', 'localhost'],
    ];
    for (const domain of bad) {
      isRefusal(await at.ask('POST', '/proxy/rules/site', { domain, siteId: 'web' }), 400, 'general_argument_invalid');
    }
    for (const domain of ['commit-1.example.org', 'branch-main.example.org', 'deep.er.example.org']) {
      assert.equal((await at.ask('POST', '/proxy/rules/site', { domain, siteId: 'web' })).status, 201, domain);
    }
  });

  it('51: rules need the thing that they lead to, and redirects one of four codes', async () => {
    const { proxy } = at.sdk;
    await refused(proxy.createSiteRule({ domain: 'x.sites.localhost', siteId: 'no' }), 404, 'rule_resource_not_found');
    await refused(
      proxy.createFunctionRule({ domain: 'x.sites.localhost', functionId: 'no' }),
      404,
      'rule_resource_not_found',
    );
    const missing = redirect('r0.localhost', 301, { resourceId: 'no' });
    isRefusal(await at.ask('POST', '/proxy/rules/redirect', missing), 404, 'rule_resource_not_found');
    for (const code of [300, 303, 200, 'soon']) {
      isRefusal(
        await at.ask('POST', '/proxy/rules/redirect', redirect('r1.localhost', code)),
        400,
        'general_argument_invalid',
      );
    }
    for (const code of [301, 302, 307, '308']) {
      const { status, body } = await at.ask('POST', '/proxy/rules/redirect', redirect(`r${code}.localhost`, code));
      assert.deepEqual(
        [status, body.redirectStatusCode, body.redirectUrl],
        [201, Number(code), 'https://example.org/new'],
      );
    }
    const answer = await askDomain(`http://r307.localhost:${new URL(at.server.url).port}/any?a=b`);
    assert.deepEqual([answer.status, answer.headers.location], [307, 'https://example.org/new?a=b']);
  });

  it('52: without DNS a domain stays unverified, and asking again is refused', async () => {
    const made = await at.ask('POST', '/proxy/rules/site', { domain: 'www.example.org', siteId: 'web' });
    assert.deepEqual([made.status, made.body.status], [201, 'unverified']);
    assert.match(String(made.body.logs), /DNS/);
    const ruleId = String(made.body.$id);
    isRefusal(await at.ask('PATCH', `/proxy/rules/${ruleId}/status`, {}), 400, 'rule_verification_failed');
    const after = await at.sdk.proxy.getRule({ ruleId });
    assert.deepEqual([after.status, after.logs], ['unverified', made.body.logs]);
    assert.ok(after.$updatedAt > String(made.body.$updatedAt));
    const visit = () => askDomain(`http://www.example.org:${new URL(at.server.url).port}/`);
    assert.equal((await visit()).status, 404);

    withDns.add('www.example.org');
    const verifying = await at.sdk.proxy.updateRuleStatus({ ruleId });
    assert.deepEqual([verifying.status, verifying.logs], ['verifying', '']);
    await eventually('the certificate', async () => {
      const { status } = await at.sdk.proxy.getRule({ ruleId });
      return status === 'verified' ? status : null;
    });
    const again = await at.sdk.proxy.updateRuleStatus({ ruleId });
    assert.equal(again.status, 'verified');
    assert.match((await visit()).text, /no deployment is active/);
  });

  it('52: a verified or verifying domain is left as it is, and one of another project is not found', async () => {
    withDns.add('early.example.org');
    const early = await at.sdk.proxy.createSiteRule({ domain: 'early.example.org', siteId: 'web' });
    assert.equal(early.status, 'verifying');
    assert.deepEqual((await at.ask('PATCH', `/proxy/rules/${early.$id}/status`, {})).status, 200);
    const own = await at.sdk.proxy.createSiteRule({ domain: 'own.localhost', siteId: 'web' });
    assert.equal(own.status, 'verified');
    assert.deepEqual(await at.sdk.proxy.updateRuleStatus({ ruleId: own.$id }), own);
    isRefusal(await at.ask('PATCH', `/proxy/rules/${own.$id}/status`, {}, OTHER), 404, 'rule_not_found');
    isRefusal(await at.ask('GET', `/proxy/rules/${own.$id}`, undefined, OTHER), 404, 'rule_not_found');
    isRefusal(await at.ask('PATCH', '/proxy/rules/nothing/status', {}), 404, 'rule_not_found');
  });

  it('53: rules are filtered by what they lead to only', async () => {
    const list = (...queries: string[]) => at.sdk.proxy.listRules({ queries });
    assert.equal((await list(Query.equal('domain', 'own.localhost'))).total, 1);
    assert.equal((await list(Query.equal('type', 'api'))).total, 1);
    assert.equal((await list(Query.equal('type', 'redirect'), Query.equal('deploymentResourceId', 'web'))).total, 5);
    const ofFunction = [Query.equal('deploymentResourceType', 'function'), Query.equal('trigger', 'manual')];
    assert.ok((await list(...ofFunction)).total >= 1);
    await refused(list(Query.equal('status', 'verified')), 400, 'general_query_invalid');
    await refused(list(Query.equal('redirectUrl', 'x')), 400, 'general_query_invalid');
    for (const attribute of ['deploymentId', 'deploymentVcsProviderBranch']) {
      assert.ok((await list(Query.equal(attribute, ''))).total > 0);
    }
  });

  it('serves the API at a domain of its own', async () => {
    const rule = await at.sdk.proxy.createAPIRule({ domain: 'backend.localhost' });
    assert.equal(rule.status, 'verified');
    const port = new URL(at.server.url).port;
    const answer = await askDomain(`http://backend.localhost:${port}/v1/functions/runtimes`, {
      headers: { 'x-appwrite-project': PROJECT },
    });
    assert.equal(answer.status, 200);
    await at.sdk.proxy.deleteRule({ ruleId: rule.$id });
    await refused(at.sdk.proxy.getRule({ ruleId: rule.$id }), 404, 'rule_not_found');
  });
});
