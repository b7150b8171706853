import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AppApi } from '../../src/app/api.ts';
import { readBrief } from '../../src/app/brief-file.ts';
import { compose } from '../../src/app/compose.ts';
import { loadSettings } from '../../src/app/config.ts';
import { look, makePlace, type Outside, openOutside, type Place, sampleBrief } from './place.ts';

const silent = { info: () => undefined, warn: () => undefined };
const TABLES = ['runs', 'journal', 'inbox', 'events', 'blob_refs', 'budgets', 'charges'];

describe('deleting a whole run', function () {
  this.timeout(60_000);
  let outside: Outside;
  let place: Place;
  let app: AppApi;
  beforeEach(async () => {
    outside = await openOutside();
    place = makePlace();
    const env = { ...outside.env, ORCHESTRATOR_HOME: place.stateDir };
    app = await compose({ settings: loadSettings({ env, workspaceDir: place.workspaceDir }), log: silent });
  });
  afterEach(async () => {
    await app.close();
    await outside.close();
    place.remove();
  });

  const refs = (prefix: string) =>
    place
      .git('for-each-ref', '--format=%(objectname) %(refname)', prefix)
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replace(prefix, ''));

  it('is refused until the run has ended; then its commits are in the archive and nothing else of it is left', async () => {
    const { runId } = await app.dispatch({
      type: 'start',
      brief: await readBrief(sampleBrief(1)),
      workspaceDir: place.workspaceDir,
      autoApprove: false,
      askQuestions: false,
      budgetUsd: 10,
      until: 'review',
    });
    const settled = () => app.settled(runId, AbortSignal.timeout(45_000));
    assert.equal((await settled()).waiting[0]?.gate, 'plan');
    await app.dispatch({ type: 'approve', runId, gate: 'plan' });
    assert.equal((await settled()).waiting[0]?.gate, 'diff');
    const made = refs(`refs/orchestrator/${runId}/`);
    assert.equal(made.length, 2);
    await assert.rejects(app.dispatch({ type: 'delete', runId }), {
      code: 'engine_conflict',
      userMessage: /has not ended\. Cancel it first/,
    });
    assert.deepEqual(refs(`refs/orchestrator/${runId}/`), made);

    await app.dispatch({ type: 'cancel', runId });
    await app.dispatch({ type: 'delete', runId });
    assert.deepEqual(refs(`refs/orchestrator-archive/${runId}/`), made);
    assert.deepEqual(refs('refs/orchestrator/'), []);
    assert.equal(place.git('worktree', 'list').trim().split('\n').length, 1);
    assert.equal(await app.snapshot(runId), null);
    assert.deepEqual(await app.list(), []);
    assert.deepEqual(readdirSync(join(place.stateDir, 'runs')), []);
    for (const table of TABLES) {
      // One empty row keeps the place of deleted events, so that no watcher takes a new event for an old one.
      const where = table === 'events' ? "WHERE run_id <> ''" : '';
      const rows = look(place, (store) => store.prepare(`SELECT count(*) AS n FROM ${table} ${where}`).get()?.n);
      assert.equal(rows, 0, table);
    }
    await assert.rejects(app.dispatch({ type: 'delete', runId }), { code: 'not_found' });
  });
});
