import assert from 'node:assert/strict';
import { Query } from 'node-appwrite';
import type { FidelityServer } from './server.ts';
import { assertRefused, KEY, refused, startServer } from './server.ts';

const place = { databaseId: 'db', tableId: 'notes' };
const ROWS = '/tablesdb/db/tables/notes/rows';

describe('Appwrite stand-in: all services', () => {
  let server: FidelityServer;
  let nowMs = Date.now();

  before(async () => {
    server = await startServer({
      now: () => nowMs,
      keys: [
        { secret: 'reader', scopes: ['databases.read'] },
        { secret: 'short-lived', expiresAtMs: nowMs + 1000 },
      ],
      otherProjects: [{ projectId: 'other', apiKey: 'other-key' }],
    });
    await server.tablesDB.create({ databaseId: 'db', name: 'Data' });
    await server.tablesDB.createTable({
      ...place,
      name: 'Notes',
      permissions: ['read("any")'],
      columns: [
        { key: 'title', type: 'string', size: 20, required: true },
        { key: 'due', type: 'datetime', required: false },
      ],
    });
    for (const title of ['a', 'b', 'c']) {
      await server.tablesDB.createRow({ ...place, rowId: title, data: { title } });
    }
  });
  after(() => server.close());

  it('1: an unknown path is 404 before everything else', async () => {
    const headers = { 'x-appwrite-project': 'nobody', 'x-appwrite-key': 'nothing' };
    assertRefused(await server.ask('GET', '/no/such/path', { headers }), 404, 'general_route_not_found');
    assertRefused(await server.ask('DELETE', '/tablesdb'), 404, 'general_route_not_found');
  });

  it('1: an unknown project is 404 before the key is looked at', async () => {
    const headers = { 'x-appwrite-project': 'nobody', 'x-appwrite-key': 'nothing' };
    assertRefused(await server.ask('GET', '/tablesdb', { headers }), 404, 'project_not_found');
    assertRefused(
      await server.ask('GET', '/tablesdb', { headers: { 'x-appwrite-project': null } }),
      404,
      'project_not_found',
    );
  });

  it('1: an unknown key is 401 and shows nothing, not even what guests may read', async () => {
    const answer = await server.ask('GET', ROWS, { headers: { 'x-appwrite-key': 'nothing' } });
    assert.equal(answer.status, 401);
    assert.equal(answer.body?.rows, undefined);
    const guest = await server.ask('GET', ROWS, { headers: { 'x-appwrite-key': null } });
    assert.equal(guest.status, 200);
  });

  it('1: a key opens its own project only', async () => {
    const foreign = { 'x-appwrite-project': 'other' };
    assert.equal((await server.ask('GET', '/tablesdb', { headers: foreign })).status, 401);
    const own = await server.ask('GET', '/tablesdb', { headers: { ...foreign, 'x-appwrite-key': 'other-key' } });
    assert.deepEqual(own.body, { total: 0, databases: [] });
  });

  it('1: an expired key is 401 project_key_expired', async () => {
    const headers = { 'x-appwrite-key': 'short-lived' };
    assert.equal((await server.ask('GET', '/tablesdb', { headers })).status, 200);
    nowMs += 2000;
    assertRefused(await server.ask('GET', '/tablesdb', { headers }), 401, 'project_key_expired');
  });

  it('2: a valid key without the scope is 401, and the message names the scope', async () => {
    const headers = { 'x-appwrite-key': 'reader' };
    assert.equal((await server.ask('GET', '/tablesdb', { headers })).status, 200);
    const answer = await server.ask('POST', '/tablesdb', { headers, body: {} });
    assertRefused(answer, 401, 'general_unauthorized_scope', /databases\.write/);
    const column = await server.ask('POST', '/tablesdb/none/tables/none/columns/text', { headers, body: {} });
    assertRefused(column, 401, 'general_unauthorized_scope', /columns\.write/);
  });

  it('3: a missing parameter is 400 and named', async () => {
    const answer = await server.ask('POST', '/tablesdb', { body: { name: 'x' } });
    assertRefused(answer, 400, 'general_argument_invalid', /"databaseId" is not optional/);
  });

  it('3: a wrong value is 400 and named, before the resource is looked for', async () => {
    const answer = await server.ask('POST', '/tablesdb/none/tables', { body: { tableId: '_bad', name: 'x' } });
    assertRefused(answer, 400, 'general_argument_invalid', /tableId/);
    const bool = await server.ask('POST', '/tablesdb', { body: { databaseId: 'x', name: 'x', enabled: 'perhaps' } });
    assertRefused(bool, 400, 'general_argument_invalid', /enabled/);
  });

  it('3: unknown parameters are ignored', async () => {
    const answer = await server.ask('POST', '/tablesdb', { body: { databaseId: 'extra', name: 'x', colour: 'red' } });
    assert.equal(answer.status, 201);
    assert.equal(answer.body?.colour, undefined);
    await server.tablesDB.delete({ databaseId: 'extra' });
  });

  it('4: lists answer total and the plural; total=false gives 0 and still the items', async () => {
    const answer = await server.ask('GET', ROWS);
    assert.equal(answer.body?.total, 3);
    const uncounted = await server.ask('GET', `${ROWS}?total=false`);
    assert.equal(uncounted.body?.total, 0);
    assert.deepEqual(uncounted.body?.rows, answer.body?.rows);
    for (const [path, plural] of [
      ['/tablesdb', 'databases'],
      ['/tablesdb/db/tables', 'tables'],
    ] as const) {
      const list = await server.ask('GET', `${path}?total=false`);
      assert.equal(list.body?.total, 0);
      assert.ok(Array.isArray(list.body?.[plural]) && list.body[plural].length === 1, list.text);
    }
  });

  it('4: an unknown cursor is 400', async () => {
    const list = server.tablesDB.listRows({ ...place, queries: [Query.cursorAfter('nobody')] });
    await refused(list, 400, 'general_cursor_not_found');
  });

  it('5: a query that is not JSON is 400 "Invalid query: Syntax error"', async () => {
    for (const path of [ROWS, '/tablesdb', '/tablesdb/db/tables']) {
      const answer = await server.ask('GET', `${path}?queries[0]=nonsense`);
      assertRefused(answer, 400, 'general_query_invalid', /^Invalid query: Syntax error$/);
    }
  });

  it('5: an unknown filter attribute is 400', async () => {
    const query = Query.equal('colour', 'red');
    await refused(server.tablesDB.listRows({ ...place, queries: [query] }), 400, 'general_query_invalid', /colour/);
    await refused(server.tablesDB.list({ queries: [query] }), 400, 'general_query_invalid', /colour/);
    const system = Query.equal('$colour', 'red');
    await refused(server.tablesDB.listRows({ ...place, queries: [system] }), 400, 'general_query_invalid');
  });

  it('6: dates come with milliseconds and +00:00', async () => {
    const wireDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/;
    const row = await server.tablesDB.updateRow({ ...place, rowId: 'a', data: { due: '2030-01-02T03:04:05Z' } });
    assert.equal(row.due, '2030-01-02T03:04:05.000+00:00');
    assert.match(row.$createdAt, wireDate);
    assert.match(row.$updatedAt, wireDate);
    const table = await server.tablesDB.getTable(place);
    assert.match(table.$createdAt, wireDate);
    assert.match(table.columns[0]?.$createdAt ?? '', wireDate);
  });

  it('6: a repeated id is 409, whatever is created', async () => {
    const { tablesDB } = server;
    await refused(tablesDB.create({ databaseId: 'db', name: 'x' }), 409, 'database_already_exists');
    await refused(tablesDB.createTable({ ...place, name: 'x' }), 409, 'table_already_exists');
    const column = tablesDB.createTextColumn({ ...place, key: 'title', required: false });
    await refused(column, 409, 'column_already_exists');
    const row = tablesDB.createRow({ ...place, rowId: 'a', data: { title: 'again' } });
    await refused(row, 409, 'row_already_exists');
  });

  it('6: a delete is 204 with an empty body, then the thing is 404', async () => {
    await server.tablesDB.create({ databaseId: 'gone', name: 'Gone' });
    const table = { databaseId: 'gone', tableId: 't' };
    await server.tablesDB.createTable({ ...table, name: 'T', columns: [{ key: 'n', type: 'integer' }] });
    await server.tablesDB.createRow({ ...table, rowId: 'r', data: { n: 1 } });
    const steps = [
      ['/tablesdb/gone/tables/t/rows/r', 'row_not_found'],
      ['/tablesdb/gone/tables/t', 'table_not_found'],
      ['/tablesdb/gone', 'database_not_found'],
    ] as const;
    for (const [path, type] of steps) {
      const answer = await server.ask('DELETE', path, { body: {} });
      assert.deepEqual([answer.status, answer.text], [204, '']);
      assertRefused(await server.ask('GET', path), 404, type);
      assertRefused(await server.ask('DELETE', path, { body: {} }), 404, type);
    }
  });

  it('7: error bodies carry a numeric code and the version of the server', async () => {
    const { body } = await server.ask('GET', '/tablesdb/none');
    assert.deepEqual(Object.keys(body ?? {}).sort(), ['code', 'message', 'type', 'version']);
    assert.deepEqual([body?.code, body?.version], [404, '1.9.5']);
  });

  it('7: credentials of two kinds in one request are refused', async () => {
    const users = await startServer({
      resolveUser: () => ({ userId: 'u', email: 'u@x.y', sessionId: 's', roles: [] }),
    });
    try {
      const both = await users.ask('GET', '/tablesdb', { headers: { 'x-appwrite-session': 's' } });
      assertRefused(both, 403, 'user_api_key_and_session_set');
      const headers = { 'x-appwrite-key': null, 'x-appwrite-session': 's', 'x-appwrite-jwt': 'j' };
      assertRefused(await users.ask('GET', '/tablesdb', { headers }), 403, 'user_jwt_and_cookie_set');
    } finally {
      await users.close();
    }
  });

  it('1: a JWT that nobody gave is 401, a session that nobody has is a guest', async () => {
    const jwt = { 'x-appwrite-key': null, 'x-appwrite-jwt': 'garbage' };
    assertRefused(await server.ask('GET', ROWS, { headers: jwt }), 401, 'user_jwt_invalid');
    const session = { 'x-appwrite-key': null, 'x-appwrite-session': 'garbage' };
    assert.equal((await server.ask('GET', ROWS, { headers: session })).status, 200);
    const list = await server.ask('GET', '/tablesdb', { headers: session });
    assertRefused(list, 401, 'general_unauthorized_scope', /guests/);
  });

  it('tells the version to anybody, with any key', async () => {
    for (const key of [null, 'nothing', KEY]) {
      const answer = await server.ask('GET', '/health/version', { headers: { 'x-appwrite-key': key } });
      assert.deepEqual([answer.status, answer.body], [200, { version: '1.9.5' }]);
    }
  });
});
