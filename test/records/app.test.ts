import assert from 'node:assert/strict';
import { createFakeForge } from '../fakes/forge.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { createFakeRecordStore } from '../fakes/record-store.ts';
import { finish, useRigs, write } from '../scenarios/rig.ts';
import { until } from './mirror-place.ts';

const script = {
  plan: aPlan([aSubtask('a')]),
  turn: (_subtask: string, turn: number) => (turn === 0 ? [write('a/x.txt', 'x'), write('done.txt', '')] : [finish()]),
};

describe('shared records of the application', function () {
  this.timeout(120_000);
  const openRig = useRigs();
  const open = (recordStore: ReturnType<typeof createFakeRecordStore>, env: Record<string, string> = {}) =>
    openRig(script, { recordStore, env: { ORCHESTRATOR_USER: 'Ada', ...env }, forge: createFakeForge() });

  it('do not hold up a run, nor the end of the program, while the database does not answer', async () => {
    const shared = createFakeRecordStore();
    shared.behave('hold');
    const rig = await open(shared);
    const runId = await rig.start({ until: 'plan' });
    await until(() => shared.calls === 1);
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete');
    assert.equal(shared.calls, 1, 'the first call is still held');
    await rig.app.close();
    assert.deepEqual(shared.stored().tasks, []);
    shared.behave('works');
    await rig.restart();
    await until(() => shared.stored().tasks[0]?.status === 'completed');
    assert.deepEqual(await rig.app.records(runId), shared.stored());
  });

  it('are the same in an export and in the database, for one run and for all', async () => {
    const shared = createFakeRecordStore();
    const rig = await open(shared);
    const first = await rig.start({ until: 'plan' });
    await rig.settled(first);
    const second = await rig.start({ until: 'plan' });
    await rig.settled(second);
    await until(() => shared.stored().tasks.filter(({ status }) => status === 'completed').length === 2);
    const one = await rig.app.records(first.slice(0, -2));
    assert.deepEqual(
      one.tasks.map(({ taskId, userId }) => [taskId, userId]),
      [[first, 'Ada']],
    );
    const all = await rig.app.records(null);
    const sorted = (records: typeof all) => records.activities.map(({ activityId }) => activityId).toSorted();
    assert.deepEqual(sorted(all), sorted(shared.stored()));
    assert.deepEqual(
      await rig.app.teamTasks(AbortSignal.timeout(10_000)),
      await shared.tasks(100, AbortSignal.timeout(10_000)),
    );
  });

  it('can be exported without a database, which is then null', async () => {
    const rig = await openRig(script, { forge: createFakeForge() });
    const runId = await rig.start({ until: 'plan' });
    await rig.settled(runId);
    const { tasks, activities } = await rig.app.records(runId);
    assert.equal(tasks[0]?.status, 'completed');
    assert.ok(activities.some(({ action }) => action === 'plan.proposed'));
    assert.equal(await rig.app.teamTasks(AbortSignal.timeout(10_000)), null);
    await assert.rejects(rig.app.records('nothing'), /no run/);
  });
});
