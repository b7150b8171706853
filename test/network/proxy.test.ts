import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { useProxy } from '../../src/app/proxy.ts';
import { type GithubStandIn, startGithubStandIn } from '../../src/sandbox/github/stand-in.ts';
import { type TemporaryFolder, temporaryFolder } from '../../src/sandbox/github/test-support.ts';

const certificate = (name: string): string => fileURLToPath(new URL(`certificates/${name}.pem`, import.meta.url));
const WORKER = fileURLToPath(new URL('outside-worker.ts', import.meta.url));
const ALL = ['agent', 'appwrite', 'fetch', 'github', 'lead', 'live'];

/** Hosts that exist behind the proxy only: every name leads to one server, which has a certificate for them. */
describe('behind a proxy with certificates of its own', function () {
  this.timeout(90_000);
  let folder: TemporaryFolder;
  let standIn: GithubStandIn;
  let outside: Server;
  let proxy: Server;
  let tunnels: { host: string; authorization: string | undefined }[];
  const servers: Server[] = [];
  const ends = new Set<Duplex>();
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  const listen = async <T extends Server>(server: T): Promise<T> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  };

  beforeEach(async () => {
    folder = await temporaryFolder();
    standIn = await startGithubStandIn({ dataDir: folder.path, runChecks: false });
    tunnels = [];
    const keys = { key: readFileSync(certificate('server-key')), cert: readFileSync(certificate('server')) };
    outside = await listen(
      createTlsServer(keys, (given, answer) => {
        if (given.headers.host !== 'github.outside.test') {
          answer.writeHead(418, { 'content-type': 'application/json' }).end('{"message":"a teapot"}');
          return;
        }
        const { host, port } = new URL(standIn.url);
        const headers = { ...given.headers, host };
        const to = { host: '127.0.0.1', port, method: given.method, path: given.url, headers };
        const forwarded = request(to, (from) => {
          answer.writeHead(from.statusCode ?? 500, from.headers);
          from.pipe(answer);
        });
        given.pipe(forwarded);
      }),
    );
    proxy = await listen(createServer((_, answer) => answer.writeHead(405).end()));
    proxy.on('connect', (given, socket) => {
      tunnels.push({ host: given.url ?? '', authorization: given.headers['proxy-authorization'] });
      const tunnel = connect(portOf(outside), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        tunnel.pipe(socket).pipe(tunnel);
      });
      for (const end of [tunnel, socket]) {
        ends.add(end);
        end.on('error', () => end.destroy());
        end.on('close', () => {
          tunnel.destroy();
          socket.destroy();
        });
      }
    });
  });

  afterEach(async () => {
    for (const end of ends) end.destroy();
    ends.clear();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await standIn.close();
    await folder.remove();
  });

  const run = async (env: Record<string, string>): Promise<Record<string, string>> => {
    const kept = { PATH: process.env.PATH ?? '', HOME: folder.path, GIT_CONFIG_NOSYSTEM: '1' };
    const args = ['--no-warnings', WORKER, folder.path, standIn.token, `${standIn.apiUrl}/meta`];
    const child = spawn(process.execPath, args, { env: { ...kept, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
      });
    }
    await new Promise((resolve) => child.once('close', resolve));
    assert.equal(texts.stderr, '');
    return JSON.parse(texts.stdout);
  };
  const hosts = (): string[] => [...new Set(tunnels.map(({ host }) => host.replace('.outside.test:443', '')))].sort();

  it('is used by the built program as by the source', async () => {
    const program = fileURLToPath(new URL('../../bin/orchestrator.mjs', import.meta.url));
    const key = { XAI_API_KEY: 'key', ANTHROPIC_API_KEY: 'key', XAI_BASE_URL: 'https://lead.outside.test/v1' };
    const trust = { NODE_EXTRA_CA_CERTS: certificate('authority'), HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}` };
    const env = { PATH: process.env.PATH, HOME: folder.path, ...key, ...trust };
    await promisify(execFile)(process.execPath, [program, 'keys', 'test'], { env, cwd: folder.path }).catch(() => {});
    assert.ok(tunnels.some(({ host }) => host === 'lead.outside.test:443'));
  });

  it('every client reaches its host through it, git too, and nobody on this machine does', async () => {
    const outcomes = await run({
      HTTPS_PROXY: `http://user:word@127.0.0.1:${portOf(proxy)}`,
      NODE_EXTRA_CA_CERTS: certificate('authority'),
    });
    assert.equal(outcomes.github, 'local-developer/shop');
    assert.equal(outcomes.git, 'same');
    assert.equal(outcomes.live, 'passed');
    assert.equal(outcomes.fetch, '418');
    assert.equal(outcomes.loopback, '200');
    assert.match(outcomes.appwrite ?? '', /a teapot/);
    for (const model of ['lead', 'agent'])
      assert.match(`${model}: ${outcomes[model]}`, /invalid_request: .* refused the request|418|teapot/);
    assert.deepEqual(hosts(), ALL);
    const authorization = `Basic ${Buffer.from('user:word').toString('base64')}`;
    // git sends it when it is asked for, and this proxy asks nobody.
    const asked = tunnels.filter(({ host }) => !host.startsWith('github'));
    assert.deepEqual([...new Set(asked.map((tunnel) => tunnel.authorization))], [authorization]);
  });

  it('without the certificates nobody trusts the host, and the words say what to set', async () => {
    const outcomes = await run({ https_proxy: `127.0.0.1:${portOf(proxy)}` });
    for (const name of ['github', 'git']) {
      assert.match(`${name}: ${outcomes[name]}`, /: transport: .*NODE_EXTRA_CA_CERTS/);
    }
    assert.ok(hosts().includes('github'));
  });

  it('what NO_PROXY names is not asked through it', async () => {
    const outcomes = await run({
      HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`,
      NO_PROXY: '.outside.test',
      NODE_EXTRA_CA_CERTS: certificate('authority'),
    });
    assert.match(outcomes.github ?? '', /^transport/);
    assert.match(outcomes.git ?? '', /^transport/);
    assert.deepEqual(tunnels, []);
  });
});

describe('the address of a proxy', () => {
  it('is refused when it is none, without its password', async () => {
    await assert.rejects(useProxy({ HTTPS_PROXY: 'socks5://me:secret@proxy:1080' }), (error: unknown) => {
      assert.ok(error instanceof Error && 'userMessage' in error && 'code' in error);
      assert.equal(error.code, 'configuration');
      assert.match(String(error.userMessage), /HTTPS_PROXY is "socks5:\/\/\*\*\*@proxy:1080"/);
      return true;
    });
    await assert.rejects(useProxy({ http_proxy: 'not an address' }), { code: 'configuration' });
  });
});
