import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { realClock } from '../../../test/contracts/deployer-support.ts';
import type { LiveCheck } from '../../protocol/deployment-needs.ts';
import { AppError } from '../../protocol/errors.ts';
import { createLiveProbe } from './live-probe.ts';

describe('LiveProbe', () => {
  const probe = createLiveProbe({ clock: realClock });
  const signal = new AbortController().signal;
  let server: Server;
  let listener: RequestListener;
  let port: number;

  before(async () => {
    server = createServer((request, response) => listener(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  const check = (change: Partial<LiveCheck> = {}): LiveCheck => ({
    ...{ target: 'web', method: 'GET', path: '/', body: null, status: 200, contains: '' },
    ...change,
  });

  it('reaches names under .localhost and sends their Host', async () => {
    listener = (request, response) => response.end(`host is ${request.headers.host}`);
    const wanted = check({ contains: `host is web.sites.localhost:${port}` });
    const result = await probe.check(`http://web.sites.localhost:${port}/`, wanted, 1000, signal);
    assert.deepEqual([result.passed, result.status, result.method], [true, 200, 'GET']);
    assert.equal(result.url, `http://web.sites.localhost:${port}/`);
  });

  it('posts the body as JSON', async () => {
    listener = (request, response) => {
      request.setEncoding('utf8');
      request.once('data', (body: string) => response.writeHead(201).end(`${request.headers['content-type']} ${body}`));
    };
    const wanted = check({
      method: 'POST',
      path: '/notes',
      body: '{"a":1}',
      status: 201,
      contains: 'application/json {"a":1}',
    });
    assert.equal((await probe.check(`http://127.0.0.1:${port}`, wanted, 1000, signal)).passed, true);
  });

  it('tries again until it passes', async () => {
    let calls = 0;
    listener = (_, response) => response.writeHead(++calls < 3 ? 503 : 200).end('up');
    const result = await probe.check(`http://127.0.0.1:${port}`, check({ contains: 'up' }), 10_000, signal);
    assert.deepEqual([result.passed, calls], [true, 3]);
  });

  it('says what was wanted and what came when the time is over', async () => {
    listener = (_, response) => response.end('something else');
    const text = await probe.check(`http://127.0.0.1:${port}`, check({ contains: 'hello' }), 50, signal);
    assert.equal(text.passed, false);
    assert.match(text.detail, /"hello" is not in the answer: something else/);
    const status = await probe.check(`http://127.0.0.1:${port}`, check({ status: 404 }), 0, signal);
    assert.match(status.detail, /wanted status 404, got 200/);
  });

  it('reports a server that cannot be reached', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const address = closed.address();
    const freePort = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => closed.close(resolve));
    const result = await probe.check(`http://127.0.0.1:${freePort}`, check(), 0, signal);
    assert.deepEqual([result.passed, result.status], [false, null]);
    assert.match(result.detail, /ECONNREFUSED/);
  });

  it('follows redirects, but not for ever, and not when a redirect is what is wanted', async () => {
    listener = (request, response) => {
      if (request.url === '/end') response.end('the end');
      else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else response.writeHead(301, { location: '/end' }).end();
    };
    const base = `http://127.0.0.1:${port}`;
    assert.equal((await probe.check(base, check({ contains: 'the end' }), 0, signal)).passed, true);
    assert.match((await probe.check(base, check({ path: '/loop' }), 0, signal)).detail, /more than 5 redirects/);
    assert.equal((await probe.check(base, check({ status: 301 }), 0, signal)).passed, true);
  });

  it('reads at most 1 MB', async () => {
    listener = (_, response) => response.end(`${'a'.repeat(1024 * 1024)}tail`);
    const result = await probe.check(`http://127.0.0.1:${port}`, check({ contains: 'tail' }), 0, signal);
    assert.equal(result.passed, false);
  });

  it('stops when the signal fires', async () => {
    const abort = new AbortController();
    listener = () => abort.abort();
    await assert.rejects(probe.check(`http://127.0.0.1:${port}`, check(), 10_000, abort.signal), (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.code, 'aborted');
      return true;
    });
  });
});
