import assert from 'node:assert/strict';
import type { EventRecord } from '../../src/protocol/events.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, type Script, useRigs, write } from './rig.ts';

const onePlan = aPlan([aSubtask('a', { checks: [{ name: 'test', command: 'node -e "console.log(6 * 7)"' }] })]);
const goodTurn: Script['turn'] = (id, turn) => (turn === 0 ? [write(`${id}/done.txt`, `${id}\n`)] : [finish()]);

describe('what a client sees of runs', function () {
  this.timeout(60_000);
  const open = useRigs();

  it('watches every run from its first event to its last, in order', async () => {
    const rig = await open({ plan: onePlan, turn: goodTurn });
    const seen: EventRecord[] = [];
    const off = rig.app.watch((records) => seen.push(...records));
    const elsewhere: EventRecord[] = [];
    const heard = Promise.withResolvers<void>();
    const other = rig.another();
    other.watch((records) => {
      elsewhere.push(...records);
      if (records.at(-1)?.event.type === 'run.completed' && runIds.length === 2) heard.resolve();
    });
    const runIds = [await rig.start({ until: 'plan' })];
    await rig.settled(runIds[0] ?? '');
    runIds.push(await rig.start({ until: 'build' }));
    await rig.settled(runIds[1] ?? '');
    await new Promise((resolve) => setImmediate(resolve));
    off();
    await heard.promise;
    assert.deepEqual(elsewhere, seen);
    await other.close();
    for (const runId of runIds) {
      assert.deepEqual(
        seen.filter((record) => record.runId === runId),
        rig.app.events(runId, 0),
      );
    }
    assert.equal(seen.length, runIds.flatMap((runId) => rig.app.events(runId, 0)).length);
  });

  it('reads the files, changes and outputs that the events name', async () => {
    const rig = await open({ plan: onePlan, turn: goodTurn });
    const view = await rig.settled(await rig.start({ until: 'review' }));
    assert.ok(view.diff);
    const { runId } = view;
    assert.equal(await rig.app.readFile(runId, view.diff.commit, 'a/done.txt'), 'a\n');
    assert.equal(await rig.app.readFile(runId, view.diff.baseCommit, 'a/done.txt'), null);
    assert.deepEqual(await rig.app.changedFiles(runId, view.diff.baseCommit, view.diff.commit), view.diff.files);
    const file = view.subtasks.a?.evidence[0]?.outputFile ?? '';
    assert.equal(await rig.app.output(runId, file), '42\n');
    await assert.rejects(rig.app.output(runId, rig.services.files.join(rig.stateDir, 'state.db')), { code: 'usage' });
    await assert.rejects(rig.app.readFile('nobody', view.diff.commit, 'a'), { code: 'not_found' });
  });
});
