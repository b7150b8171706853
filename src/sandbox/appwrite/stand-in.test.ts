import assert from 'node:assert/strict';
import { AppwriteException, Client, Databases, Functions, Query, TablesDB } from 'node-appwrite';
import { eventually, makeFolder } from '../../../test/contracts/deployer-support.ts';
import { useTraffic } from '../../../test/specs/traffic.ts';
import type { AppwriteStandIn } from './stand-in.ts';
import { startAppwriteStandIn } from './stand-in.ts';

interface ErrorBody {
  message: string;
  code: number;
  type: string;
  version: string;
}

describe('Appwrite stand-in: API', () => {
  let data: Awaited<ReturnType<typeof makeFolder>>;
  let server: AppwriteStandIn;
  let tablesDB: TablesDB;
  let functions: Functions;
  const table = { databaseId: 'db', tableId: 'notes' };
  const watch = useTraffic();

  const ask = async (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) => {
    const response = await fetch(`${server.endpoint}${path}`, init);
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as ErrorBody) };
  };
  const keyed = () => ({ 'x-appwrite-project': server.projectId, 'x-appwrite-key': server.apiKey });
  const refused = async (work: Promise<unknown>, code: number, type: string) => {
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof AppwriteException, String(error));
      assert.deepEqual([error.code, error.type], [code, type], error.message);
      return true;
    });
  };

  before(async () => {
    data = await makeFolder({});
    server = await startAppwriteStandIn({ dataDir: data.dir, projectId: 'demo', apiKey: 'secret-key' });
    watch('appwrite', server.endpoint);
    const client = new Client().setEndpoint(server.endpoint).setProject('demo').setKey('secret-key');
    tablesDB = new TablesDB(client);
    functions = new Functions(client);
    await tablesDB.create({ databaseId: 'db', name: 'Data' });
    await tablesDB.createTable({
      ...table,
      name: 'Notes',
      permissions: ['read("any")', 'create("guests")'],
      columns: [
        { key: 'title', type: 'string', size: 20, required: true },
        { key: 'rank', type: 'integer', required: false, min: 0, max: 10 },
        { key: 'tags', type: 'string', size: 10, required: false, array: true },
        { key: 'due', type: 'datetime', required: false },
        { key: 'state', type: 'string', format: 'enum', elements: ['open', 'done'], required: false, default: 'open' },
      ],
      indexes: [{ key: 'by_title', type: 'unique', attributes: ['title'] }],
    });
  });
  after(async () => {
    await server.close();
    await data.remove();
  });

  it('checks route, project, credentials, scope, parameters and resource in that order', async () => {
    const unknownRoute = await ask('/nothing/here');
    assert.deepEqual([unknownRoute.status, unknownRoute.body?.type], [404, 'general_route_not_found']);
    assert.deepEqual([unknownRoute.body?.code, unknownRoute.body?.version], [404, '1.9.5']);
    const project = await ask('/functions', { headers: { 'x-appwrite-project': 'other', 'x-appwrite-key': 'wrong' } });
    assert.deepEqual([project.status, project.body?.type], [404, 'project_not_found']);
    const key = await ask('/functions', { headers: { ...keyed(), 'x-appwrite-key': 'wrong' } });
    assert.deepEqual([key.status, key.body?.type], [401, 'general_unauthorized_scope']);
    const guest = await ask('/functions?queries[0]=broken', { headers: { 'x-appwrite-project': 'demo' } });
    assert.deepEqual([guest.status, guest.body?.type], [401, 'general_unauthorized_scope']);
    assert.match(guest.body?.message ?? '', /functions\.read/);
    const bad = await ask('/tablesdb/none/tables/none/rows?queries[0]=broken', { headers: keyed() });
    assert.deepEqual([bad.status, bad.body?.type], [404, 'database_not_found']);
    const missing = await ask('/tablesdb', { method: 'POST', headers: keyed(), body: '{"name":"x"}' });
    assert.match(missing.body?.message ?? '', /"databaseId" is not optional/);
  });

  it('answers the version to anybody', async () => {
    assert.deepEqual(await ask('/health/version'), { status: 200, body: { version: '1.9.5' } as never });
  });

  it('makes inline columns available at once, with the fields of their models', async () => {
    const { columns, total } = await tablesDB.listColumns(table);
    assert.equal(total, 5);
    assert.ok(columns.every(({ status }) => status === 'available'));
    const rank = columns.find(({ key }) => key === 'rank');
    assert.ok(rank !== undefined && !('size' in rank));
    const state = columns.find(({ key }) => key === 'state');
    assert.deepEqual(
      { type: state?.type, format: Reflect.get(state ?? {}, 'format') },
      { type: 'string', format: 'enum' },
    );
    assert.match(columns[0]?.$createdAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
  });

  it('replaces the settings of a table that an update does not name, as PUT does', async () => {
    const grant = { databaseId: 'db', tableId: 'put', name: 'Put' };
    await tablesDB.createTable({ ...grant, permissions: ['write("any")'], rowSecurity: true, enabled: false });
    const updated = await tablesDB.updateTable({ databaseId: 'db', tableId: 'put', name: 'New name' });
    assert.deepEqual([updated.rowSecurity, updated.enabled, updated.name], [false, true, 'New name']);
    assert.deepEqual(updated.$permissions, ['create("any")', 'update("any")', 'delete("any")']);
    await tablesDB.deleteTable({ databaseId: 'db', tableId: 'put' });
    await refused(tablesDB.getTable({ databaseId: 'db', tableId: 'put' }), 404, 'table_not_found');
  });

  it('refuses an update of a row that has changed since', async () => {
    await tablesDB.createRow({ ...table, rowId: 'stamped', data: { title: 'stamped' } });
    const path = '/tablesdb/db/tables/notes/rows/stamped';
    const stale = {
      ...keyed(),
      'content-type': 'application/json',
      'x-appwrite-timestamp': '2020-01-01T00:00:00.000Z',
    };
    const answer = await ask(path, { method: 'PATCH', headers: stale, body: '{"data":{"rank":1}}' });
    assert.deepEqual([answer.status, answer.body?.type], [409, 'row_update_conflict']);
    await tablesDB.deleteRow({ ...table, rowId: 'stamped' });
  });

  it('makes no table when one inline entry is bad', async () => {
    const bad = [{ key: 'a', type: 'string', size: 10, required: true, default: 'x' }];
    await refused(
      tablesDB.createTable({ databaseId: 'db', tableId: 'bad', name: 'Bad', columns: bad }),
      400,
      'column_default_unsupported',
    );
    await refused(tablesDB.getTable({ databaseId: 'db', tableId: 'bad' }), 404, 'table_not_found');
  });

  it('processes a column made on its own before it may be indexed', async () => {
    const column = await tablesDB.createIntegerColumn({ ...table, key: 'later', required: false });
    assert.equal(column.status, 'processing');
    const index = { ...table, key: 'by_later', type: 'key' as never, columns: ['later'] };
    await refused(tablesDB.createIndex(index), 400, 'column_not_available');
    await eventually('the column', async () => {
      const { status } = await tablesDB.getColumn({ ...table, key: 'later' });
      return status === 'available' ? status : null;
    });
    assert.equal((await tablesDB.createIndex(index)).status, 'processing');
    await refused(tablesDB.createIndex({ ...index, key: 'k2', columns: ['nothing'] }), 400, 'column_unknown');
    await refused(tablesDB.createIndex({ ...index, key: 'k3', columns: ['tags'] }), 400, 'column_index_invalid');
    await refused(tablesDB.deleteColumn({ ...table, key: 'later' }), 409, 'column_index_dependency');
  });

  it('stores rows with their system fields, defaults and UTC dates', async () => {
    const row = await tablesDB.createRow({
      ...table,
      rowId: 'one',
      data: { title: 'First', due: '1975-06-12 14:12:55+02:00' },
    });
    const { $sequence, $createdAt, $updatedAt, ...rest } = row;
    assert.equal(typeof $sequence, 'string');
    assert.match($createdAt, /\+00:00$/);
    assert.match($updatedAt, /\+00:00$/);
    assert.deepEqual(
      { ...rest },
      {
        $id: 'one',
        $databaseId: 'db',
        $tableId: 'notes',
        $permissions: [],
        title: 'First',
        rank: null,
        tags: [],
        due: '1975-06-12T12:12:55.000+00:00',
        state: 'open',
        later: null,
      },
    );
  });

  it('refuses rows that do not fit, and clashes', async () => {
    const create = (rowId: string, rowData: Record<string, unknown>) =>
      tablesDB.createRow({ ...table, rowId, data: rowData as never });
    await refused(create('x', {}), 400, 'row_invalid_structure');
    await refused(create('x', { title: 'a'.repeat(21) }), 400, 'row_invalid_structure');
    await refused(create('x', { title: 'a', rank: 11 }), 400, 'row_invalid_structure');
    await refused(create('x', { title: 'a', state: 'other' }), 400, 'row_invalid_structure');
    await refused(create('x', { title: 'a', unknown: 1 }), 400, 'row_invalid_structure');
    await refused(create('x', { title: 'First' }), 409, 'row_already_exists');
    await refused(create('one', { title: 'b' }), 409, 'row_already_exists');
  });

  it('merges updates, keeps $createdAt in upserts, deletes', async () => {
    const updated = await tablesDB.updateRow({ ...table, rowId: 'one', data: { rank: 3 } });
    assert.deepEqual([Reflect.get(updated, 'title'), Reflect.get(updated, 'rank')], ['First', 3]);
    const permitted = await tablesDB.updateRow({ ...table, rowId: 'one', permissions: ['write("users")'] });
    assert.deepEqual(permitted.$permissions, ['update("users")', 'delete("users")']);
    await refused(tablesDB.updateRow({ ...table, rowId: 'one' }), 400, 'row_missing_payload');
    const upserted = await tablesDB.upsertRow({ ...table, rowId: 'one', data: { title: 'First' } });
    assert.equal(upserted.$createdAt, updated.$createdAt);
    await tablesDB.upsertRow({ ...table, rowId: 'gone', data: { title: 'Gone' } });
    await tablesDB.deleteRow({ ...table, rowId: 'gone' });
    await refused(tablesDB.getRow({ ...table, rowId: 'gone' }), 404, 'row_not_found');
  });

  it('filters, orders, pages and selects', async () => {
    for (const [position, title] of ['b', 'c', 'd'].entries()) {
      await tablesDB.createRow({
        ...table,
        rowId: `r-${title}`,
        data: { title, rank: position + 4, tags: [title, 'all'] },
      });
    }
    const list = async (...queries: string[]) => {
      const { rows, total } = await tablesDB.listRows({ ...table, queries });
      return { total, ids: rows.map(({ $id }) => $id) };
    };
    assert.deepEqual(await list(Query.equal('title', ['b', 'd'])), { total: 2, ids: ['r-b', 'r-d'] });
    assert.deepEqual((await list(Query.notEqual('title', 'First'))).ids, ['r-b', 'r-c', 'r-d']);
    assert.deepEqual((await list(Query.lessThan('rank', 5))).ids, ['one', 'r-b']);
    assert.deepEqual((await list(Query.greaterThan('rank', 5))).ids, ['r-d']);
    assert.deepEqual((await list(Query.contains('tags', ['c']))).ids, ['r-c']);
    assert.deepEqual((await list(Query.contains('title', 'irs'))).ids, ['one']);
    assert.deepEqual((await list(Query.orderDesc('rank'), Query.limit(2))).ids, ['r-d', 'r-c']);
    assert.deepEqual(await list(Query.orderAsc('rank'), Query.limit(1), Query.offset(1)), { total: 4, ids: ['r-b'] });
    assert.deepEqual((await list(Query.cursorAfter('r-b'))).ids, ['r-c', 'r-d']);
    assert.deepEqual((await list(Query.or([Query.equal('title', 'b'), Query.equal('title', 'c')]))).ids, [
      'r-b',
      'r-c',
    ]);
    const { rows } = await tablesDB.listRows({ ...table, queries: [Query.select(['title']), Query.limit(1)] });
    assert.equal(Reflect.get(rows[0] ?? {}, 'rank'), undefined);
    await refused(tablesDB.listRows({ ...table, queries: ['nonsense'] }), 400, 'general_query_invalid');
    await refused(tablesDB.listRows({ ...table, queries: [Query.equal('nothing', 1)] }), 400, 'general_query_invalid');
    await refused(
      tablesDB.listRows({ ...table, queries: [Query.cursorAfter('nobody')] }),
      400,
      'general_cursor_not_found',
    );
  });

  it('calls columns attributes and tables collections where it is asked in the older words', async () => {
    const databases = new Databases(new Client().setEndpoint(server.endpoint).setProject('demo').setKey('secret-key'));
    const place = { databaseId: 'db', collectionId: 'notes' };
    const { attributes } = await databases.listAttributes(place);
    const { columns } = await tablesDB.listColumns(table);
    assert.deepEqual(attributes, columns);
    const index = await databases.getIndex({ ...place, key: 'by_title' });
    assert.deepEqual([index.attributes, Reflect.get(index, 'columns')], [['title'], undefined]);
    await refused(databases.getAttribute({ ...place, key: 'none' }), 404, 'attribute_not_found');
    await refused(databases.getIndex({ ...place, key: 'none' }), 404, 'index_not_found');
    await refused(databases.deleteAttribute({ ...place, key: 'title' }), 409, 'index_dependency');
    await refused(databases.listIndexes({ ...place, collectionId: 'none' }), 404, 'collection_not_found');
  });

  it('lets guests do only what the table grants', async () => {
    const guest = new TablesDB(new Client().setEndpoint(server.endpoint).setProject('demo'));
    assert.ok((await guest.listRows(table)).total > 0);
    await guest.createRow({ ...table, rowId: 'by-guest', data: { title: 'guest' } });
    await refused(guest.deleteRow({ ...table, rowId: 'by-guest' }), 401, 'user_unauthorized');
  });

  it('keeps the settings that an update of a function does not name only where Appwrite does', async () => {
    const made = await functions.create({
      functionId: 'fn',
      name: 'Fn',
      runtime: 'node-22' as never,
      entrypoint: 'main.js',
      execute: ['any'],
    });
    assert.deepEqual(
      [made.deploymentId, made.latestDeploymentId, made.schedule, made.timeout, made.live, made.version, made.vars],
      ['', '', '', 15, true, 'v5', []],
    );
    const updated = await functions.update({ functionId: 'fn', name: 'Fn 2' });
    assert.deepEqual([updated.execute, updated.runtime, updated.entrypoint], [[], 'node-22', 'main.js']);
    await refused(
      functions.create({ functionId: 'fn', name: 'x', runtime: 'node-22' as never }),
      409,
      'function_already_exists',
    );
    const wrong = { functionId: 'fn2', name: 'x' };
    await refused(functions.create({ ...wrong, runtime: 'cobol-1' as never }), 400, 'general_argument_invalid');
    const bad = { ...wrong, runtime: 'node-22' as never };
    await refused(functions.create({ ...bad, schedule: 'now and then' }), 400, 'general_argument_invalid');
    await refused(functions.create({ ...bad, events: ['functions.*.create'] }), 400, 'general_argument_invalid');
    await refused(functions.createExecution({ functionId: 'fn' }), 404, 'deployment_not_found');
  });

  it('never gives a secret variable back', async () => {
    const made = await functions.createVariable({ functionId: 'fn', variableId: 'v1', key: 'TOKEN', value: 'abc' });
    assert.deepEqual([made.secret, made.value], [true, '']);
    assert.equal((await functions.get({ functionId: 'fn' })).live, false);
    const again = { functionId: 'fn', key: 'TOKEN', value: 'x' };
    await refused(functions.createVariable({ ...again, variableId: 'v2' }), 409, 'variable_already_exists');
    const plain = functions.updateVariable({ functionId: 'fn', variableId: 'v1', secret: false });
    await refused(plain, 400, 'variable_cannot_unset_secret');
    await refused(functions.updateVariable({ functionId: 'fn', variableId: 'v1' }), 400, 'general_argument_invalid');
  });

  it('names the missing scope of a limited key', async () => {
    const folder = await makeFolder({});
    const limited = await startAppwriteStandIn({
      dataDir: folder.dir,
      projectId: 'demo',
      apiKey: 'k',
      scopes: ['databases.read'],
    });
    try {
      const db = new TablesDB(new Client().setEndpoint(limited.endpoint).setProject('demo').setKey('k'));
      assert.equal((await db.list()).total, 0);
      await assert.rejects(db.create({ databaseId: 'x', name: 'X' }), /databases\.write/);
    } finally {
      await limited.close();
      await folder.remove();
    }
  });
});
