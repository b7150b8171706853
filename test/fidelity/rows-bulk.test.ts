import assert from 'node:assert/strict';
import { Query, RelationshipType } from 'node-appwrite';
import type { FidelityServer } from './server.ts';
import { assertRefused, refused, startServer } from './server.ts';

const ROWS = '/tablesdb/db/tables/notes/rows';
const place = { databaseId: 'db', tableId: 'notes' };

describe('Appwrite stand-in: many rows at once, and related rows', () => {
  let server: FidelityServer;
  const list = async () => {
    const { rows } = await server.tablesDB.listRows(place);
    return rows.map(({ $id, title, rank }) => [$id, title, rank]);
  };

  beforeEach(async () => {
    server = await startServer();
    await server.tablesDB.create({ databaseId: 'db', name: 'Data' });
    const columns = [
      { key: 'title', type: 'string', size: 20, required: true },
      { key: 'rank', type: 'integer' },
    ];
    await server.tablesDB.createTable({ ...place, name: 'Notes', columns });
  });
  afterEach(() => server.close());

  it('creates all rows, each with its own permissions, or none', async () => {
    const rows = [
      { $id: 'a', title: 'A', rank: 1, $permissions: ['write("any")'] },
      { $id: 'b', title: 'B' },
    ];
    const made = await server.tablesDB.createRows({ ...place, rows });
    assert.equal(made.total, 2);
    assert.deepEqual(made.rows[0]?.$permissions, ['update("any")', 'delete("any")']);
    const clash = [
      { $id: 'c', title: 'C' },
      { $id: 'a', title: 'A' },
    ];
    await refused(server.tablesDB.createRows({ ...place, rows: clash }), 409, 'row_already_exists');
    const wrong = [{ $id: 'c', title: 'C' }, { $id: 'd' }];
    await refused(server.tablesDB.createRows({ ...place, rows: wrong }), 400, 'row_invalid_structure');
    assert.deepEqual(await list(), [
      ['a', 'A', 1],
      ['b', 'B', null],
    ]);
    const both = { rows, data: { title: 'x' }, rowId: 'x' };
    assertRefused(await server.ask('POST', ROWS, { body: both }), 400, 'general_bad_request');
    const many = Array.from({ length: 101 }, (_, at) => ({ $id: `m${at}`, title: 'M' }));
    await refused(server.tablesDB.createRows({ ...place, rows: many }), 400, 'general_argument_invalid', /rows/);
  });

  it('upserts, changes and deletes what the queries match', async () => {
    const rows = ['a', 'b', 'c'].map((id, at) => ({ $id: id, title: id, rank: at }));
    await server.tablesDB.createRows({ ...place, rows });
    const upserted = await server.tablesDB.upsertRows({
      ...place,
      rows: [
        { $id: 'a', title: 'A' },
        { $id: 'd', title: 'd', rank: 3 },
      ],
    });
    assert.equal(upserted.total, 2);
    const changed = await server.tablesDB.updateRows({
      ...place,
      data: { title: 'new' },
      queries: [Query.greaterThan('rank', 1)],
    });
    assert.deepEqual(
      changed.rows.map(({ $id }) => $id),
      ['c', 'd'],
    );
    assert.deepEqual(await list(), [
      ['a', 'A', 0],
      ['b', 'b', 1],
      ['c', 'new', 2],
      ['d', 'new', 3],
    ]);
    const gone = await server.tablesDB.deleteRows({ ...place, queries: [Query.equal('title', 'new'), Query.limit(1)] });
    assert.deepEqual(
      gone.rows.map(({ $id }) => $id),
      ['c'],
    );
    assertRefused(await server.ask('PATCH', ROWS, { body: {} }), 400, 'row_missing_payload');
    assert.equal((await server.tablesDB.deleteRows(place)).total, 3);
    assert.deepEqual(await list(), []);
  });

  it('deletes more rows than a page has', async () => {
    const rows = Array.from({ length: 60 }, (_, at) => ({ $id: `r${at}`, title: 'x' }));
    await server.tablesDB.createRows({ ...place, rows });
    assert.equal((await server.tablesDB.deleteRows(place)).total, 60);
  });

  describe('with a relationship', () => {
    const people = { databaseId: 'db', tableId: 'people' };
    const relate = async (type: RelationshipType, onDelete: 'cascade' | 'restrict' | 'setNull') => {
      await server.tablesDB.createTable({
        ...people,
        name: 'People',
        columns: [{ key: 'name', type: 'string', size: 20 }],
      });
      const relation = { ...place, relatedTableId: 'people', type, twoWay: true, key: 'owner', twoWayKey: 'notes' };
      await server.tablesDB.createRelationshipColumn({ ...relation, onDelete: onDelete as never });
      await server.tablesDB.getColumn({ ...place, key: 'owner' });
      await server.tablesDB.getColumn({ ...people, key: 'notes' });
      await server.tablesDB.createRow({ ...people, rowId: 'p', data: { name: 'Pat' } });
    };
    const owner = async (rowId: string) => {
      const queries = [Query.select(['*', 'owner.*'])];
      return (await server.tablesDB.getRow({ ...place, rowId, queries })).owner;
    };

    it('shows related rows of both sides when they are selected', async () => {
      await relate(RelationshipType.ManyToOne, 'setNull');
      const made = await server.tablesDB.createRow({ ...place, rowId: 'n', data: { title: 'N', owner: 'p' } });
      assert.equal('owner' in made, false);
      assert.equal(Reflect.get(await owner('n'), 'name'), 'Pat');
      const queries = [Query.select(['notes.title'])];
      const person = await server.tablesDB.getRow({ ...people, rowId: 'p', queries });
      assert.deepEqual(
        person.notes.map((note: Record<string, unknown>) => note.title),
        ['N'],
      );
      await server.tablesDB.updateRow({ ...people, rowId: 'p', data: { notes: [] } });
      assert.equal(await owner('n'), null);
      const list = server.tablesDB.updateRow({ ...place, rowId: 'n', data: { owner: ['p'] } });
      await refused(list, 400, 'relationship_value_invalid');
      await refused(server.tablesDB.deleteRows(place), 400, 'general_bad_request');
    });

    it('does what onDelete says', async () => {
      await relate(RelationshipType.OneToMany, 'restrict');
      await server.tablesDB.createRow({ ...place, rowId: 'n', data: { title: 'N', owner: ['p'] } });
      await refused(server.tablesDB.deleteRow({ ...place, rowId: 'n' }), 403, 'row_delete_restricted');
      await server.tablesDB.updateRelationshipColumn({ ...place, key: 'owner', onDelete: 'cascade' as never });
      await server.tablesDB.deleteRow({ ...place, rowId: 'n' });
      await refused(server.tablesDB.getRow({ ...people, rowId: 'p' }), 404, 'row_not_found');
    });
  });
});
