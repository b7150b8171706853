import assert from 'node:assert/strict';
import { Query, TablesDB } from 'node-appwrite';
import type { FidelityServer } from './server.ts';
import { assertRefused, refused, startServer } from './server.ts';

const place = { databaseId: 'db', tableId: 'notes' };

describe('Appwrite stand-in: transactions', () => {
  let server: FidelityServer;
  let tablesDB: TablesDB;
  let nowMs: number;
  const begin = async () => (await tablesDB.createTransaction()).$id;
  const commit = (transactionId: string) => tablesDB.updateTransaction({ transactionId, commit: true });
  const status = async (transactionId: string) => (await tablesDB.getTransaction({ transactionId })).status;
  const ids = async (transactionId?: string) => {
    const { rows } = await tablesDB.listRows({ ...place, ...(transactionId === undefined ? {} : { transactionId }) });
    return rows.map(({ $id }) => $id);
  };
  const create = (rowId: string, transactionId?: string) =>
    tablesDB.createRow({
      ...place,
      rowId,
      data: { title: rowId, rank: 1 },
      ...(transactionId === undefined ? {} : { transactionId }),
    });

  beforeEach(async () => {
    nowMs = Date.now();
    server = await startServer({
      now: () => nowMs,
      resolveUser: ({ text }) => ({ userId: text, email: text, sessionId: text, roles: ['users', `user:${text}`] }),
    });
    ({ tablesDB } = server);
    await tablesDB.create({ databaseId: 'db', name: 'Data' });
    await tablesDB.createTable({
      ...place,
      name: 'Notes',
      permissions: ['create("users")'],
      columns: [
        { key: 'title', type: 'string', size: 20, required: true },
        { key: 'rank', type: 'integer' },
      ],
    });
  });
  afterEach(() => server.close());

  it('32: a transaction is 201, pending, for 300 s unless told otherwise', async () => {
    const made = await server.ask('POST', '/tablesdb/transactions', { body: {} });
    assert.deepEqual([made.status, made.body?.status, made.body?.operations], [201, 'pending', 0]);
    assert.equal(Date.parse(String(made.body?.expiresAt)), nowMs + 300_000);
    assertRefused(
      await server.ask('POST', '/tablesdb/transactions', { body: { ttl: 59 } }),
      400,
      'general_argument_invalid',
    );
    assertRefused(
      await server.ask('POST', '/tablesdb/transactions', { body: { ttl: 3601 } }),
      400,
      'general_argument_invalid',
    );
    assert.equal((await tablesDB.listTransactions()).total, 1);
  });

  it('32: what is staged is invisible until the commit, except inside', async () => {
    const id = await begin();
    const staged = await create('a', id);
    assert.deepEqual([staged.$id, staged.title, staged.$tableId], ['a', 'a', 'notes']);
    await tablesDB.updateRow({ ...place, rowId: 'a', data: { rank: 5 }, transactionId: id });
    await tablesDB.incrementRowColumn({ ...place, rowId: 'a', column: 'rank', value: 2, transactionId: id });
    assert.deepEqual(await ids(), []);
    await refused(tablesDB.getRow({ ...place, rowId: 'a' }), 404, 'row_not_found');
    assert.deepEqual(await ids(id), ['a']);
    assert.equal((await tablesDB.getRow({ ...place, rowId: 'a', transactionId: id })).rank, 7);
    assert.equal((await tablesDB.getTransaction({ transactionId: id })).operations, 3);
    const ended = await commit(id);
    assert.deepEqual([ended.status, await status(id)], ['committed', 'committed']);
    assert.equal((await tablesDB.getRow({ ...place, rowId: 'a' })).rank, 7);
  });

  it('32: both or neither of commit and rollback are 400', async () => {
    const transactionId = await begin();
    const both = tablesDB.updateTransaction({ transactionId, commit: true, rollback: true });
    await refused(both, 400, 'general_bad_request', /same time/);
    await refused(tablesDB.updateTransaction({ transactionId }), 400, 'general_bad_request', /Either/);
    assert.equal(await status(transactionId), 'pending');
  });

  it('32: a rollback leaves the status failed and nothing else', async () => {
    const id = await begin();
    await create('a', id);
    const ended = await tablesDB.updateTransaction({ transactionId: id, rollback: true });
    assert.deepEqual([ended.status, await ids()], ['failed', []]);
    await refused(create('b', id), 400, 'transaction_not_ready');
  });

  it('32: after its expiry it is 410', async () => {
    const id = (await tablesDB.createTransaction({ ttl: 60 })).$id;
    await create('a', id);
    nowMs += 60_001;
    await refused(commit(id), 410, 'transaction_expired');
    await refused(create('b', id), 410, 'transaction_expired');
    assert.deepEqual(await ids(), []);
  });

  it('32: a second commit is 400 transaction_not_ready, an unknown one 404', async () => {
    const id = await begin();
    await commit(id);
    await refused(commit(id), 400, 'transaction_not_ready');
    await refused(commit('none'), 404, 'transaction_not_found');
    await tablesDB.deleteTransaction({ transactionId: id });
    await refused(tablesDB.getTransaction({ transactionId: id }), 404, 'transaction_not_found');
  });

  it('32: a row that was changed meanwhile is 409 transaction_conflict, and nothing is done', async () => {
    await create('a');
    const id = await begin();
    await create('b', id);
    await tablesDB.updateRow({ ...place, rowId: 'a', data: { rank: 2 }, transactionId: id });
    await tablesDB.updateRow({ ...place, rowId: 'a', data: { rank: 9 } });
    await refused(commit(id), 409, 'transaction_conflict');
    assert.deepEqual([await status(id), await ids()], ['failed', ['a']]);
    assert.equal((await tablesDB.getRow({ ...place, rowId: 'a' })).rank, 9);
  });

  it('32: an id that was taken meanwhile is 409, data that does not fit 400, and nothing is done', async () => {
    const taken = await begin();
    await create('b', taken);
    await create('a', taken);
    await create('a');
    await refused(commit(taken), 409, 'transaction_conflict');
    const wrong = await begin();
    await create('c', wrong);
    await tablesDB.createRow({ ...place, rowId: 'd', data: { rank: 1 } as never, transactionId: wrong });
    await refused(commit(wrong), 400, 'row_invalid_structure');
    assert.deepEqual([await ids(), await status(wrong)], [['a'], 'failed']);
  });

  it('32: operations are staged many at a time, and may rely on each other', async () => {
    await create('old');
    const transactionId = await begin();
    const on = (action: string, rowId: string | null, data: unknown) => ({ ...place, action, rowId, data });
    const operations = [
      on('create', 'a', { title: 'a', rank: 1 }),
      on('update', 'a', { rank: 2 }),
      on('increment', 'a', { column: 'rank', value: 3 }),
      on('decrement', 'a', { column: 'rank', value: 1 }),
      on('upsert', 'b', { title: 'b' }),
      on('delete', 'old', {}),
      on('bulkCreate', null, [
        { $id: 'c', title: 'c', rank: 8 },
        { $id: 'd', title: 'd', rank: 8 },
      ]),
      on('bulkUpdate', null, { data: { title: 'eight' }, queries: [Query.equal('rank', 8)] }),
      on('bulkUpsert', null, [{ $id: 'e', title: 'e' }]),
      on('bulkDelete', null, { queries: [Query.equal('$id', 'd')] }),
    ];
    const staged = await tablesDB.createOperations({ transactionId, operations });
    assert.equal(staged.operations, operations.length);
    assert.deepEqual(await ids(), ['old']);
    await commit(transactionId);
    const { rows } = await tablesDB.listRows(place);
    const shown = rows.map(({ $id, title, rank }) => [$id, title, rank]);
    assert.deepEqual(shown, [
      ['a', 'a', 4],
      ['b', 'b', null],
      ['c', 'eight', 8],
      ['e', 'e', null],
    ]);
  });

  it('32: operations that cannot be are refused when they are staged', async () => {
    const transactionId = await begin();
    const stage = (operation: object) => tablesDB.createOperations({ transactionId, operations: [operation] });
    await refused(stage({ ...place, action: 'guess' }), 400, 'general_argument_invalid', /operations/);
    await refused(stage({ ...place, action: 'update', rowId: 'none', data: {} }), 404, 'row_not_found');
    await refused(stage({ ...place, action: 'delete' }), 400, 'general_bad_request');
    await refused(stage({ ...place, tableId: 'none', action: 'create', data: {} }), 404, 'table_not_found');
    await refused(tablesDB.createOperations({ transactionId, operations: [] }), 400, 'general_bad_request');
    assert.equal((await tablesDB.getTransaction({ transactionId })).operations, 0);
  });

  it('32: a transaction holds 100 operations', async () => {
    const transactionId = await begin();
    const operations = Array.from({ length: 100 }, (_, at) => ({
      ...place,
      action: 'create',
      rowId: `r${at}`,
      data: { title: 'x' },
    }));
    await tablesDB.createOperations({ transactionId, operations });
    await refused(create('more', transactionId), 400, 'transaction_limit_exceeded');
  });

  it('32: bulk calls are staged too', async () => {
    const transactionId = await begin();
    const made = await tablesDB.createRows({ ...place, rows: [{ $id: 'a', title: 'a' }], transactionId });
    assert.equal(made.total, 1);
    assert.equal((await tablesDB.updateRows({ ...place, data: { rank: 3 }, transactionId })).total, 0);
    assert.deepEqual(await ids(), []);
    await commit(transactionId);
    assert.equal((await tablesDB.getRow({ ...place, rowId: 'a' })).rank, 3);
  });

  it("32: a user stages only what that user may, in a transaction that is nobody else's", async () => {
    const bob = new TablesDB(server.client((client) => client.setSession('bob')));
    const ann = new TablesDB(server.client((client) => client.setSession('ann')));
    const transactionId = (await bob.createTransaction()).$id;
    await refused(ann.getTransaction({ transactionId }), 404, 'transaction_not_found');
    await bob.createRow({ ...place, rowId: 'b', data: { title: 'b' }, transactionId });
    const rows = [{ $id: 'c', title: 'c' }];
    await refused(bob.createRows({ ...place, rows, transactionId }), 401, 'general_unauthorized_scope');
    const operations = [{ ...place, action: 'bulkCreate', data: rows }];
    await refused(bob.createOperations({ transactionId, operations }), 401, 'general_unauthorized_scope');
    await create('k');
    const foreign = [{ ...place, action: 'delete', rowId: 'k' }];
    await refused(bob.createOperations({ transactionId, operations: foreign }), 401, 'user_unauthorized');
    assert.equal((await bob.updateTransaction({ transactionId, commit: true })).status, 'committed');
    const row = await tablesDB.getRow({ ...place, rowId: 'b' });
    assert.deepEqual(row.$permissions, ['read("user:bob")', 'update("user:bob")', 'delete("user:bob")']);
  });
});
