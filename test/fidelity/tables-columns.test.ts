import assert from 'node:assert/strict';
import { Query, RelationshipType } from 'node-appwrite';
import type { FidelityServer } from './server.ts';
import { assertRefused, refused, startServer } from './server.ts';

const COLUMNS = '/tablesdb/db/tables/things/columns';
const place = { databaseId: 'db', tableId: 'things' };

describe('Appwrite stand-in: columns', () => {
  let server: FidelityServer;
  const make = (word: string, body: Record<string, unknown>) => server.ask('POST', `${COLUMNS}/${word}`, { body });
  const change = (word: string, key: string, body: Record<string, unknown>) =>
    server.ask('PATCH', `${COLUMNS}/${word}/${key}`, { body });
  const status = async (key: string) => (await server.ask('GET', `${COLUMNS}/${key}`)).body?.status;
  /** The first look sees it under way, the second its end. */
  const settle = async () => {
    await server.tablesDB.listColumns(place);
    return server.tablesDB.listColumns(place);
  };

  beforeEach(async () => {
    server = await startServer({
      faults: {
        column: (key) =>
          key === 'never' ? 'processing' : key === 'broken' ? 'failed' : key === 'jam' ? 'stuck' : null,
      },
    });
    await server.tablesDB.create({ databaseId: 'db', name: 'Data' });
    await server.tablesDB.createTable({ ...place, name: 'Things' });
  });
  afterEach(() => server.close());

  it('11: a column is 202 and processing, then available', async () => {
    const made = await make('integer', { key: 'rank', required: false });
    assert.deepEqual([made.status, made.body?.status], [202, 'processing']);
    assert.equal(await status('rank'), 'processing');
    assert.equal(await status('rank'), 'available');
  });

  it('11: columns are listed in the order of their creation', async () => {
    for (const key of ['zeta', 'alpha', 'mid']) await make('boolean', { key, required: false });
    const { columns } = await server.tablesDB.listColumns(place);
    assert.deepEqual(
      columns.map(({ key }) => key),
      ['zeta', 'alpha', 'mid'],
    );
  });

  it('11: an integer column has no size', async () => {
    const { body } = await make('integer', { key: 'rank', required: false, min: 1, max: 5 });
    assert.ok(body !== null && !('size' in body));
    assert.deepEqual([body.type, body.min, body.max], ['integer', 1, 5]);
  });

  it('11: a column can be held in processing, or end stuck or failed with an error', async () => {
    for (const key of ['never', 'broken', 'jam']) await make('boolean', { key, required: false });
    const { columns } = await settle();
    const states = columns.map((column) => [column.key, column.status, column.error !== '']);
    assert.deepEqual(states, [
      ['never', 'processing', false],
      ['broken', 'failed', true],
      ['jam', 'stuck', true],
    ]);
    assert.equal(await status('never'), 'processing');
  });

  it('12: a required column with a default is refused', async () => {
    const refusal = await make('boolean', { key: 'on', required: true, default: true });
    assertRefused(refusal, 400, 'column_default_unsupported');
    assert.equal((await server.tablesDB.listColumns(place)).total, 0);
  });

  it('12: an array with a default is refused', async () => {
    const refusal = await make('varchar', { key: 'tags', size: 9, required: false, array: true, default: 'x' });
    assertRefused(refusal, 400, 'column_default_unsupported');
  });

  it('12: a minimum above the maximum is refused', async () => {
    for (const word of ['integer', 'bigint', 'float']) {
      const refusal = await make(word, { key: 'rank', required: false, min: 5, max: 1 });
      assertRefused(refusal, 400, 'column_value_invalid', /Minimum/);
    }
  });

  it('13: formats are strings with a format', async () => {
    for (const word of ['email', 'url', 'ip']) {
      const { status, body } = await make(word, { key: word, required: false });
      assert.deepEqual([status, body?.type, body?.format], [202, 'string', word]);
    }
    const { body } = await make('enum', { key: 'state', elements: ['on', 'off'], required: false, default: 'on' });
    assert.deepEqual(
      [body?.type, body?.format, body?.elements, body?.default],
      ['string', 'enum', ['on', 'off'], 'on'],
    );
  });

  it('13: strings say whether they are encrypted, and a datetime is a datetime', async () => {
    const strings = { string: { size: 20 }, varchar: { size: 20 }, text: {}, mediumtext: {}, longtext: {} };
    for (const [word, own] of Object.entries(strings)) {
      const { body } = await make(word, { key: word, required: false, ...own });
      assert.deepEqual([body?.type, body?.encrypt, body?.size], [word, false, 'size' in own ? own.size : undefined]);
    }
    assert.equal(
      (await make('string', { key: 'secret', size: 200, required: false, encrypt: true })).body?.encrypt,
      true,
    );
    const small = await make('string', { key: 'small', size: 10, required: false, encrypt: true });
    assertRefused(small, 400, 'general_bad_request', /150/);
    assert.equal((await make('datetime', { key: 'due', required: false })).body?.type, 'datetime');
  });

  it('13: the other types have the fields of their models', async () => {
    const types = {
      float: 'double',
      bigint: 'bigint',
      boolean: 'boolean',
      point: 'point',
      line: 'linestring',
      polygon: 'polygon',
    };
    for (const [word, type] of Object.entries(types)) {
      const { status, body } = await make(word, { key: word, required: false });
      assert.deepEqual([status, body?.type, body?.default, body?.error], [202, type, null, ''], word);
    }
  });

  it('13: sizes and elements must be given, and fit', async () => {
    assertRefused(await make('varchar', { key: 'a', required: false }), 400, 'general_argument_invalid', /"size"/);
    const large = await make('varchar', { key: 'a', required: false, size: 16_382 });
    assertRefused(large, 400, 'general_argument_invalid', /size/);
    assertRefused(await make('enum', { key: 'a', required: false }), 400, 'general_argument_invalid', /"elements"/);
    const other = await make('enum', { key: 'a', required: false, elements: ['x'], default: 'y' });
    assertRefused(other, 400, 'column_value_invalid', /not found in elements/);
    const text = await make('email', { key: 'a', required: false, default: 'nobody' });
    assertRefused(text, 400, 'general_argument_invalid', /default/);
  });

  it('14: a relationship of two ways makes the column of the other table', async () => {
    const other = { databaseId: 'db', tableId: 'people' };
    await server.tablesDB.createTable({ ...other, name: 'People' });
    const made = await make('relationship', {
      relatedTableId: 'people',
      type: 'manyToOne',
      twoWay: true,
      key: 'owner',
      twoWayKey: 'things',
      onDelete: 'setNull',
    });
    assert.equal(made.status, 202);
    const { type, relatedTable, relationType, twoWay, twoWayKey, onDelete, side } = made.body ?? {};
    assert.deepEqual(
      { type, relatedTable, relationType, twoWay, twoWayKey, onDelete, side },
      {
        ...{ type: 'relationship', relatedTable: 'people', relationType: 'manyToOne' },
        ...{ twoWay: true, twoWayKey: 'things', onDelete: 'setNull', side: 'parent' },
      },
    );
    const child = (await server.tablesDB.listColumns(other)).columns[0];
    assert.deepEqual(
      { key: child?.key, side: Reflect.get(child ?? {}, 'side'), back: Reflect.get(child ?? {}, 'relatedTable') },
      { key: 'things', side: 'child', back: 'things' },
    );
  });

  it('14: a relationship is renamed with its other side, and goes with it', async () => {
    const other = { databaseId: 'db', tableId: 'people' };
    await server.tablesDB.createTable({ ...other, name: 'People' });
    const relation = { ...place, relatedTableId: 'people', twoWay: true, key: 'owner', twoWayKey: 'owned' };
    await server.tablesDB.createRelationshipColumn({ ...relation, type: RelationshipType.OneToMany });
    await settle();
    const again = server.tablesDB.createRelationshipColumn({
      ...relation,
      type: RelationshipType.OneToOne,
      key: 'second',
    });
    await refused(again, 409, 'column_already_exists');
    const changed = await server.tablesDB.updateRelationshipColumn({ ...place, key: 'owner', newKey: 'keeper' });
    assert.deepEqual([changed.key, changed.onDelete], ['keeper', 'restrict']);
    const child = await server.tablesDB.getColumn({ ...other, key: 'owned' });
    assert.equal(Reflect.get(child, 'twoWayKey'), 'keeper');
    await server.tablesDB.deleteColumn({ ...place, key: 'keeper' });
    await server.tablesDB.listColumns(other);
    assert.equal((await server.tablesDB.listColumns(other)).total, 0);
    const nobody = server.tablesDB.createRelationshipColumn({
      ...relation,
      relatedTableId: 'none',
      type: RelationshipType.OneToOne,
    });
    await refused(nobody, 404, 'table_not_found');
  });

  it('17: a deleted column is deleting until it is gone', async () => {
    await make('boolean', { key: 'on', required: false });
    await settle();
    const gone = await server.ask('DELETE', `${COLUMNS}/on`, { body: {} });
    assert.deepEqual([gone.status, gone.text], [204, '']);
    const { columns } = await server.tablesDB.listColumns(place);
    assert.deepEqual(
      columns.map(({ key, status }) => [key, status]),
      [['on', 'deleting']],
    );
    assert.equal((await server.tablesDB.listColumns(place)).total, 0);
    await refused(server.tablesDB.getColumn({ ...place, key: 'on' }), 404, 'column_not_found');
  });

  it('17: a column that an index uses is neither deleted nor renamed', async () => {
    await make('varchar', { key: 'title', size: 100, required: false });
    await settle();
    await server.tablesDB.createIndex({ ...place, key: 'i', type: 'key' as never, columns: ['title'] });
    await refused(server.tablesDB.deleteColumn({ ...place, key: 'title' }), 409, 'column_index_dependency');
    const renamed = change('varchar', 'title', { required: false, default: null, newKey: 'name' });
    assertRefused(await renamed, 409, 'column_index_dependency');
    await server.tablesDB.deleteIndex({ ...place, key: 'i' });
    await server.tablesDB.deleteColumn({ ...place, key: 'title' });
  });

  it('17: a column does not grow past the limit of its index', async () => {
    await make('varchar', { key: 'title', size: 700, required: false });
    await settle();
    await server.tablesDB.createIndex({ ...place, key: 'i', type: 'key' as never, columns: ['title'] });
    const larger = (size: number) => change('varchar', 'title', { required: false, default: null, size });
    assert.equal((await larger(768)).body?.size, 768);
    assertRefused(await larger(769), 400, 'column_index_invalid', /longer than the maximum/);
    assert.equal(Reflect.get(await server.tablesDB.getColumn({ ...place, key: 'title' }), 'size'), 768);
  });

  it('18: columns are not selected', async () => {
    const queries = [Query.select(['key'])];
    await refused(server.tablesDB.listColumns({ ...place, queries }), 400, 'general_argument_invalid');
    await make('boolean', { key: 'on', required: false });
    await make('boolean', { key: 'off', required: false });
    const filtered = await server.tablesDB.listColumns({ ...place, queries: [Query.equal('key', 'off')] });
    assert.deepEqual(
      filtered.columns.map(({ key }) => key),
      ['off'],
    );
  });

  it('changes in place what may be changed: required, default, size, bounds, elements', async () => {
    await make('varchar', { key: 'title', size: 20, required: false });
    await make('integer', { key: 'rank', required: false, min: 0, max: 9 });
    await make('enum', { key: 'state', elements: ['a', 'b'], required: false, default: 'a' });
    const early = await change('varchar', 'title', { required: false, default: null });
    assertRefused(early, 400, 'column_not_available');
    await settle();
    const title = await change('varchar', 'title', { required: false, default: 'new', size: 40, newKey: 'name' });
    assert.deepEqual([title.status, title.body?.key, title.body?.size, title.body?.default], [200, 'name', 40, 'new']);
    const rank = await change('integer', 'rank', { required: true, default: null, max: 20 });
    assert.deepEqual([rank.body?.required, rank.body?.min, rank.body?.max], [true, 0, 20]);
    const state = await change('enum', 'state', { elements: ['b', 'c'], required: false, default: 'c' });
    assert.deepEqual([state.body?.elements, state.body?.default], [['b', 'c'], 'c']);
    assertRefused(await change('integer', 'name', { required: false, default: null }), 400, 'column_type_invalid');
    assertRefused(await change('integer', 'rank', { required: true, default: 3 }), 400, 'column_default_unsupported');
    assertRefused(await change('integer', 'rank', { required: true }), 400, 'general_argument_invalid', /"default"/);
    assertRefused(await change('integer', 'none', { required: true, default: null }), 404, 'column_not_found');
    const clash = await change('varchar', 'name', { required: false, default: null, newKey: 'rank' });
    assertRefused(clash, 409, 'column_already_exists');
  });

  it('keeps the values of a renamed column, and refuses a size that they do not fit', async () => {
    await make('varchar', { key: 'title', size: 20, required: false });
    await settle();
    await server.tablesDB.createRow({ ...place, rowId: 'r', data: { title: 'eleven char' } });
    const small = await change('varchar', 'title', { required: false, default: null, size: 10 });
    assertRefused(small, 400, 'column_invalid_resize');
    await change('varchar', 'title', { required: false, default: null, newKey: 'name' });
    const row = await server.tablesDB.getRow({ ...place, rowId: 'r' });
    assert.deepEqual([row.name, 'title' in row], ['eleven char', false]);
  });

  it('shows rows without columns that are not there yet, or no longer', async () => {
    await make('varchar', { key: 'title', size: 20, required: false });
    await settle();
    await make('integer', { key: 'never', required: true });
    const row = await server.tablesDB.createRow({ ...place, rowId: 'r', data: { title: 'x' } });
    assert.equal('never' in row, false);
    const early = server.tablesDB.createRow({ ...place, rowId: 's', data: { title: 'x', never: 1 } });
    await refused(early, 400, 'row_invalid_structure', /never/);
    await server.tablesDB.deleteColumn({ ...place, key: 'title' });
    assert.equal('title' in (await server.tablesDB.getRow({ ...place, rowId: 'r' })), false);
  });
});
