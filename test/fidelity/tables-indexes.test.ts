import assert from 'node:assert/strict';
import type { FidelityServer } from './server.ts';
import { assertRefused, refused, startServer } from './server.ts';

const TABLE = '/tablesdb/db/tables/things';
const place = { databaseId: 'db', tableId: 'things' };

describe('Appwrite stand-in: indexes', () => {
  let server: FidelityServer;
  const make = (key: string, columns: string[], more: Record<string, unknown> = {}) =>
    server.ask('POST', `${TABLE}/indexes`, { body: { key, type: 'key', columns, ...more } });

  before(async () => {
    server = await startServer({ faults: { index: (key) => (key === 'broken' ? 'failed' : null) } });
    await server.tablesDB.create({ databaseId: 'db', name: 'Data' });
    await server.tablesDB.createTable({
      ...place,
      name: 'Things',
      columns: [
        { key: 'title', type: 'string', size: 200 },
        { key: 'body', type: 'string', size: 5000 },
        { key: 'rank', type: 'integer' },
        { key: 'tags', type: 'string', size: 20, array: true },
        { key: 'spot', type: 'point', required: true },
        { key: 'place', type: 'point' },
      ],
    });
  });
  after(() => server.close());

  it('15: an index is 202 and processing, then available', async () => {
    const made = await make('by_title', ['title', 'rank'], { orders: ['ASC', 'DESC'] });
    assert.deepEqual([made.status, made.body?.status, made.body?.columns], [202, 'processing', ['title', 'rank']]);
    const look = async () => (await server.tablesDB.getIndex({ ...place, key: 'by_title' })).status;
    assert.equal(await look(), 'processing');
    assert.equal(await look(), 'available');
    assertRefused(await make('by_title', ['rank']), 409, 'column_index_already_exists');
  });

  const REFUSED: [string, string[], Record<string, unknown>, string, RegExp][] = [
    ['no columns', [], {}, 'column_index_invalid', /^No attributes provided for index$/],
    ['a column named twice', ['rank', 'rank'], {}, 'column_index_invalid', /Duplicate/],
    ['fulltext on an integer', ['rank'], { type: 'fulltext' }, 'column_index_invalid', /fulltext/],
    ['an array column', ['tags'], {}, 'column_index_invalid', /array/],
    ['an unknown column', ['nothing'], {}, 'column_unknown', /nothing/],
    ['a column that is too long', ['body'], {}, 'column_index_invalid', /longer than the maximum/],
    [
      'columns that are too long together',
      ['title', 'body'],
      { lengths: [200, 600] },
      'column_index_invalid',
      /longer than/,
    ],
    ['a length above the size', ['title'], { lengths: [201] }, 'column_index_invalid', /larger than/],
    ['a spatial index on text', ['title'], { type: 'spatial' }, 'column_index_invalid', /[Ss]patial/],
    ['a spatial index on an optional column', ['place'], { type: 'spatial' }, 'column_index_invalid', /null/],
    ['a type that does not exist', ['rank'], { type: 'round' }, 'general_argument_invalid', /type/],
  ];
  for (const [what, columns, more, type, message] of REFUSED) {
    it(`15: ${what} is 400`, async () => {
      assertRefused(await make('bad', columns, more), 400, type, message);
      await refused(server.tablesDB.getIndex({ ...place, key: 'bad' }), 404, 'column_index_not_found');
    });
  }

  it('15: lengths make room for long strings, and other kinds of index work', async () => {
    assert.equal((await make('by_body', ['body'], { lengths: [700] })).status, 202);
    assert.equal((await make('in_body', ['body'], { type: 'fulltext' })).status, 202);
    assert.equal((await make('by_spot', ['spot'], { type: 'spatial' })).status, 202);
  });

  it('16: a column that is still processing is not indexed yet', async () => {
    await server.tablesDB.createBooleanColumn({ ...place, key: 'late', required: false });
    assertRefused(await make('by_late', ['late']), 400, 'column_not_available', /late/);
    await server.tablesDB.getColumn({ ...place, key: 'late' });
    assert.equal((await make('by_late', ['late'])).status, 202);
  });

  it('16: the dates and the id may be indexed', async () => {
    assert.equal((await make('by_system', ['$id', '$createdAt', '$updatedAt'])).status, 202);
  });

  it('16: an index can be made to fail, and a deleted one goes', async () => {
    await make('broken', ['rank']);
    const look = () => server.tablesDB.getIndex({ ...place, key: 'broken' });
    await look();
    const ended = await look();
    assert.deepEqual([ended.status, ended.error !== ''], ['failed', true]);
    await server.tablesDB.deleteIndex({ ...place, key: 'broken' });
    assert.equal((await look()).status, 'deleting');
    await refused(look(), 404, 'column_index_not_found');
  });
});
