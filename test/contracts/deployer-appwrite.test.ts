import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Client, Functions, Proxy as ProxyService, Sites, TablesDB } from 'node-appwrite';
import { createDeployer, type DeployerOptions } from '../../src/adapters/appwrite/deployer.ts';
import { createLiveProbe } from '../../src/adapters/appwrite/live-probe.ts';
import { packFolder } from '../../src/adapters/appwrite/pack.ts';
import { markedName, markTableOf } from '../../src/adapters/appwrite/places.ts';
import type { Deployer } from '../../src/core/ports.ts';
import type { DeploymentNeeds } from '../../src/protocol/deployment-needs.ts';
import { AppError, type ErrorCode } from '../../src/protocol/errors.ts';
import type { AppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { useTraffic } from '../specs/traffic.ts';
import {
  askDomain,
  column,
  eventually,
  functionNeed,
  makeFolder,
  needsOf,
  placeAt,
  realClock,
  silentLog,
  siteNeed,
  table,
} from './deployer-support.ts';

const NOTES_FUNCTION = `
export default async ({ req, res, log, error }) => {
  const base = process.env.APPWRITE_FUNCTION_API_ENDPOINT + '/tablesdb/' + process.env.DATABASE_ID + '/tables/notes/rows';
  const headers = {
    'content-type': 'application/json',
    'x-appwrite-project': process.env.APPWRITE_FUNCTION_PROJECT_ID,
    'x-appwrite-key': req.headers['x-appwrite-key'],
  };
  if (req.path === '/secrets') return res.json(Object.keys(process.env));
  if (req.path === '/pid') return res.text(String(process.pid));
  if (req.path === '/echo') return res.json({ method: req.method, query: req.query, body: req.bodyText, host: req.host });
  if (req.path === '/throw') throw new Error('on purpose');
  if (req.path === '/hang') for (;;);
  if (req.path === '/exit') process.exit(3);
  if (req.path === '/databases') return res.text('', (await fetch(process.env.APPWRITE_FUNCTION_API_ENDPOINT + '/tablesdb', { headers })).status);
  if (req.method === 'OPTIONS') return res.text('', 204, { 'access-control-allow-origin': '*' });
  log('asked', { path: req.path });
  if (req.method === 'POST') {
    const answer = await fetch(base, { method: 'POST', headers, body: JSON.stringify({ rowId: 'unique()', data: req.bodyJson }) });
    if (!answer.ok) error(await answer.text());
    return res.json({ ok: answer.ok }, answer.ok ? 201 : 400);
  }
  const { rows } = await (await fetch(base, { headers })).json();
  return res.json(rows.map((row) => row.title), 200, { 'x-count': String(rows.length) });
};
`;

const needs: DeploymentNeeds = needsOf({
  databaseId: 'main',
  tables: [table('notes', [column('title', { size: 100, required: true })], { name: 'Notes' })],
});
const careful = { destructive: false };

describe('Deployer against the Appwrite stand-in', () => {
  const signal = new AbortController().signal;
  const watch = useTraffic();
  let data: Awaited<ReturnType<typeof makeFolder>>;
  let functionSource: Awaited<ReturnType<typeof makeFolder>>;
  let server: AppwriteStandIn;
  let deployer: Deployer;
  let sdk: { functions: Functions; sites: Sites; tablesDB: TablesDB; proxy: ProxyService };

  const connect = (change: Partial<DeployerOptions> = {}): Deployer =>
    createDeployer({
      ...{ endpoint: server.endpoint, projectId: 'demo', apiKey: server.apiKey, clock: realClock, log: silentLog },
      ...{ pollMs: 20, functionsDomain: 'functions.localhost', sitesDomain: 'sites.localhost', ...change },
    });
  const start = async (port?: number) => {
    const base = { dataDir: data.dir, projectId: 'demo', apiKey: 'the-key' };
    server = await startAppwriteStandIn(port === undefined ? base : { ...base, port });
    watch('appwrite', server.endpoint);
    deployer = connect();
    const client = new Client().setEndpoint(server.endpoint).setProject('demo').setKey('the-key');
    sdk = {
      functions: new Functions(client),
      sites: new Sites(client),
      tablesDB: new TablesDB(client),
      proxy: new ProxyService(client),
    };
  };
  const failsWith = (code: ErrorCode, text: RegExp) => (error: unknown) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.userMessage, text);
    assert.doesNotMatch(`${error.message} ${error.userMessage}`, /the-key/);
    return true;
  };
  const deployApi = async () => {
    const known = await deployer.knownDeployments('function', 'api', signal);
    return deployer.deployFunction(
      functionNeed(),
      placeAt('api'),
      functionSource.dir,
      known,
      { DATABASE_ID: 'main' },
      signal,
    );
  };

  before(async () => {
    data = await makeFolder({});
    functionSource = await makeFolder({ 'main.js': NOTES_FUNCTION, 'package.json': '{"type":"module"}' });
    await start();
    await deployer.applyDatabase(needs, placeAt('main'), 'Main', careful, signal);
  });
  after(async () => {
    await server.close();
    await data.remove();
    await functionSource.remove();
  });

  it('runs a function that writes and reads rows with the key it is handed', async () => {
    const { url, logTail } = await deployApi();
    assert.ok(url !== null);
    assert.match(logTail, /Build finished/);
    const posted = await askDomain(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"title":"hello"}',
    });
    assert.equal(posted.status, 201, posted.text);
    const got = await askDomain(`${url}/notes?x=1`);
    assert.deepEqual([got.status, got.text, got.headers['x-count']], [200, '["hello"]', '1']);
    assert.match(String(got.headers['content-type']), /^application\/json/);
    const rows = await sdk.tablesDB.listRows({ databaseId: 'main', tableId: 'notes' });
    assert.equal(Reflect.get(rows.rows[0] ?? {}, 'title'), 'hello');
    const echo = await askDomain(`${url}/echo?a=1&b=2`, { method: 'PUT', body: 'raw' });
    const parsed: unknown = JSON.parse(echo.text);
    assert.deepEqual(parsed, {
      method: 'PUT',
      query: { a: '1', b: '2' },
      body: 'raw',
      host: 'api.functions.localhost',
    });
    const options = await askDomain(url, { method: 'OPTIONS' });
    assert.deepEqual([options.status, options.headers['access-control-allow-origin']], [204, '*']);
    assert.equal((await askDomain(`${url}/databases`)).status, 401);
  });

  it('keeps the environment of the host out of functions', async () => {
    process.env.HOST_SECRET_OF_TEST = 'x';
    try {
      const active = (await sdk.functions.get({ functionId: 'api' })).deploymentId;
      const names: unknown = JSON.parse(
        (await askDomain('http://api.functions.localhost:'.concat(new URL(server.url).port, '/secrets'))).text,
      );
      assert.ok(Array.isArray(names) && names.includes('APPWRITE_FUNCTION_DEPLOYMENT'), active);
      assert.ok(!names.includes('HOST_SECRET_OF_TEST') && !names.includes('NODE_TEST_CONTEXT'));
    } finally {
      delete process.env.HOST_SECRET_OF_TEST;
    }
  });

  it('executes over the API, synchronously and later, and records what happened', async () => {
    const done = await sdk.functions.createExecution({ functionId: 'api', xpath: '/notes', method: 'GET' as never });
    assert.deepEqual([done.status, done.responseStatusCode, done.responseBody], ['completed', 200, '["hello"]']);
    assert.match(done.logs, /asked \{"path":"\/notes"\}/);
    const waiting = await sdk.functions.createExecution({ functionId: 'api', async: true, method: 'GET' as never });
    assert.equal(waiting.status, 'waiting');
    const ended = await eventually('the execution', async () => {
      const execution = await sdk.functions.getExecution({ functionId: 'api', executionId: waiting.$id });
      return ['completed', 'failed'].includes(execution.status) ? execution : null;
    });
    assert.equal(ended.status, 'completed');
    const thrown = await sdk.functions.createExecution({ functionId: 'api', xpath: '/throw' });
    assert.deepEqual([thrown.status, thrown.responseStatusCode], ['failed', 500]);
    assert.match(thrown.errors, /on purpose/);
    const exited = await sdk.functions.createExecution({ functionId: 'api', xpath: '/exit' });
    assert.match(exited.errors, /exit code 3/);
  });

  it('ends a function that hangs, and runs the next call in a new process', async () => {
    const before = await sdk.functions.get({ functionId: 'api' });
    await sdk.functions.update({
      functionId: 'api',
      name: before.name,
      execute: before.execute,
      scopes: before.scopes as never,
      timeout: 1,
    });
    const hung = await sdk.functions.createExecution({ functionId: 'api', xpath: '/hang' });
    assert.deepEqual([hung.status, hung.errors], ['failed', 'Execution timed out.']);
    const next = await sdk.functions.createExecution({ functionId: 'api', xpath: '/pid' });
    assert.equal(next.responseStatusCode, 200);
  });

  it('changes nothing in the settings when the plan is the same, and only what differs otherwise', async () => {
    await deployApi();
    const first = await sdk.functions.get({ functionId: 'api' });
    assert.equal(first.timeout, 1);
    const known = (await deployer.knownDeployments('function', 'api', signal)).filter(
      (id) => id !== first.deploymentId,
    );
    await deployer.deployFunction(
      functionNeed(),
      placeAt('api'),
      functionSource.dir,
      known,
      { DATABASE_ID: 'main' },
      signal,
    );
    assert.deepEqual(await sdk.functions.get({ functionId: 'api' }), first);
    const renamed = functionNeed({ name: 'Renamed' });
    await deployer.deployFunction(renamed, placeAt('api'), functionSource.dir, known, { DATABASE_ID: 'main' }, signal);
    const second = await sdk.functions.get({ functionId: 'api' });
    assert.deepEqual([second.name, second.timeout, second.execute], ['Renamed', 1, ['any']]);
  });

  it('knows again what it made just before a crash, before it could be marked', async () => {
    const [function_, site] = [functionNeed({ id: 'cut' }), siteNeed({ id: 'cut' })];
    const name = markedName('Cut', 'acme/one/cut');
    await sdk.functions.create({ functionId: 'cut', name, runtime: 'node-22' as never });
    await sdk.sites.create({ siteId: 'cut', name, framework: 'other' as never, buildRuntime: 'node-22' as never });
    await sdk.tablesDB.create({ databaseId: 'cut', name });
    const place = { id: 'cut', mark: 'acme/one/cut' };
    const database = { kind: 'database', id: 'cut', name: 'Cut' } as const;
    assert.deepEqual(await deployer.place(database, 'acme/one', signal), place);
    const { tables } = await sdk.tablesDB.listTables({ databaseId: 'cut' });
    assert.deepEqual(
      tables.map(({ $id, name: says }) => [$id, says]),
      [[markTableOf('acme/one/cut'), 'Says whose this database is: acme/one/cut']],
    );
    assert.deepEqual(await deployer.place({ kind: 'function', need: function_ }, 'acme/one', signal), place);
    assert.deepEqual(await deployer.place({ kind: 'site', need: site }, 'acme/one', signal), place);
    for (const { variables } of [
      await sdk.functions.listVariables({ functionId: 'cut' }),
      await sdk.sites.listVariables({ siteId: 'cut' }),
    ]) {
      assert.deepEqual(
        variables.map(({ key, value, secret }) => [key, value, secret]),
        [['ORCHESTRATOR_PROJECT', 'acme/one/cut', false]],
      );
    }
  });

  it('stays where it is when the id it could not have becomes free', async () => {
    await sdk.tablesDB.create({ databaseId: 'first', name: 'Of somebody else' });
    const request = { kind: 'database', id: 'first', name: 'Notes' } as const;
    const place = await deployer.place(request, 'acme/one', signal);
    assert.equal(place.id, 'first-2');
    assert.equal((await sdk.tablesDB.get({ databaseId: 'first-2' })).name, 'Notes (acme/one/first)');
    await sdk.tablesDB.delete({ databaseId: 'first' });
    assert.deepEqual(await deployer.place(request, 'acme/one', signal), place);
  });

  it('goes back to an earlier deployment', async () => {
    const next = await makeFolder({ 'main.js': 'export default async ({ res }) => res.text("second");' });
    const known = await deployer.knownDeployments('function', 'api', signal);
    const { url, deploymentId, previousDeploymentId } = await deployer.deployFunction(
      functionNeed(),
      placeAt('api'),
      next.dir,
      known,
      {},
      signal,
    );
    await next.remove();
    assert.ok(url !== null && previousDeploymentId !== null);
    assert.equal((await askDomain(url)).text, 'second');
    await sdk.functions.updateFunctionDeployment({ functionId: 'api', deploymentId: previousDeploymentId });
    assert.equal((await askDomain(`${url}/notes`)).text, '["hello"]');
    assert.equal((await sdk.functions.get({ functionId: 'api' })).latestDeploymentId, deploymentId);
  });

  it('answers 401 on the domain of a function that not everybody may execute', async () => {
    const need = functionNeed({ id: 'private', execute: [] });
    const { url } = await deployer.deployFunction(need, placeAt('private'), functionSource.dir, [], {}, signal);
    const answer = await askDomain(url ?? '');
    assert.equal(answer.status, 401);
    assert.match(answer.text, /function_execute_permission_missing/);
  });

  it('builds a site with its own commands and serves files, folders and the fallback', async () => {
    const site = await makeFolder({
      'src/index.html': '<!doctype html><title>App</title>',
      'src/docs/index.html': 'docs',
      'build.js':
        'const fs = require("node:fs"); fs.cpSync("src", "dist", { recursive: true }); fs.writeFileSync("dist/app.js", "let a = 1;"); console.log("built by hand");',
    });
    const need = siteNeed({ buildCommand: 'node build.js', outputDirectory: 'dist', fallbackFile: 'index.html' });
    const { url, logTail } = await deployer.deploySite(need, placeAt(need.id), site.dir, [], signal);
    await site.remove();
    assert.ok(url !== null);
    assert.match(logTail, /built by hand/);
    assert.equal(url, `http://web.sites.localhost:${new URL(server.url).port}`);
    const index = await askDomain(`${url}/`);
    assert.deepEqual([index.status, index.headers['content-type']], [200, 'text/html; charset=utf-8']);
    assert.equal((await askDomain(`${url}/app.js`)).headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal((await askDomain(`${url}/docs`)).headers.location, '/docs/');
    assert.equal((await askDomain(`${url}/docs/`)).text, 'docs');
    assert.equal((await askDomain(`${url}/some/route`)).text, index.text);
    assert.equal((await askDomain(`${url}/`, { method: 'POST' })).status, 405);
    const probe = createLiveProbe({ clock: realClock });
    const check = { target: 'web', method: 'GET', path: '/', body: null, status: 200, contains: '<title>App' } as const;
    assert.equal((await probe.check(url, check, 1000, signal)).passed, true);
  });

  it('serves nothing outside the site, and 404 without a fallback', async () => {
    const site = await makeFolder({ 'a.html': 'a', 'b.html': 'b', 'secret/x': 'x' });
    const need = siteNeed({ id: 'plain', buildCommand: 'ln -s /etc/hosts leak.txt', outputDirectory: '.' });
    const { url } = await deployer.deploySite(need, placeAt(need.id), site.dir, [], signal);
    await site.remove();
    const status = async (path: string) => (await askDomain(`${url}${path}`)).status;
    assert.equal(await status('/a.html'), 200);
    assert.equal(await status('/nothing'), 404);
    assert.equal(await status('/leak.txt'), 404);
    assert.equal(await status('/..%2f..%2f..%2fappwrite.sqlite'), 404);
    assert.equal(await status('/%00'), 404);
    assert.equal((await askDomain(`http://unknown.sites.localhost:${new URL(server.url).port}/`)).status, 404);
  });

  it('uses the preview domain of the deployment when no sites domain is configured', async () => {
    const site = await makeFolder({ 'index.html': 'preview' });
    const { url } = await connect({ sitesDomain: '' }).deploySite(
      siteNeed({ id: 'pre' }),
      placeAt('pre'),
      site.dir,
      [],
      signal,
    );
    await site.remove();
    assert.equal((await askDomain(url ?? '')).text, 'preview');
  });

  it('names the failed build and the end of its log', async () => {
    const need = siteNeed({ id: 'broken', buildCommand: 'echo the reason >&2; exit 7' });
    const site = await makeFolder({ 'index.html': 'x' });
    await assert.rejects(
      deployer.deploySite(need, placeAt(need.id), site.dir, [], signal),
      failsWith('deployment_failed', /"broken"[\s\S]*the reason[\s\S]*exit code 7/),
    );
    const empty = siteNeed({ id: 'empty', outputDirectory: 'dist' });
    await assert.rejects(
      deployer.deploySite(empty, placeAt('empty'), site.dir, [], signal),
      failsWith('deployment_failed', /"dist" does not exist/),
    );
    await site.remove();
  });

  it('uploads an archive of more than 5 MiB in parts', async () => {
    const big = randomBytes(12 * 1024 * 1024);
    const site = await makeFolder({ 'index.html': 'big', 'big.bin': big });
    const need = siteNeed({ id: 'big' });
    const archive = await packFolder(site.dir);
    const done = await deployer.deploySite(need, placeAt(need.id), site.dir, [], signal);
    await site.remove();
    const { deployments } = await sdk.sites.listDeployments({ siteId: 'big' });
    assert.deepEqual(
      deployments.map(({ $id }) => $id),
      [done.deploymentId],
    );
    const [deployment] = deployments;
    assert.equal(deployment?.sourceSize, archive.length);
    assert.equal(deployment?.totalSize, archive.length + (deployment?.buildSize ?? 0));
    assert.equal((await askDomain(`${done.url}/big.bin`)).headers['content-length'], String(big.length));
    const builtDir = join(data.dir, 'builds', done.deploymentId ?? '');
    assert.ok(readFileSync(join(builtDir, 'big.bin')).equals(big));
  });

  it('tells an unknown key, an unknown project and an unreachable server apart', async () => {
    const read = (change: Partial<DeployerOptions>) => connect(change).knownDeployments('site', 'web', signal);
    await assert.rejects(read({ apiKey: 'wrong' }), failsWith('auth', /APPWRITE_API_KEY.*sites\.read/));
    await assert.rejects(read({ projectId: 'other' }), failsWith('configuration', /APPWRITE_PROJECT_ID/));
    await assert.rejects(read({ endpoint: 'http://127.0.0.1:9/v1' }), failsWith('transport', /APPWRITE_ENDPOINT/));
  });

  it('classifies rate limits, server faults and silence, and keeps warnings off the console', async () => {
    let status = 429;
    const faulty = createServer((_, response) => {
      if (status === 0) return;
      response.writeHead(status, { 'content-type': 'application/json', 'x-appwrite-warning': 'old; older' });
      response.end(JSON.stringify({ message: 'no', code: status, type: 'x', version: '1' }));
    }).listen(0, '127.0.0.1');
    await once(faulty, 'listening');
    const address = faulty.address();
    const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`;
    const printed: unknown[] = [];
    const original = console.warn;
    console.warn = (...values: unknown[]) => void printed.push(values);
    try {
      const hasty = { now: realClock.now, sleep: (_ms: number, stop: AbortSignal) => realClock.sleep(50, stop) };
      const read = (change: Partial<DeployerOptions>) =>
        connect({ endpoint, ...change }).knownDeployments('site', 'web', signal);
      await assert.rejects(read({}), failsWith('rate_limited', /rate/));
      status = 503;
      await assert.rejects(read({}), failsWith('server', /503/));
      status = 0;
      await assert.rejects(read({ clock: hasty }), failsWith('timeout', /did not answer/));
    } finally {
      console.warn = original;
      faulty.closeAllConnections();
      faulty.close();
    }
    assert.deepEqual(printed, []);
  });

  it('keeps everything over a restart, and leaves no process behind', async () => {
    const { port } = new URL(server.url);
    const url = `http://api.functions.localhost:${port}`;
    const pid = Number((await askDomain(`${url}/pid`)).text);
    assert.doesNotThrow(() => process.kill(pid, 0));
    await server.close();
    await server.close();
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await start(Number(port));
    assert.equal((await askDomain(`${url}/notes`)).text, '["hello"]');
    assert.equal((await askDomain(`http://web.sites.localhost:${port}/docs/`)).text, 'docs');
    assert.equal((await deployer.applyDatabase(needs, placeAt('main'), 'Main', careful, signal)).logTail, '');
  });

  it('takes up a build that was going on when the server stopped', async () => {
    const site = await makeFolder({ 'index.html': 'x' });
    const marker = join(data.dir, 'marker');
    const need = siteNeed({ id: 'slow', buildCommand: `test -e '${marker}' || { touch '${marker}'; sleep 60; }` });
    const abort = new AbortController();
    const first = deployer
      .deploySite(need, placeAt(need.id), site.dir, [], abort.signal)
      .catch((error: unknown) => error);
    await eventually('the build', async () => (existsSync(marker) ? true : null));
    abort.abort();
    await first;
    await server.close();
    await start();
    const done = await deployer.deploySite(need, placeAt(need.id), site.dir, [], signal);
    await site.remove();
    assert.equal(done.status, 'ready');
    assert.deepEqual(await deployer.knownDeployments('site', 'slow', signal), [done.deploymentId]);
  });

  it('makes rules as the server does: one label, each domain once, filters that are known', async () => {
    const rule = await sdk.proxy.createSiteRule({ domain: 'other.sites.localhost', siteId: 'web' });
    assert.deepEqual(
      Object.keys(rule)
        .filter((name) => name !== 'toString')
        .sort(),
      [
        ...['$createdAt', '$id', '$updatedAt', 'deploymentId', 'deploymentResourceId', 'deploymentResourceType'],
        ...['deploymentVcsProviderBranch', 'domain', 'logs', 'redirectStatusCode', 'redirectUrl', 'renewAt', 'status'],
        ...['trigger', 'type'],
      ],
    );
    assert.deepEqual([rule.status, rule.trigger], ['verified', 'manual']);
    await assert.rejects(sdk.proxy.createSiteRule({ domain: 'other.sites.localhost', siteId: 'web' }), { code: 409 });
    for (const domain of [
      'a.b.sites.localhost',
      'commit-a.sites.localhost',
      'http://x.org',
      'x.org/path',
      'sites.localhost',
    ]) {
      await assert.rejects(sdk.proxy.createSiteRule({ domain, siteId: 'web' }), { code: 400 }, domain);
    }
    await assert.rejects(sdk.proxy.createSiteRule({ domain: 'x.org', siteId: 'none' }), {
      code: 404,
      type: 'rule_resource_not_found',
    });
    await sdk.proxy.deleteRule({ ruleId: rule.$id });
    await assert.rejects(sdk.proxy.getRule({ ruleId: rule.$id }), { code: 404, type: 'rule_not_found' });
  });

  it('takes the active deployment away when it is deleted', async () => {
    const { deploymentId } = await sdk.sites.get({ siteId: 'web' });
    await sdk.sites.deleteDeployment({ siteId: 'web', deploymentId });
    assert.equal((await sdk.sites.get({ siteId: 'web' })).deploymentId, '');
    const { port } = new URL(server.url);
    assert.equal((await askDomain(`http://web.sites.localhost:${port}/`)).status, 404);
  });
});
