import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createForge } from '../../src/adapters/github/forge.ts';
import type { ForgeRepository } from '../../src/core/ports.ts';

/** Redirects of GitHub: of a renamed repository to its new address, of a log to a storage server. */
describe('the token on a redirect', () => {
  const { signal } = new AbortController();
  const servers: Server[] = [];
  const seen: { host: string; url: string; authorization: string | undefined }[] = [];

  const listen = async (answer: (given: IncomingMessage, reply: ServerResponse) => void): Promise<number> => {
    const server = createServer((given, reply) => {
      const { host = '', authorization } = given.headers;
      seen.push({ host, url: given.url ?? '', authorization });
      answer(given, reply);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };

  afterEach(async () => {
    seen.length = 0;
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('goes to the same host, and to no other', async () => {
    const storage = await listen((_, reply) => reply.setHeader('content-type', 'text/plain').end('the end of the log'));
    const api = await listen((given, reply) => {
      if (given.url?.endsWith('/actions/jobs/5/logs')) {
        reply.writeHead(301, { location: '/api/v3/repositories/9/jobs/5/logs' }).end();
      } else reply.writeHead(302, { location: `http://127.0.0.1:${storage}/log?sig=1` }).end();
    });
    const webUrl = `http://127.0.0.1:${api}/ada/shop`;
    const repository: ForgeRepository = {
      owner: 'ada',
      name: 'shop',
      cloneUrl: `${webUrl}.git`,
      webUrl,
      defaultBranch: 'main',
      empty: false,
      id: 'github.com/1',
    };
    const forge = createForge({ token: 'ghp_redirected', apiUrl: `http://127.0.0.1:${api}/api/v3` });
    const run = { name: 'test', state: 'failed', url: null, summary: '', logId: '5' } as const;
    const logs = await forge.failedLogs(repository, { state: 'failed', runs: [run] }, signal);
    assert.deepEqual(logs, [{ name: 'test', log: 'the end of the log' }]);
    assert.deepEqual(
      seen.map(({ url, authorization }) => [url, authorization]),
      [
        ['/api/v3/repos/ada/shop/actions/jobs/5/logs', 'token ghp_redirected'],
        ['/api/v3/repositories/9/jobs/5/logs', 'token ghp_redirected'],
        ['/log?sig=1', undefined],
      ],
    );
  });
});
