import assert from 'node:assert/strict';
import { Query } from 'node-appwrite';
import type { FidelityServer } from './server.ts';
import { refused, startServer } from './server.ts';

describe('Appwrite stand-in: databases and tables', () => {
  let server: FidelityServer;
  before(async () => {
    server = await startServer();
    await server.tablesDB.create({ databaseId: 'db', name: 'Data' });
  });
  after(() => server.close());

  it('8: a database is 201, of type tablesdb, enabled', async () => {
    const answer = await server.ask('POST', '/tablesdb', { body: { databaseId: 'eight', name: 'Eight' } });
    assert.equal(answer.status, 201);
    const { $id, name, enabled, type } = answer.body ?? {};
    assert.deepEqual({ $id, name, enabled, type }, { $id: 'eight', name: 'Eight', enabled: true, type: 'tablesdb' });
  });

  it('8: lists search names and filter on enabled', async () => {
    await server.tablesDB.create({ databaseId: 'closed', name: 'Closed shop', enabled: false });
    assert.deepEqual(
      (await server.tablesDB.list({ search: 'shop' })).databases.map(({ $id }) => $id),
      ['closed'],
    );
    const disabled = await server.tablesDB.list({ queries: [Query.equal('enabled', false)] });
    assert.deepEqual(
      disabled.databases.map(({ $id }) => $id),
      ['closed'],
    );
  });

  it('9: a table starts empty, with row security off', async () => {
    const answer = await server.ask('POST', '/tablesdb/db/tables', { body: { tableId: 'nine', name: 'Nine' } });
    assert.equal(answer.status, 201);
    const { columns, indexes, rowSecurity, enabled, bytesMax, bytesUsed, $permissions } = answer.body ?? {};
    assert.deepEqual(
      { columns, indexes, rowSecurity, enabled, $permissions },
      { columns: [], indexes: [], rowSecurity: false, enabled: true, $permissions: [] },
    );
    assert.ok(Number.isInteger(bytesMax) && Number.isInteger(bytesUsed) && Number(bytesUsed) >= 0);
  });

  it('9: columns count against the width, and one too wide is refused', async () => {
    const wide = { databaseId: 'db', tableId: 'wide' };
    const before = await server.tablesDB.createTable({ ...wide, name: 'Wide' });
    await server.tablesDB.createVarcharColumn({ ...wide, key: 'a', size: 16_000, required: false });
    const after = await server.tablesDB.getTable(wide);
    assert.ok(after.bytesUsed > before.bytesUsed);
    const second = server.tablesDB.createVarcharColumn({ ...wide, key: 'b', size: 16_000, required: false });
    await refused(second, 400, 'column_limit_exceeded');
    await server.tablesDB.createLongtextColumn({ ...wide, key: 'c', required: false });
  });

  const INLINE = [
    { key: 'title', type: 'string', size: 100, required: true },
    { key: 'mail', type: 'string', format: 'email' },
    { key: 'site', type: 'string', format: 'url' },
    { key: 'host', type: 'string', format: 'ip' },
    { key: 'state', type: 'string', format: 'enum', elements: ['open', 'done'], default: 'open' },
    { key: 'rank', type: 'integer', min: 0, max: 9 },
    { key: 'big', type: 'bigint' },
    { key: 'score', type: 'double', default: 0.5 },
    { key: 'on', type: 'boolean', default: true },
    { key: 'due', type: 'datetime' },
    { key: 'spot', type: 'point', required: true },
    { key: 'path', type: 'linestring' },
    { key: 'area', type: 'polygon' },
    { key: 'tags', type: 'string', size: 20, array: true },
  ];

  it('10: inline columns and indexes are available at once', async () => {
    const ten = { databaseId: 'db', tableId: 'ten' };
    const made = await server.tablesDB.createTable({
      ...ten,
      name: 'Ten',
      columns: INLINE,
      indexes: [
        { key: 'by_title', type: 'unique', attributes: ['title'], orders: ['ASC'] },
        { key: 'by_spot', type: 'spatial', attributes: ['spot'] },
      ],
    });
    const parts = [...made.columns, ...made.indexes];
    assert.deepEqual(
      parts.map(({ key }) => key),
      [...INLINE.map(({ key }) => key), 'by_title', 'by_spot'],
    );
    assert.ok(parts.every(({ status }) => status === 'available'));
    assert.equal((await server.tablesDB.listColumns(ten)).total, INLINE.length);
    assert.equal((await server.tablesDB.listIndexes(ten)).total, 2);
    assert.deepEqual(made.indexes[0]?.columns, ['title']);
  });

  const BAD = {
    'a required column with a default': {
      columns: [
        { key: 'ok', type: 'integer' },
        { key: 'a', type: 'string', size: 10, required: true, default: 'x' },
      ],
    },
    'a string without a size': { columns: [{ key: 'a', type: 'string' }] },
    'an unknown type': { columns: [{ key: 'a', type: 'colour' }] },
    'a relationship': { columns: [{ key: 'a', type: 'relationship' }] },
    'a type that this server knows on its own routes only': { columns: [{ key: 'a', type: 'varchar', size: 9 }] },
    'two columns of one name': {
      columns: [
        { key: 'a', type: 'integer' },
        { key: 'A', type: 'integer' },
      ],
    },
    'an index of an unknown column': {
      columns: [{ key: 'a', type: 'integer' }],
      indexes: [{ key: 'i', type: 'key', attributes: ['b'] }],
    },
    'an index without columns': { indexes: [{ key: 'i', type: 'key', attributes: [] }] },
    'a fulltext index on a number': {
      columns: [{ key: 'a', type: 'integer' }],
      indexes: [{ key: 'i', type: 'fulltext', attributes: ['a'] }],
    },
  };
  for (const [what, parts] of Object.entries(BAD)) {
    it(`10: ${what} among the inline entries is 400, and no table remains`, async () => {
      const answer = await server.ask('POST', '/tablesdb/db/tables', {
        body: { tableId: 'bad', name: 'Bad', ...parts },
      });
      assert.equal(answer.status, 400, answer.text);
      await refused(server.tablesDB.getTable({ databaseId: 'db', tableId: 'bad' }), 404, 'table_not_found');
    });
  }

  it('10: more than 100 inline columns are 400', async () => {
    const columns = Array.from({ length: 101 }, (_, at) => ({ key: `c${at}`, type: 'boolean' }));
    const made = server.tablesDB.createTable({ databaseId: 'db', tableId: 'many', name: 'Many', columns });
    await refused(made, 400, 'general_argument_invalid', /columns/);
  });
});
