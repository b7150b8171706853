import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeploymentChange } from '../../src/protocol/work.ts';
import { createFaultPlan } from '../../src/sandbox/appwrite/faults.ts';
import { column, index, needsOf, siteNeed, table } from '../contracts/deployer-support.ts';
import { type AppwriteRig, signal, startRig } from './appwrite-rig.ts';

const words = (changes: readonly DeploymentChange[]) =>
  changes.map(({ action, kind, id, destructive }) => `${action} ${kind} ${id}${destructive ? ' !' : ''}`);

describe('Appwrite faults: what would be lost', () => {
  let rig: AppwriteRig;
  /** Calls that write, in order. */
  let writes: string[];
  /** Runs before the server gets a request whose method and path are these. */
  let before: { call: string; run(): Promise<unknown> } | null;
  beforeEach(async () => {
    before = null;
    writes = [];
    const plan = createFaultPlan();
    rig = await startRig({
      faultPlan: {
        ...plan,
        wrap: (handler) => {
          const wrapped = plan.wrap(handler);
          return async (request, response) => {
            if (request.method !== 'GET') writes.push(`${request.method} ${request.url}`);
            const due = before !== null && `${request.method} ${request.url}`.startsWith(before.call) ? before : null;
            if (due !== null) {
              before = null;
              await due.run();
            }
            await wrapped(request, response);
          };
        },
      },
    });
  });
  afterEach(() => rig.close());

  const keysOf = async (tableId: string) =>
    (await rig.sdk.tablesDB.listColumns({ databaseId: 'main', tableId })).columns.map(({ key }) => key);
  const addRow = (tableId: string, rowId: string, data: Record<string, unknown>) =>
    rig.sdk.tablesDB.createRow({ databaseId: 'main', tableId, rowId, data });
  const both = needsOf({
    databaseId: 'main',
    tables: [table('notes', [column('a'), column('b'), column('c')]), table('lists', [column('x'), column('y')])],
  });
  const less = needsOf({ databaseId: 'main', tables: [table('notes', [column('c')]), table('lists', [column('y')])] });

  it('is only what somebody has seen: an approval does not reach what has rows since', async () => {
    await rig.applyDatabase(both);
    await addRow('notes', 'one', { a: 'kept' });
    const approved = await rig.deployer.preview(less, 'Main', 'tests', signal);
    assert.deepEqual(words(approved), [
      ...['delete column main/notes/a !', 'delete column main/notes/b !'],
      'delete column main/lists/x',
    ]);
    await addRow('lists', 'one', { x: 'written while somebody thought about it' });
    const done = await rig.applyDatabase(less, approved);
    assert.deepEqual(words(done.changes), ['delete column main/notes/a !', 'delete column main/notes/b !']);
    assert.deepEqual(words(done.left ?? []), ['delete column main/lists/x !']);
    assert.deepEqual(await keysOf('lists'), ['x', 'y']);
  });

  it('is looked at again at the moment of a deletion', async () => {
    await rig.applyDatabase(both);
    const call = 'DELETE /v1/tablesdb/main/tables/notes/columns/a';
    before = { call, run: () => addRow('notes', 'one', { b: 'just written' }) };
    const done = await rig.applyDatabase(less);
    assert.ok((await keysOf('notes')).includes('b'));
    assert.deepEqual(words(done.left ?? []), ['delete column main/notes/b !']);
    assert.ok(!words(done.changes).includes('delete column main/notes/b'));
  });

  it('is looked at again at the moment of an undoing', async () => {
    await rig.applyDatabase(needsOf({ databaseId: 'main', tables: [table('old', [column('z')])] }));
    const old = table('old', [column('z'), column('a'), column('b')]);
    const done = await rig.applyDatabase(needsOf({ databaseId: 'main', tables: [old, table('new', [column('a')])] }));
    assert.equal((await rig.deployer.previewRollback([done], signal)).changes.length, 3);
    before = {
      call: 'DELETE /v1/tablesdb/main/tables/new',
      run: () => addRow('old', 'one', { a: 'just written' }),
    };
    const undone = await rig.deployer.rollBack(done, { destructive: false }, signal);
    assert.deepEqual(words(undone.done), ['delete table main/new', 'delete column main/old/b']);
    assert.match(undone.kept.join(), /column main\/old\/a was left/);
    assert.deepEqual(await keysOf('old'), ['z', 'a']);
  });

  it('in an undoing is only what somebody has seen', async () => {
    await rig.applyDatabase(needsOf({ databaseId: 'main', tables: [table('old', [column('z')])] }));
    const grown = [table('old', [column('z')]), table('one', [column('a')]), table('two', [column('a')])];
    const done = await rig.applyDatabase(needsOf({ databaseId: 'main', tables: grown }));
    await addRow('one', 'one', { a: 'seen' });
    const { changes: approved } = await rig.deployer.previewRollback([done], signal);
    await addRow('two', 'one', { a: 'not seen' });
    const undone = await rig.deployer.rollBack(done, { destructive: approved }, signal);
    assert.deepEqual(words(undone.done), ['delete table main/one !']);
    assert.match(undone.kept.join(), /table main\/two was left/);
  });

  it('takes the index of a column with it, and says so when both stay', async () => {
    const of = (type: 'string' | 'integer') =>
      needsOf({
        databaseId: 'main',
        tables: [table('t', [column('k', { type })], { indexes: [index('by_k', ['k'])] })],
      });
    await rig.applyDatabase(of('string'));
    await addRow('t', 'one', { k: 'text' });
    const done = await rig.applyDatabase(of('integer'));
    assert.deepEqual(done.changes, []);
    assert.deepEqual(words(done.left ?? []), [
      ...['delete index main/t/by_k', 'change column main/t/k !', 'create index main/t/by_k'],
    ]);
  });

  it('is not the version that a person went back to, when a later deployment is cut and undone', async () => {
    const first = await rig.deploySite();
    await writeFile(join(rig.source.dir, 'index.html'), 'b');
    const second = await rig.deploySite();
    await rig.deployer.rollBack(second, { destructive: false }, signal);
    await writeFile(join(rig.source.dir, 'index.html'), 'c');
    const known = await rig.deployer.knownDeployments('site', 'web', signal);
    const place = { id: 'web', mark: 'tests/web' };
    const attempt = () => rig.deployer.deploySite(siteNeed(), place, rig.source.dir, known, signal);
    await attempt();
    const third = await attempt();
    assert.equal(third.previousDeploymentId, first.deploymentId);
  });

  it('is nothing when the same is deployed again: no call writes', async () => {
    const link = { table: 'people', kind: 'manyToOne', twoWayKey: 'tasks', onDelete: 'setNull' } as const;
    const columns = [
      ...[
        column('title', { size: 200, required: true }),
        column('n', { type: 'integer' }),
        column('d', { type: 'double' }),
      ],
      ...[
        column('state', { type: 'enum', elements: ['b', 'a'], default: 'a' }),
        column('big', { type: 'bigint', min: 0 }),
      ],
      ...[column('due', { type: 'datetime', default: '2026-01-02T03:04:05+02:00' }), column('url', { type: 'url' })],
      ...[column('tags', { array: true, size: 20 }), column('owner', { type: 'relationship', relationship: link })],
    ];
    const indexes = [index('i', ['title', 'state']), index('f', ['title'], { type: 'fulltext' })];
    const needs = needsOf({
      databaseId: 'main',
      tables: [
        table('people', [column('name')]),
        table('tasks', columns, { indexes, permissions: ['write("users")'] }),
      ],
    });
    const settings = {
      variables: [{ key: 'MODE', value: '' }],
      domains: ['web.sites.localhost'],
      fallbackFile: 'index.html',
    };
    const api = {
      events: ['databases.main.tables.tasks.rows.*.create'],
      schedule: '0 * * * *',
      execute: ['users', 'any'],
    };
    const all = async () => {
      const done = [await rig.applyDatabase(needs), await rig.deployFunction(api, { MODE: 'x' })];
      return [...done, await rig.deploySite(settings)].flatMap(({ changes }) => changes);
    };
    await all();
    writes = [];
    assert.deepEqual([await all(), writes], [[], []]);
  });

  it('is not what a person has put into a variable that is undone, unless somebody says so', async () => {
    await rig.deployFunction();
    const done = await rig.deployFunction({}, { MODE: 'a', OTHER: 'a' });
    await rig.sdk.functions.updateVariable({ functionId: 'api', variableId: 'MODE', key: 'MODE', value: 'by hand' });
    const { changes } = await rig.deployer.previewRollback([done], signal);
    const variables = words(changes.filter(({ kind }) => kind === 'variable'));
    assert.deepEqual(variables, ['delete variable api/MODE !', 'delete variable api/OTHER']);
    await rig.deployer.rollBack(done, { destructive: false }, signal);
    const left = await rig.sdk.functions.listVariables({ functionId: 'api' });
    assert.ok(left.variables.some(({ key, value }) => key === 'MODE' && value === 'by hand'));
  });

  it('is nothing that code needs which cannot be undone, unless somebody says so', async () => {
    const first = await rig.deploySite();
    await writeFile(join(rig.source.dir, 'index.html'), 'b');
    const second = await rig.deploySite({ variables: [{ key: 'MODE', value: 'b' }] });
    await rig.sdk.sites.deleteDeployment({ siteId: 'web', deploymentId: first.deploymentId ?? '' });
    const { changes, irreversible } = await rig.deployer.previewRollback([second], signal);
    assert.deepEqual(words(changes), ['delete variable web/MODE !']);
    assert.match(irreversible.join(), /does not exist any more/);
  });

  it('is nothing of one that was cut off before its upload, unless somebody says so, and no other is called later', async () => {
    await rig.deploySite();
    const second = await rig.deploySite({ variables: [{ key: 'MODE', value: 'b' }] });
    const changes = second.changes.filter(({ kind }) => kind !== 'deployment');
    const cut = { ...second, deploymentId: null, previousDeploymentId: null, changes };
    const preview = await rig.deployer.previewRollback([cut], signal);
    assert.deepEqual(words(preview.changes), ['delete variable web/MODE !']);
    assert.match(
      preview.changes[0]?.detail ?? '',
      /^it was cut off before its upload, so that what is active \(.+\) may/,
    );
  });

  it('is nothing of what a later deployment has made of a site, unless somebody says so', async () => {
    await rig.deploySite();
    await writeFile(join(rig.source.dir, 'index.html'), 'b');
    const second = await rig.deploySite({ variables: [{ key: 'MODE', value: 'b' }], domains: ['x.example.org'] });
    await writeFile(join(rig.source.dir, 'index.html'), 'c');
    await rig.deploySite({ variables: [{ key: 'MODE', value: 'b' }], domains: ['x.example.org'] });
    const { changes } = await rig.deployer.previewRollback([second], signal);
    assert.deepEqual(words(changes), ['delete variable web/MODE !', 'delete domain web/x.example.org !']);
    assert.match(changes[0]?.detail ?? '', /later deployment/);
    const careful = await rig.deployer.rollBack(second, { destructive: false }, signal);
    assert.deepEqual(careful.done, []);
  });
});
