import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNpmRegistry } from './npm-registry.ts';

const never = new AbortController().signal;

describe('npm registry', () => {
  let server: Server;
  let baseUrl: string;
  const seen: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const url = request.url ?? '';
      if (url === '/base/silent') return;
      if (url === '/base/get-only' && request.method === 'HEAD') response.writeHead(405).end();
      else if (url === '/base/broken') response.writeHead(500).end();
      else if (['/base/zod', '/base/@scope%2fname', '/base/get-only', '/base/JSONStream'].includes(url))
        response.end('{}');
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const [name, answer] of [
    ['zod', 'yes'],
    ['@scope/name', 'yes'],
    ['JSONStream', 'yes'],
    ['get-only', 'yes'],
    ['made-up', 'no'],
    ['broken', 'unknown'],
  ] as const) {
    it(`answers ${answer} for ${name}`, async () => {
      assert.equal(await createNpmRegistry({ baseUrl }).exists(name, never), answer);
    });
  }

  it('asks nobody about a name that no package can have', async () => {
    const before = seen.length;
    for (const name of ['', '../x', 'a/b', 'a b', '@scope', 'x'.repeat(215)]) {
      assert.equal(await createNpmRegistry({ baseUrl }).exists(name, never), 'no');
    }
    assert.equal(seen.length, before);
  });

  it('answers unknown when the registry is silent or gone', async () => {
    assert.equal(await createNpmRegistry({ baseUrl, timeoutMs: 50 }).exists('silent', never), 'unknown');
    assert.equal(await createNpmRegistry({ baseUrl: 'http://127.0.0.1:1/' }).exists('zod', never), 'unknown');
  });
});
