import assert from 'node:assert/strict';
import { TablesDB } from 'node-appwrite';
import type { FidelityServer } from './server.ts';
import { refused, startServer } from './server.ts';

const place = { databaseId: 'db', tableId: 'notes' };
const OWN = (id: string) => [`read("user:${id}")`, `update("user:${id}")`, `delete("user:${id}")`];

describe('Appwrite stand-in: permissions of rows', () => {
  let server: FidelityServer;
  /** Services of a user who is signed in. */
  const as = (userId: string) => new TablesDB(server.client((client) => client.setSession(userId)));
  const table = async (permissions: string[], rowSecurity = false) => {
    await server.tablesDB.updateTable({ ...place, permissions, rowSecurity });
  };

  beforeEach(async () => {
    server = await startServer({
      resolveUser: ({ by, text }) => ({
        userId: text,
        email: `${text}@example.org`,
        sessionId: by === 'session' ? text : null,
        roles: ['users', `user:${text}`, ...(text === 'ann' ? ['label:admin', 'team:ops/owner'] : [])],
      }),
    });
    await server.tablesDB.create({ databaseId: 'db', name: 'Data' });
    await server.tablesDB.createTable({
      ...place,
      name: 'Notes',
      columns: [
        { key: 'title', type: 'string', size: 20, required: true },
        { key: 'rank', type: 'integer' },
      ],
    });
  });
  afterEach(() => server.close());

  it('28: a row that a key makes without permissions has none', async () => {
    const row = await server.tablesDB.createRow({ ...place, rowId: 'k', data: { title: 'x' } });
    assert.deepEqual(row.$permissions, []);
    const upserted = await server.tablesDB.upsertRow({ ...place, rowId: 'l', data: { title: 'x' } });
    assert.deepEqual(upserted.$permissions, []);
  });

  it("28: a row that a user makes without permissions is that user's", async () => {
    await table(['create("users")']);
    const row = await as('bob').createRow({ ...place, rowId: 'b', data: { title: 'x' } });
    assert.deepEqual(row.$permissions, OWN('bob'));
    const upserted = await as('bob').upsertRow({ ...place, rowId: 'c', data: { title: 'x' } });
    assert.deepEqual(upserted.$permissions, OWN('bob'));
  });

  it('28: write is stored as update and delete, in tables also as create', async () => {
    const row = await server.tablesDB.createRow({
      ...place,
      rowId: 'w',
      data: { title: 'x' },
      permissions: ['read("any")', 'write("users")'],
    });
    assert.deepEqual(row.$permissions, ['read("any")', 'update("users")', 'delete("users")']);
    const made = await server.tablesDB.createTable({
      databaseId: 'db',
      tableId: 'open',
      name: 'Open',
      permissions: ['write("users")'],
    });
    assert.deepEqual(made.$permissions, ['create("users")', 'update("users")', 'delete("users")']);
    const wrong = server.tablesDB.createRow({ ...place, rowId: 'v', data: { title: 'x' }, permissions: ['all'] });
    await refused(wrong, 400, 'general_argument_invalid', /permissions/);
  });

  it('29: a user grants only what that user is', async () => {
    await table(['create("users")', 'update("users")']);
    const make = (rowId: string, permissions: string[]) =>
      as('ann').createRow({ ...place, rowId, data: { title: 'x' }, permissions });
    await make('a', ['read("any")', 'update("label:admin")', 'delete("team:ops/owner")', 'read("users")']);
    await refused(make('b', ['read("user:bob")']), 401, 'user_unauthorized', /Permissions must be one of/);
    await refused(make('b', ['read("label:boss")']), 401, 'user_unauthorized');
    const change = as('ann').updateRow({ ...place, rowId: 'a', permissions: ['read("team:others")'] });
    await refused(change, 401, 'user_unauthorized');
  });

  it('29: a row that is not readable is 404, and lists leave it out', async () => {
    await table(['create("users")'], true);
    await as('ann').createRow({ ...place, rowId: 'a', data: { title: 'hers' } });
    await as('bob').createRow({ ...place, rowId: 'b', data: { title: 'his' } });
    await refused(as('bob').getRow({ ...place, rowId: 'a' }), 404, 'row_not_found');
    const { total, rows } = await as('bob').listRows(place);
    assert.deepEqual([total, rows.map(({ $id }) => $id)], [1, ['b']]);
    assert.equal((await server.tablesDB.listRows(place)).total, 2);
  });

  it('29: a row may be changed without being read, and not without the grant', async () => {
    await table([], true);
    const make = (rowId: string, permissions: string[]) =>
      server.tablesDB.createRow({ ...place, rowId, data: { title: 'x' }, permissions });
    await make('blind', ['update("user:bob")']);
    assert.equal((await as('bob').updateRow({ ...place, rowId: 'blind', data: { rank: 1 } })).rank, 1);
    await make('seen', ['read("users")']);
    const change = as('bob').updateRow({ ...place, rowId: 'seen', data: { rank: 1 } });
    await refused(change, 401, 'user_unauthorized');
    await refused(as('bob').deleteRow({ ...place, rowId: 'seen' }), 401, 'user_unauthorized');
    const more = as('bob').incrementRowColumn({ ...place, rowId: 'seen', column: 'rank' });
    await refused(more, 401, 'user_unauthorized');
    const made = as('bob').createRow({ ...place, rowId: 'new', data: { title: 'x' } });
    await refused(made, 401, 'user_unauthorized');
  });

  it('30: a list is 401 without a grant, and with row security shows only the granted rows', async () => {
    await server.tablesDB.createRow({ ...place, rowId: 'a', data: { title: 'x' }, permissions: ['read("user:bob")'] });
    await server.tablesDB.createRow({ ...place, rowId: 'b', data: { title: 'x' } });
    await refused(as('bob').listRows(place), 401, 'user_unauthorized');
    await refused(as('bob').getRow({ ...place, rowId: 'a' }), 404, 'row_not_found');
    await table([], true);
    assert.deepEqual(
      (await as('bob').listRows(place)).rows.map(({ $id }) => $id),
      ['a'],
    );
    assert.equal((await as('ann').listRows(place)).total, 0);
    await table(['read("label:admin")']);
    assert.equal((await as('ann').listRows(place)).total, 2);
    await refused(as('bob').listRows(place), 401, 'user_unauthorized');
  });

  it('31: a disabled table or database is 404 for users and open to keys', async () => {
    await table(['read("any")', 'create("any")']);
    await server.tablesDB.createRow({ ...place, rowId: 'a', data: { title: 'x' } });
    await server.tablesDB.updateTable({ ...place, enabled: false });
    await refused(as('bob').listRows(place), 404, 'table_not_found');
    await refused(as('bob').getRow({ ...place, rowId: 'a' }), 404, 'table_not_found');
    assert.equal((await server.tablesDB.listRows(place)).total, 1);
    await server.tablesDB.updateTable({ ...place, enabled: true });
    await server.tablesDB.update({ databaseId: 'db', name: 'Data', enabled: false });
    await refused(as('bob').listRows(place), 404, 'database_not_found');
    assert.equal((await server.tablesDB.listRows(place)).total, 1);
  });

  it('31: many rows at once are 401 for a session', async () => {
    await table(['read("any")', 'write("any")']);
    const bob = as('bob');
    const rows = [{ $id: 'a', title: 'x' }];
    await refused(bob.createRows({ ...place, rows }), 401, 'general_unauthorized_scope');
    await refused(bob.upsertRows({ ...place, rows }), 401, 'general_unauthorized_scope');
    await refused(bob.updateRows({ ...place, data: { rank: 1 } }), 401, 'general_unauthorized_scope');
    await refused(bob.deleteRows(place), 401, 'general_unauthorized_scope');
    assert.equal((await server.tablesDB.listRows(place)).total, 0);
  });

  it('31: users have no scope for schemas', async () => {
    await refused(as('ann').listTables({ databaseId: 'db' }), 401, 'general_unauthorized_scope', /ann@example\.org/);
    const jwt = new TablesDB(server.client((client) => client.setJWT('bob')));
    await refused(jwt.list(), 401, 'general_unauthorized_scope', /role: users/);
    const cookie = { 'x-appwrite-key': null, cookie: 'x=1; a_session_demo=bob' };
    const answer = await server.ask('GET', '/tablesdb', { headers: cookie });
    assert.match(String(answer.body?.message), /bob@example\.org/);
  });
});
