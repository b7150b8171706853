import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMarkTable } from '../../src/adapters/appwrite/places.ts';
import { column, index, needsOf, placeAt, siteNeed, table } from '../contracts/deployer-support.ts';
import { type AppwriteRig, failsWith, signal, startRig } from './appwrite-rig.ts';

describe('Appwrite faults: cut in the middle and begun again', () => {
  let rig: AppwriteRig;
  beforeEach(async () => {
    rig = await startRig({
      keys: [{ secret: 'no-rows', scopes: ['databases.read', 'tables.read', 'columns.read', 'indexes.read'] }],
    });
  });
  afterEach(() => rig.close());

  const words = (changes: readonly { action: string; kind: string; id: string }[]) =>
    changes.map(({ action, kind, id }) => `${action} ${kind} ${id}`);
  const UPLOAD = { method: 'POST', path: '/v1/sites/web/deployments' };

  it('uploads what it could not upload, although nothing else differs any more', async () => {
    const mode = (value: string) => ({
      variables: [{ key: 'MODE', value }],
      buildCommand: value === 'a' ? null : 'true',
    });
    const first = await rig.deploySite(mode('a'));
    rig.faults.answer({ ...UPLOAD, status: 502, times: 3 });
    await assert.rejects(rig.deploySite(mode('b')), failsWith('server', /502.*[Rr]esume/));
    const second = await rig.deploySite(mode('b'));
    assert.deepEqual(words(second.changes), ['create deployment web']);
    assert.equal(second.previousDeploymentId, first.deploymentId);
    assert.deepEqual((await rig.deploySite(mode('b'))).changes, []);
  });

  it('builds again when settings were changed back and it ended before the upload', async () => {
    await rig.deploySite();
    await rig.sdk.sites.update({
      siteId: 'web',
      name: 'Web',
      framework: 'other' as never,
      buildCommand: 'rm index.html',
    });
    rig.faults.answer({ ...UPLOAD, status: 502, times: 3 });
    await assert.rejects(rig.deploySite(), failsWith('server', /502/));
    const again = await rig.deploySite();
    assert.deepEqual(words(again.changes), ['create deployment web']);
  });

  it('brings back a variable that somebody changed, with a new deployment, and leaves a secret one alone', async () => {
    const settings = {
      variables: [
        { key: 'MODE', value: 'a' },
        { key: 'TOKEN', value: 'x' },
      ],
    };
    await rig.deploySite(settings);
    await rig.sdk.sites.updateVariable({ siteId: 'web', variableId: 'MODE', value: 'theirs' });
    await rig.sdk.sites.updateVariable({ siteId: 'web', variableId: 'TOKEN', value: 'hidden', secret: true });
    const done = await rig.deploySite(settings);
    assert.deepEqual(words(done.changes), ['change variable web/MODE', 'create deployment web']);
    assert.match(done.logTail, /left as it is: variable TOKEN is secret/);
    assert.deepEqual((await rig.deploySite(settings)).changes, []);
  });

  it('leaves settings alone that nobody asked for', async () => {
    await rig.deployFunction({ id: 'fn', timeoutSeconds: 20 });
    const before = await rig.sdk.functions.get({ functionId: 'fn' });
    const kept = { functionId: 'fn', name: before.name, execute: before.execute, scopes: before.scopes as never };
    await rig.sdk.functions.update({ ...kept, timeout: 20, logging: false, runtimeSpecification: 's-1vcpu-1gb' });
    await rig.deployFunction({ id: 'fn', name: 'Other', schedule: '0 * * * *' });
    const after = await rig.sdk.functions.get({ functionId: 'fn' });
    assert.deepEqual(
      [after.name, after.schedule, after.timeout, after.logging, after.runtimeSpecification],
      ['Other', '0 * * * *', 20, false, 's-1vcpu-1gb'],
    );
  });

  it('goes on with an undoing that was cut', async () => {
    const first = await rig.deployFunction({ id: 'fn' });
    await writeFile(join(rig.source.dir, 'main.js'), 'export default async ({ res }) => res.text("b");');
    const second = await rig.deployFunction(
      { id: 'fn', timeoutSeconds: 30, domains: ['x.example.org'] },
      { MODE: 'b' },
    );
    const path = `/v1/functions/fn/deployment`;
    rig.faults.answer({ method: 'PATCH', path, status: 502, times: 3 });
    const undo = () => rig.deployer.rollBack(second, { destructive: false }, signal);
    await assert.rejects(undo(), failsWith('server', /502/));
    const { done, kept } = await undo();
    assert.deepEqual(
      [words(done), kept],
      [[`change deployment fn/${first.deploymentId}`, 'delete domain fn/x.example.org'], []],
    );
    const state = await rig.sdk.functions.get({ functionId: 'fn' });
    assert.deepEqual([state.deploymentId, state.timeout], [first.deploymentId, 15]);
    assert.deepEqual(await undo(), { done: [], kept: [] });
  });

  it('goes on with the undoing of a database that was cut', async () => {
    const old = table('old', [column('a')]);
    await rig.applyDatabase(needsOf({ databaseId: 'main', tables: [old] }));
    const grown = { ...old, columns: [...old.columns, column('b')], indexes: [index('i', ['b'])] };
    const done = await rig.applyDatabase(needsOf({ databaseId: 'main', tables: [grown, table('new', [column('a')])] }));
    rig.faults.answer({ method: 'DELETE', path: '/v1/tablesdb/main/tables/old/columns/b', status: 502, times: 3 });
    const undo = () => rig.deployer.rollBack(done, { destructive: false }, signal);
    await assert.rejects(undo(), failsWith('server', /502/));
    assert.deepEqual(words((await undo()).done), ['delete column main/old/b']);
    assert.deepEqual(await undo(), { done: [], kept: [] });
    const { tables } = await rig.sdk.tablesDB.listTables({ databaseId: 'main' });
    assert.deepEqual(
      tables.flatMap(({ $id }) => (isMarkTable($id) ? [] : [$id])),
      ['old'],
    );
  });

  it('takes a table for a full one when the key may not look into it', async () => {
    const small = needsOf({ databaseId: 'main', tables: [table('notes', [column('a')])] });
    await rig.applyDatabase(needsOf({ databaseId: 'main', tables: [table('notes', [column('a'), column('b')])] }));
    const blind = rig.connect({ apiKey: 'no-rows' });
    const [change] = await blind.preview(small, 'Main', 'tests', signal);
    assert.deepEqual([change?.id, change?.destructive], ['main/notes/b', true]);
    const [seen] = await rig.deployer.preview(small, 'Main', 'tests', signal);
    assert.deepEqual([seen?.id, seen?.destructive], ['main/notes/b', false]);
  });

  it('undoes nothing of what was deployed before it was recorded whose it is', async () => {
    const done = { ...(await rig.deploySite()), mark: '' };
    const { changes, irreversible } = await rig.deployer.previewRollback([done], signal);
    assert.deepEqual(changes, []);
    assert.match(irreversible.join(), /before it was recorded whose it is/);
  });

  it('has nothing to undo where the place is gone, and makes it again', async () => {
    const done = await rig.deploySite();
    await rig.sdk.sites.delete({ siteId: 'web' });
    assert.deepEqual(await rig.deployer.rollBack(done, { destructive: true }, signal), { done: [], kept: [] });
    const again = await rig.deployer.deploySite(siteNeed(), placeAt('web'), rig.source.dir, [], signal);
    assert.equal(again.status, 'ready');
  });
});
