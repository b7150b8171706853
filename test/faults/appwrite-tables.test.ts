import assert from 'node:assert/strict';
import type { Fault } from '../../src/sandbox/appwrite/tables/lifecycle.ts';
import { column, index, needsOf, table } from '../contracts/deployer-support.ts';
import { type AppwriteRig, failsWith, signal, startRig } from './appwrite-rig.ts';

const small = table('notes', [column('title', { size: 50 })]);
const grown = table('notes', [column('title', { size: 50 }), column('body', { type: 'text' })], {
  indexes: [index('by_title', ['title'])],
});
const needs = needsOf({ databaseId: 'main', tables: [small] });
const more = needsOf({ databaseId: 'main', tables: [grown] });
const COLUMNS = '/v1/tablesdb/main/tables/notes/columns';

describe('Appwrite faults: tables', () => {
  let rig: AppwriteRig;
  /** What comes of the next columns, and indexes, that are made on their own. */
  let ends: { column: Fault[]; index: Fault[] };
  let made: string[];
  beforeEach(async () => {
    ends = { column: [], index: [] };
    made = [];
    const next = (what: 'column' | 'index') => (key: string) => {
      made.push(key);
      return ends[what].shift() ?? null;
    };
    rig = await startRig({ faults: { column: next('column'), index: next('index') } });
  });
  afterEach(() => rig.close());

  const states = async () => {
    const { columns, indexes } = await rig.sdk.tablesDB.getTable({ databaseId: 'main', tableId: 'notes' });
    return [...columns, ...indexes].map(({ key, status }) => `${key} ${status}`);
  };
  const addRow = () =>
    rig.sdk.tablesDB.createRow({ databaseId: 'main', tableId: 'notes', rowId: 'r', data: { title: 'a' } });

  for (const end of ['stuck', 'failed'] as const) {
    it(`makes a ${end} column of its own once more, when the table is empty`, async () => {
      await rig.applyDatabase(needs);
      ends.column = [end];
      const done = await rig.applyDatabase(more);
      assert.deepEqual(made, ['body', 'by_title', 'body']);
      assert.deepEqual(await states(), ['title available', 'body available', 'by_title available']);
      assert.equal(done.changes.filter(({ id }) => id === 'main/notes/body').length, 1);
    });
  }

  it('makes a column that could not be made once more, also when the table has rows', async () => {
    await rig.applyDatabase(needs);
    await addRow();
    ends.column = ['failed'];
    await rig.applyDatabase(more);
    assert.deepEqual(await states(), ['title available', 'body available', 'by_title available']);
  });

  it('gives a column up that cannot be made twice, and makes it when it is tried again: no row has a value in it', async () => {
    await rig.applyDatabase(needs);
    await addRow();
    ends.column = ['failed', 'failed'];
    await assert.rejects(
      rig.applyDatabase(more),
      failsWith('deployment_failed', /Column "body" of table "notes" is failed \(.*could not finish.*Resume the run/),
    );
    const { changes } = await rig.applyDatabase(more);
    assert.deepEqual(
      changes.map(({ action, id, destructive }) => [action, id, destructive]),
      [['change', 'main/notes/body', false]],
    );
    assert.deepEqual(await states(), ['title available', 'body available', 'by_title available']);
  });

  it('leaves a column that cannot be taken away, and what is on it, until somebody agrees to lose its values', async () => {
    await rig.applyDatabase(needs);
    ends.column = ['stuck', 'stuck'];
    await assert.rejects(rig.applyDatabase(more), failsWith('deployment_failed', /Column "body".* is stuck/));
    await addRow();
    const indexed = { ...grown, indexes: [...grown.indexes, index('by_body', ['body'], { type: 'fulltext' })] };
    const wanted = needsOf({ databaseId: 'main', tables: [indexed] });
    const { left, changes } = await rig.applyDatabase(wanted);
    assert.deepEqual(changes, []);
    assert.deepEqual(
      left?.map(({ action, id, destructive }) => [action, id, destructive]),
      [
        ['change', 'main/notes/body', true],
        ['create', 'main/notes/by_body', false],
      ],
    );
    await rig.applyDatabase(wanted, left);
    const all = ['title available', 'body available', 'by_title available', 'by_body available'];
    assert.deepEqual(await states(), all);
  });

  it('makes a broken index again, without an approval', async () => {
    await rig.applyDatabase(needs);
    await addRow();
    const failing = needsOf({ databaseId: 'main', tables: [{ ...small, indexes: [index('by_title', ['title'])] }] });
    ends.index = ['failed'];
    await assert.rejects(
      rig.applyDatabase(failing),
      failsWith('deployment_failed', /Index "by_title" of table "notes" is failed/),
    );
    const done = await rig.applyDatabase(failing);
    assert.deepEqual(
      done.changes.map(({ action, kind }) => `${action} ${kind}`),
      ['delete index', 'create index'],
    );
    assert.deepEqual(await states(), ['title available', 'by_title available']);
  });

  it('says what did not come about in time', async () => {
    await rig.applyDatabase(needs);
    ends.column = ['processing'];
    let ms = Date.now();
    const clock = {
      now: () => ms,
      sleep: async (span: number, stop: AbortSignal) => {
        if (span > 1000)
          return new Promise<void>((_, reject) => stop.addEventListener('abort', () => reject(new Error('over'))));
        ms += 10_000;
      },
    };
    const place = { id: 'main', mark: 'tests/main' };
    const hurried = rig
      .connect({ clock })
      .applyDatabase(more, place, 'Main', { destructive: false }, new AbortController().signal);
    await assert.rejects(hurried, failsWith('timeout', /columns of table "notes".*60 s.*console/));
  });

  for (const [what, fault] of [
    ['was done', { status: 502, afterEffect: true }],
    ['was not done', { status: 502 }],
    ['was done, and the connection broke', { status: 'cut', afterEffect: true }],
  ] as const) {
    it(`finds out whether a call without an answer ${what}`, async () => {
      rig.faults.answer({ method: 'POST', path: '/v1/tablesdb', ...fault });
      rig.faults.answer({ method: 'POST', path: '/v1/tablesdb/main/tables', ...fault });
      await rig.applyDatabase(needs);
      rig.faults.answer({ method: 'POST', path: `${COLUMNS}/text`, ...fault });
      rig.faults.answer({ method: 'POST', path: '/v1/tablesdb/main/tables/notes/indexes', ...fault });
      await rig.applyDatabase(more);
      assert.deepEqual(await states(), ['title available', 'body available', 'by_title available']);
      rig.faults.answer({ method: 'DELETE', path: '/v1/tablesdb/main/tables/notes/indexes/*', ...fault });
      rig.faults.answer({ method: 'DELETE', path: `${COLUMNS}/*`, ...fault });
      const longer = table('notes', [column('title', { size: 60 })], { name: 'Longer' });
      rig.faults.answer({ method: 'PUT', path: '/v1/tablesdb/main/tables/notes', ...fault });
      rig.faults.answer({ method: 'PATCH', path: `${COLUMNS}/string/title`, ...fault });
      const done = await rig.applyDatabase(needsOf({ databaseId: 'main', tables: [longer] }));
      assert.equal(done.changes.length, 4);
      assert.deepEqual(await states(), ['title available']);
      const state = await rig.sdk.tablesDB.getTable({ databaseId: 'main', tableId: 'notes' });
      assert.deepEqual([state.name, Reflect.get(state.columns[0] ?? {}, 'size')], ['Longer', 60]);
      assert.equal(rig.unanswered.length, 8, rig.unanswered.join());
    });
  }

  it('names table and column with what the server says about a limit', async () => {
    await rig.applyDatabase(needs);
    const wide = table('notes', [
      column('title', { size: 50 }),
      column('wide', { type: 'varchar', size: 8000 }),
      column('wider', { type: 'varchar', size: 16_000 }),
    ]);
    await assert.rejects(
      rig.applyDatabase(needsOf({ databaseId: 'main', tables: [wide] })),
      failsWith('deployment_failed', /column wider of table notes: .*limit/),
    );
  });

  it('makes a table that the server does not take at once, column by column, and names the one that is refused', async () => {
    const body = '{"message":"Invalid type for column","code":400,"type":"general_argument_invalid","version":"1.9.5"}';
    await rig.deployer.place({ kind: 'database', id: 'main', name: 'Main' }, 'tests', signal);
    rig.faults.answer({ method: 'POST', path: '/v1/tablesdb/main/tables', status: 400, body });
    await rig.applyDatabase(more);
    assert.deepEqual(await states(), ['title available', 'body available', 'by_title available']);
    assert.deepEqual(made, ['title', 'body', 'by_title']);
    const wide = table('wide', [column('first', { size: 9000 }), column('second', { size: 9000 })]);
    await assert.rejects(
      rig.applyDatabase(needsOf({ databaseId: 'main', tables: [wide] })),
      failsWith('deployment_failed', /column second of table wide: .*limit/),
    );
  });
});
