import assert from 'node:assert/strict';
import { Query } from 'node-appwrite';
import type { FidelityServer } from './server.ts';
import { refused, startServer } from './server.ts';

const place = { databaseId: 'db', tableId: 'notes' };

describe('Appwrite stand-in: queries', () => {
  let server: FidelityServer;
  const list = (...queries: string[]) => server.tablesDB.listRows({ ...place, queries });
  const ids = async (...queries: string[]) => (await list(...queries)).rows.map(({ $id }) => $id);

  before(async () => {
    server = await startServer();
    await server.tablesDB.create({ databaseId: 'db', name: 'Data' });
    await server.tablesDB.createTable({
      ...place,
      name: 'Notes',
      columns: [
        { key: 'title', type: 'string', size: 200 },
        { key: 'body', type: 'string', size: 200 },
        { key: 'rank', type: 'integer' },
        { key: 'on', type: 'boolean' },
        { key: 'due', type: 'datetime' },
        { key: 'tags', type: 'string', size: 20, array: true },
      ],
      indexes: [{ key: 'in_body', type: 'fulltext', attributes: ['body'] }],
    });
    const rows = [
      { $id: 'a', title: 'apple', body: 'red fruit', rank: 1, on: true, due: '2026-01-01', tags: ['red', 'fruit'] },
      { $id: 'b', title: 'banana', body: 'yellow fruit', rank: 2, on: false, due: '2026-02-01', tags: ['yellow'] },
      { $id: 'c', title: 'carrot', body: 'orange root', rank: 3, on: true, due: '2026-03-01', tags: ['fruitless'] },
      { $id: 'd', title: 'date', body: 'brown', tags: [] },
    ];
    await server.tablesDB.createRows({ ...place, rows });
  });
  after(() => server.close());

  it('26: more than 500 values are 400', async () => {
    const values = (count: number) => Array.from({ length: count }, (_, at) => at);
    assert.deepEqual(await ids(Query.equal('rank', values(500))), ['a', 'b', 'c']);
    await refused(list(Query.equal('rank', values(501))), 400, 'general_query_invalid', /500/);
  });

  it('26: a bad datetime is 400', async () => {
    assert.deepEqual(await ids(Query.greaterThan('due', '2026-01-15')), ['b', 'c']);
    assert.deepEqual(await ids(Query.equal('due', '2026-02-01T01:00:00+01:00')), ['b']);
    await refused(list(Query.greaterThan('due', 'tomorrow')), 400, 'general_query_invalid');
    await refused(list(Query.lessThan('$createdAt', 'yesterday')), 400, 'general_query_invalid');
  });

  it('26: contains matches whole items of a list, and parts of a text', async () => {
    assert.deepEqual(await ids(Query.contains('tags', ['fruit'])), ['a']);
    assert.deepEqual(await ids(Query.contains('tags', ['red', 'yellow'])), ['a', 'b']);
    assert.deepEqual(await ids(Query.contains('title', 'an')), ['b']);
    assert.deepEqual(await ids(Query.notContains('title', 'a')), []);
    await refused(list(Query.contains('rank', [1])), 400, 'general_query_invalid', /contains/);
    await refused(list(Query.equal('tags', 'red')), 400, 'general_query_invalid', /array/);
  });

  it('26: a value of another type is 400, and so are too many queries and too long ones', async () => {
    await refused(list(Query.equal('rank', 'one')), 400, 'general_query_invalid', /rank/);
    await refused(list(Query.equal('on', 'yes')), 400, 'general_query_invalid', /on/);
    const many = Array.from({ length: 101 }, () => Query.isNotNull('title'));
    await refused(list(...many), 400, 'general_argument_invalid', /queries/);
    await refused(list(Query.equal('title', 'x'.repeat(4096))), 400, 'general_argument_invalid', /4096/);
    await refused(list('{"method":"guess","attribute":"title","values":[1]}'), 400, 'general_query_invalid');
  });

  it('27: search needs a fulltext index', async () => {
    assert.deepEqual(await ids(Query.search('body', 'fruit')), ['a', 'b']);
    await refused(list(Query.search('title', 'apple')), 400, 'general_query_invalid', /fulltext/);
  });

  it('27: an order over a null value with a cursor is 400', async () => {
    assert.deepEqual(await ids(Query.orderAsc('rank'), Query.cursorAfter('a')), ['b', 'c']);
    const unordered = list(Query.orderAsc('rank'), Query.cursorAfter('d'));
    await refused(unordered, 400, 'database_query_order_null', /rank/);
  });

  it('filters, orders and pages', async () => {
    assert.deepEqual(await ids(Query.notEqual('title', 'apple')), ['b', 'c', 'd']);
    assert.deepEqual(await ids(Query.between('rank', 2, 3)), ['b', 'c']);
    assert.deepEqual(await ids(Query.notBetween('rank', 2, 3)), ['a']);
    assert.deepEqual(await ids(Query.startsWith('title', 'b')), ['b']);
    assert.deepEqual(await ids(Query.endsWith('title', 'te')), ['d']);
    assert.deepEqual(await ids(Query.isNull('rank')), ['d']);
    assert.deepEqual(await ids(Query.equal('on', true), Query.lessThan('rank', 3)), ['a']);
    assert.deepEqual(await ids(Query.or([Query.equal('rank', 1), Query.isNull('rank')])), ['a', 'd']);
    assert.deepEqual(await ids(Query.orderDesc('title'), Query.limit(2), Query.offset(1)), ['c', 'b']);
    assert.deepEqual(await ids(Query.cursorBefore('c'), Query.limit(1)), ['b']);
    assert.deepEqual((await ids(Query.orderRandom())).sort(), ['a', 'b', 'c', 'd']);
  });

  it('selects columns, and keeps the fields of the server', async () => {
    const [row] = (await list(Query.select(['title']), Query.limit(1))).rows;
    assert.ok(row !== undefined);
    assert.deepEqual(Object.keys(row).sort(), [
      '$createdAt',
      '$databaseId',
      '$id',
      '$permissions',
      '$sequence',
      '$tableId',
      '$updatedAt',
      'title',
    ]);
  });
});
