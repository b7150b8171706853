import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { watchTraffic } from './traffic.ts';

const database = { $id: 'db', name: 'Data', $createdAt: '', $updatedAt: '', enabled: true, type: 'tablesdb' };

describe('watching a server', () => {
  let server: Server;
  let base: string;
  /** What the server read of the last request. */
  let received: string;
  let answer: (chunks: string) => { status: number; body: unknown };

  beforeEach(async () => {
    server = createServer(async (incoming, response) => {
      received = '';
      for await (const chunk of incoming) received += String(chunk);
      const { status, body } = answer(received);
      const text = JSON.stringify(body);
      // In parts, and with headers that only `writeHead` knows.
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.write(text.slice(0, 4));
      response.end(Buffer.from(text.slice(4)));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`;
    answer = () => ({ status: 201, body: database });
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  const post = (body: unknown, path = '/tablesdb') =>
    fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('sees request and answer, and leaves both as they are', async () => {
    const traffic = watchTraffic('appwrite', base);
    const answered = await post({ databaseId: 'db', name: 'x'.repeat(200_000) });
    assert.deepEqual([answered.status, await answered.json()], [201, database]);
    assert.equal(received.length, 200_000 + JSON.stringify({ databaseId: 'db', name: '' }).length);
    await traffic.assertClean();
    assert.deepEqual(await traffic.operations(), ['tablesDBCreate']);
    traffic.close();
  });

  it('tells of each wrong exchange once', async () => {
    const traffic = watchTraffic('appwrite', base);
    await post({ name: 1 });
    answer = () => ({ status: 201, body: { ...database, enabled: 1 } });
    await post({ databaseId: 'db', name: 'x' });
    await assert.rejects(traffic.assertClean(), (error) => {
      assert.ok(error instanceof Error);
      assert.deepEqual(error.message.split('\n'), [
        'not as the vendor describes it:',
        "POST /tablesdb (tablesDBCreate): request body: must have required property 'databaseId'",
        'POST /tablesdb (tablesDBCreate): request body /name: must be string',
        'POST /tablesdb (tablesDBCreate): answer body /enabled: must be boolean',
      ]);
      return true;
    });
    await traffic.assertClean();
    traffic.close();
  });

  it('looks at the API only: not at other paths, hosts, servers, preflights, or after its end', async () => {
    const traffic = watchTraffic('appwrite', base);
    await post({}, '/../pages/x');
    await fetch(`${base}/tablesdb`, { method: 'OPTIONS' });
    const elsewhere = request(`${base}/tablesdb`, { headers: { host: 'web.sites.localhost' } }).end();
    const [response] = await once(elsewhere, 'response');
    await once(response.resume(), 'end');
    const other = watchTraffic('appwrite', 'http://127.0.0.1:1/v1');
    traffic.close();
    await post({});
    assert.deepEqual(await traffic.violations(), []);
    assert.deepEqual(await other.violations(), []);
    other.close();
  });
});
