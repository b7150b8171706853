import assert from 'node:assert/strict';
import { Query } from 'node-appwrite';
import type { FaultPlan } from '../../src/sandbox/appwrite/faults.ts';
import { createFaultPlan } from '../../src/sandbox/appwrite/faults.ts';
import { askDomain, eventually } from '../contracts/deployer-support.ts';
import type { ComputeServer } from './compute-server.ts';
import { builtSite, codeOf, isRefusal, refused, startComputeServer } from './compute-server.ts';

const SERVER = `
const { createServer } = require('node:http');
createServer(async (request, response) => {
  if (request.url === '/hang') return;
  if (request.url === '/exit') process.exit(3);
  let body = '';
  for await (const chunk of request) body += chunk;
  response.setHeader('x-rendered-by', String(process.pid));
  response.end(request.method + ' ' + request.url + ' ' + request.headers.host + ' ' + process.env.MODE + ' ' + body);
}).listen(process.env.PORT, process.env.HOST);
`;

describe('Appwrite fidelity: sites', () => {
  let at: ComputeServer;
  let faults: FaultPlan;
  before(async () => {
    faults = createFaultPlan();
    at = await startComputeServer({ faultPlan: faults });
  });
  after(() => at.stop());

  const make = (siteId: string, settings: Record<string, unknown> = {}) =>
    at.sdk.sites.create({
      ...{ siteId, name: siteId, framework: 'other' as never, buildRuntime: 'node-22' as never },
      ...settings,
    });
  const upload = async (siteId: string, files: Record<string, string>, activate = true) => {
    const { $id } = await at.sdk.sites.createDeployment({ siteId, code: await codeOf(files), activate });
    return builtSite(at.sdk, siteId, $id);
  };
  const active = (siteId: string, deploymentId: string) =>
    eventually('the activation', async () => {
      const site = await at.sdk.sites.get({ siteId });
      return site.deploymentId === deploymentId ? site : null;
    });
  const previews = async (siteId: string) => {
    const { rules } = await at.sdk.proxy.listRules({
      queries: [
        ...[Query.equal('trigger', 'deployment'), Query.equal('type', 'deployment')],
        ...[Query.equal('deploymentResourceType', 'site'), Query.equal('deploymentResourceId', siteId)],
      ],
    });
    return rules;
  };
  const visit = (domain: string, path = '/', init = {}) =>
    askDomain(`http://${domain}:${new URL(at.server.url).port}${path}`, init);

  it('45: a new site has the defaults of the server', async () => {
    const body = { siteId: 'plain', name: 'Plain', framework: 'other', buildRuntime: 'node-22' };
    const made = await at.ask('POST', '/sites', body);
    assert.equal(made.status, 201);
    const { adapter, timeout, live, deploymentId, fallbackFile, vars, enabled, logging } = made.body;
    assert.deepEqual(
      { adapter, timeout, live, deploymentId, fallbackFile, vars, enabled, logging },
      {
        ...{ adapter: '', timeout: 30, live: true, deploymentId: '', fallbackFile: '', vars: [] },
        enabled: true,
        logging: true,
      },
    );
    isRefusal(await at.ask('POST', '/sites', body), 409, 'site_already_exists');
  });

  it('45: adapters and runtimes that the framework does not offer are refused', async () => {
    const good = { siteId: 'bad', name: 'Bad', framework: 'nextjs', buildRuntime: 'node-22' };
    const bad = [
      { framework: 'react', adapter: 'ssr' },
      { framework: 'other', adapter: 'ssr' },
      { adapter: 'magic' },
      { framework: 'cobol' },
      { buildRuntime: 'python-3.12' },
      { buildRuntime: 'flutter-3.35' },
      { framework: 'flutter' },
      { timeout: 31 },
    ];
    for (const change of bad)
      isRefusal(await at.ask('POST', '/sites', { ...good, ...change }), 400, 'general_argument_invalid');
    await refused(at.sdk.sites.get({ siteId: 'bad' }), 404, 'site_not_found');
    await make('next', { framework: 'nextjs', adapter: 'ssr' });
    await make('app', { framework: 'flutter', buildRuntime: 'flutter-3.35' });
  });

  it('45: frameworks are listed with what each of their adapters does', async () => {
    const { frameworks } = await at.sdk.sites.listFrameworks();
    const adapters = (key: string) =>
      frameworks.find((one) => one.key === key)?.adapters.map((one) => [one.key, one.outputDirectory]);
    assert.deepEqual(adapters('nuxt'), [
      ['static', './output/public'],
      ['ssr', './.output'],
    ]);
    assert.deepEqual(adapters('react'), [['static', './dist']]);
    assert.deepEqual(adapters('other'), [['static', './']]);
  });

  it('45: variables, foreign deployments and cancelling are as for functions', async () => {
    await make('first');
    await make('second');
    const secret = await at.sdk.sites.createVariable({ siteId: 'first', variableId: 'v', key: 'K', value: 'x' });
    assert.deepEqual([secret.value, secret.resourceType], ['', 'site']);
    faults.neverEnd('first');
    const code = await codeOf({ 'index.html': 'x' });
    const { $id, resourceType } = await at.sdk.sites.createDeployment({ siteId: 'first', code, activate: true });
    assert.equal(resourceType, 'sites');
    await refused(at.sdk.sites.getDeployment({ siteId: 'second', deploymentId: $id }), 404, 'deployment_not_found');
    await refused(at.sdk.sites.updateSiteDeployment({ siteId: 'first', deploymentId: $id }), 400, 'build_not_ready');
    const canceled = await at.sdk.sites.updateDeploymentStatus({ siteId: 'first', deploymentId: $id });
    assert.equal(canceled.status, 'canceled');
    const functionOfThatId = at.ask('GET', `/functions/first/deployments/${$id}`);
    isRefusal(await functionOfThatId, 404, 'function_not_found');
  });

  it('46: the first static build pins the adapter, and the only page as the fallback', async () => {
    await make('one-page');
    const built = await upload('one-page', { 'app.html': '<h1>app</h1>', 'app.js': '1' });
    assert.equal(built.status, 'ready');
    const site = await active('one-page', built.$id);
    assert.deepEqual([site.adapter, site.fallbackFile], ['static', 'app.html']);
    await make('two-pages');
    const second = await upload('two-pages', { 'index.html': 'x', 'about.html': 'y' });
    const other = await active('two-pages', second.$id);
    assert.deepEqual([other.adapter, other.fallbackFile], ['static', '']);
  });

  it('46: a pinned adapter that does not fit, and an empty output, fail with their reason', async () => {
    await make('pinned', { framework: 'astro', adapter: 'ssr' });
    const mismatch = await upload('pinned', { 'index.html': 'x' });
    assert.equal(mismatch.status, 'failed');
    assert.match(mismatch.buildLogs, /Adapter mismatch/);
    await make('pinned-static', { framework: 'astro', adapter: 'static' });
    const rendered = await upload('pinned-static', { 'server/entry.mjs': '1' });
    assert.match(rendered.buildLogs, /Adapter mismatch/);
    await make('empty', { outputDirectory: './out', buildCommand: 'mkdir out' });
    const empty = await upload('empty', { 'index.html': 'x' });
    assert.equal(empty.status, 'failed');
    assert.match(empty.buildLogs, /empty/);
    await make('nowhere', { outputDirectory: './dist' });
    assert.match((await upload('nowhere', { 'index.html': 'x' })).buildLogs, /does not exist/);
  });

  it('47: each deployment has its own verified domain, which goes with the site', async () => {
    await make('seen');
    const first = await upload('seen', { 'index.html': 'first' });
    const second = await upload('seen', { 'index.html': 'second' }, false);
    const rules = await previews('seen');
    assert.deepEqual(
      rules.map((rule) => [rule.deploymentId, rule.status, rule.trigger]).sort(),
      [
        [first.$id, 'verified', 'deployment'],
        [second.$id, 'verified', 'deployment'],
      ].sort(),
    );
    const domainOf = (id: string) => rules.find(({ deploymentId }) => deploymentId === id)?.domain ?? '';
    assert.equal((await visit(domainOf(first.$id))).text, 'first');
    assert.equal((await visit(domainOf(second.$id))).text, 'second');
    await at.sdk.sites.delete({ siteId: 'seen' });
    await eventually('the rules to go', async () => ((await previews('seen')).length === 0 ? true : null));
    assert.equal((await visit(domainOf(first.$id))).status, 404);
  });

  it('48: activating the older one moves the active deployment only; deleting the newest moves the latest', async () => {
    await make('older');
    const first = await upload('older', { 'index.html': 'first' });
    await active('older', first.$id);
    const second = await upload('older', { 'index.html': 'second' });
    await active('older', second.$id);
    const back = await at.sdk.sites.updateSiteDeployment({ siteId: 'older', deploymentId: first.$id });
    assert.deepEqual([back.deploymentId, back.latestDeploymentId], [first.$id, second.$id]);
    await at.sdk.sites.deleteDeployment({ siteId: 'older', deploymentId: second.$id });
    const after = await at.sdk.sites.get({ siteId: 'older' });
    assert.deepEqual([after.deploymentId, after.latestDeploymentId], [first.$id, first.$id]);
  });

  it('renders a site on its own server, with its variables, behind its domain', async () => {
    await make('ssr', { framework: 'nuxt', outputDirectory: './.output', timeout: 1 });
    await at.sdk.sites.createVariable({ siteId: 'ssr', variableId: 'mode', key: 'MODE', value: 'prod' });
    const built = await upload('ssr', {
      '.output/server/index.mjs': `import './main.cjs';`,
      '.output/server/main.cjs': SERVER,
    });
    assert.equal(built.status, 'ready', built.buildLogs);
    assert.equal((await active('ssr', built.$id)).adapter, 'ssr');
    const [rule] = await previews('ssr');
    const domain = rule?.domain ?? '';
    const first = await visit(domain, '/a?b=c', { method: 'POST', body: 'hi' });
    const host = `${domain}:${new URL(at.server.url).port}`;
    assert.deepEqual([first.status, first.text], [200, `POST /a?b=c ${host} prod hi`]);
    const again = await visit(domain, '/');
    assert.equal(again.headers['x-rendered-by'], first.headers['x-rendered-by']);
    const gone = await visit(domain, '/exit');
    assert.equal(gone.status, 500);
    const hangs = await visit(domain, '/hang');
    assert.equal(hangs.status, 500);
    assert.match(hangs.text, /timed out/);
    const fresh = await visit(domain, '/fresh');
    assert.equal(fresh.status, 200);
    assert.notEqual(fresh.headers['x-rendered-by'], first.headers['x-rendered-by']);
  });

  it('renders with the start command of the site when it has one', async () => {
    const settings = {
      framework: 'remix',
      adapter: 'ssr',
      outputDirectory: './build',
      startCommand: 'node custom.cjs',
    };
    await make('started', settings);
    const built = await upload('started', { 'build/custom.cjs': SERVER });
    assert.equal(built.status, 'ready', built.buildLogs);
    const [rule] = await previews('started');
    assert.match((await visit(rule?.domain ?? '', '/x')).text, /^GET \/x /);
  });
});
