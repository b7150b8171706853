import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Services } from '../../src/core/flow/services.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { Finding, Review } from '../../src/protocol/work.ts';
import { eventually, processesIn } from '../durability/place.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { eventsOf, passes } from '../merging/two-agents.ts';
import { house } from './house.ts';
import { approve, type Call, finish, type Rig, run, useRigs, write } from './rig.ts';

const finding: Finding = { id: 'f', severity: 'major', file: 'a/done.txt', line: 1, message: 'no' };
const revise: Review = { verdict: 'revise', summary: 'no', findings: [finding] };

const planOf = (ids: string[]) => aPlan(ids.map((id) => aSubtask(id, { checks: [passes(`test -f ${id}/done.txt`)] })));

const turn = (id: string, at: number): Call[] => [write(`${id}/done.txt`, `${id}${at}`), finish()];
const reviewed = (rig: Rig, runId: string) => eventsOf(rig.eventsOf(runId), 'subtask.checked').map((e) => e.subtaskId);
const integrated = (rig: Rig, runId: string) =>
  eventsOf(rig.eventsOf(runId), 'subtask.integrated').map((e) => e.subtaskId);

const isSentBack = (rig: Rig, runId: string) =>
  eventsOf(rig.eventsOf(runId), 'subtask.reviewed').some(({ review }) => review.verdict === 'revise');
const started = (rig: Rig, runId: string) => eventsOf(rig.eventsOf(runId), 'subtask.started').map((e) => e.subtaskId);
const agentsAtWork = async (rig: Rig, runId: string) => {
  const view = await rig.app.snapshot(runId);
  return Object.values(view?.agents ?? {})
    .filter(({ id, status }) => id !== 'lead' && status === 'working')
    .map(({ subtaskId }) => subtaskId);
};
const sentBackOnce = (id: string, round: number): Review => (id === 'a' && round === 1 ? revise : approve);

describe('an agent whose work is looked at', function () {
  this.timeout(60_000);
  const open = useRigs();

  it('makes room for the next subtask, up to twice as many as may work', async () => {
    const { open: let_, seen, adjust } = house();
    const plan = planOf(['a', 'b', 'c', 'd', 'e', 'f']);
    const rig = await open({ plan, turn }, { adjust, policy: { concurrency: 2 } });
    const runId = await rig.start({ until: 'build' });
    await eventually('two work', () => seen.atWork.size === 2);
    let_('a 0', 'b 0');
    await eventually('the next two work', () => seen.atWork.has('c 0') && seen.atWork.has('d 0'));
    let_('c 0', 'd 0');
    await eventually('four are in review', () => reviewed(rig, runId).length === 4);
    // The fifth begins when one of the four has come to its end.
    let_('review a round 1');
    await eventually('the fifth works', () => seen.atWork.has('e 0'));
    assert.equal(eventsOf(rig.eventsOf(runId), 'subtask.started').length, 5);
    let_('e 0', 'f 0', ...['b', 'c', 'd', 'e', 'f'].map((id) => `review ${id} round 1`));
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.deepEqual([integrated(rig, runId).sort().join(''), seen.most], ['abcdef', 2]);
  });

  it('waits for its turn when it is sent back, and comes before what has not begun', async () => {
    const { open: let_, seen, adjust } = house();
    const rig = await open(
      {
        plan: planOf(['a', 'b', 'c', 'd', 'e']),
        turn,
        review: sentBackOnce,
      },
      { adjust, policy: { concurrency: 2 } },
    );
    const runId = await rig.start({ until: 'build' });
    let_('a 0', 'b 0');
    await eventually('c and d work', () => seen.atWork.has('c 0') && seen.atWork.has('d 0'));
    let_('review a round 1', 'review b round 1');
    await eventually('a is sent back', () => isSentBack(rig, runId));
    await eventually('b is integrated', () => integrated(rig, runId).length === 1);
    assert.deepEqual([...seen.atWork], ['c 0', 'd 0']);
    assert.deepEqual(await agentsAtWork(rig, runId), ['c', 'd']);
    let_('c 0');
    await eventually('a goes on', () => seen.atWork.has('a 1'));
    assert.equal(seen.asked.includes('e 0'), false);
    let_('d 0', 'a 1', 'e 0', ...['c', 'd', 'e'].map((id) => `review ${id} round 1`), 'review a round 2');
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.equal(seen.most, 2);
  });

  it('keeps nobody from working while a person decides about it', async () => {
    const rig = await open(
      { plan: planOf(['a', 'b', 'c', 'd']), turn, review: (id) => ('ab'.includes(id) ? revise : approve) },
      { policy: { concurrency: 2, reviewRounds: 1 } },
    );
    const runId = await rig.start({ until: 'build' });
    await eventually('the others are integrated', () => integrated(rig, runId).length === 2);
    const { waiting } = await rig.settled(runId);
    assert.deepEqual(
      waiting.map(({ gate }) => gate),
      ['subtask', 'subtask'],
    );
    for (const { waitOn, topic } of waiting) {
      await rig.app.dispatch({ type: 'approve', runId, gate: 'subtask', waitOn, topic });
    }
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.deepEqual(integrated(rig, runId).sort().join(''), 'abcd');
  });

  it('has nobody beside it where one agent is allowed: the next begins when its work is approved', async () => {
    const { open: let_, seen, adjust } = house();
    const rig = await open({ plan: planOf(['a', 'b']), turn }, { adjust, policy: { concurrency: 1 } });
    const runId = await rig.start({ until: 'build' });
    let_('a 0');
    await eventually('a is in review', () => reviewed(rig, runId).length === 1);
    assert.deepEqual(seen.asked, ['a 0']);
    let_('b 0', 'review a round 1', 'review b round 1');
    assert.equal((await rig.settled(runId)).status, 'complete');
    const order = rig.eventsOf(runId).filter(({ type }) => type === 'subtask.started' || type === 'subtask.approved');
    assert.deepEqual(
      order.map(({ type }) => type.slice('subtask.'.length)),
      ['started', 'approved', 'started', 'approved'],
    );
  });

  it('is found again after a restart, with no more at work than before', async () => {
    const first = house();
    const second = house();
    let now = first;
    const rig = await open(
      {
        plan: planOf(['a', 'b', 'c', 'd', 'e']),
        turn,
        review: sentBackOnce,
      },
      { adjust: (services) => now.adjust(services), policy: { concurrency: 2 } },
    );
    const runId = await rig.start({ until: 'build' });
    first.open('a 0', 'b 0');
    await eventually('c and d work', () => first.seen.atWork.has('c 0') && first.seen.atWork.has('d 0'));
    first.open('review a round 1');
    await eventually('a is sent back', () => isSentBack(rig, runId));
    now = second;
    await rig.restart();
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    await eventually('two work', () => second.seen.atWork.size === 2);
    second.open(...['a 1', 'b 0', 'c 0', 'd 0', 'e 0', 'review a round 2']);
    second.open(...['b', 'c', 'd', 'e'].map((id) => `review ${id} round 1`));
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.deepEqual([integrated(rig, runId).sort().join(''), second.seen.most], ['abcde', 2]);
    assert.deepEqual(
      second.seen.asked.filter((name) => name === 'a 0' || name === 'b 0'),
      [],
    );
    assert.equal(eventsOf(rig.eventsOf(runId), 'subtask.started').length, 5);
  });

  it('does not wait for seats that only a person can make free: a paused run comes to rest', async () => {
    const { open: let_, seen, adjust } = house();
    const rig = await open(
      { plan: planOf(['a', 'b', 'c', 'd']), turn, review: sentBackOnce },
      { adjust, policy: { concurrency: 2 } },
    );
    const runId = await rig.start({ until: 'build' });
    let_('a 0', 'b 0');
    await eventually('c and d work', () => seen.atWork.has('c 0') && seen.atWork.has('d 0'));
    let_('review a round 1', 'review b round 1');
    await eventually('a is sent back', () => isSentBack(rig, runId));
    await rig.app.dispatch({ type: 'pause', runId });
    let_('c 0', 'd 0', 'a 1');
    const paused = await rig.settled(runId);
    assert.deepEqual(
      paused.waiting.map(({ gate, code }) => `${gate} ${code}`),
      ['resume paused', 'resume paused', 'resume paused'],
    );
    let_('review a round 2', 'review c round 1', 'review d round 1');
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.deepEqual([integrated(rig, runId).sort().join(''), seen.most], ['abcd', 2]);
  });

  it('does not let another begin when it has failed', async () => {
    const { open: let_, seen, adjust } = house();
    const failing = (services: Services): Partial<Services> => {
      const { calls } = adjust(services);
      assert.ok(calls);
      return {
        calls: {
          ...calls,
          async turnAgent(request, call) {
            const reply = await calls.turnAgent(request, call);
            if (call.subtaskId === 'a') throw new AppError({ code: 'internal', message: 'broken' });
            return reply;
          },
        },
      };
    };
    const rig = await open({ plan: planOf(['a', 'b', 'c']), turn }, { adjust: failing, policy: { concurrency: 2 } });
    const runId = await rig.start({ until: 'build' });
    await eventually('two work', () => seen.atWork.size === 2);
    let_('a 0');
    await eventually('a has failed', () => eventsOf(rig.eventsOf(runId), 'subtask.failed').length === 1);
    let_('b 0', 'review b round 1');
    assert.equal((await rig.settled(runId)).waiting[0]?.gate, 'resume');
    assert.deepEqual(started(rig, runId), ['a', 'b']);
  });

  it('that came back before a restart has its seat after it, while its tools run', async () => {
    const first = house();
    const second = house();
    let now = first;
    const rig = await open(
      {
        plan: planOf(['a', 'b', 'c', 'd']),
        turn: (id, at) => (id === 'a' && at === 1 ? [run('while ! test -f a/go; do sleep 0.02; done')] : turn(id, at)),
        review: sentBackOnce,
      },
      { adjust: (services) => now.adjust(services), policy: { concurrency: 2 } },
    );
    const runId = await rig.start({ until: 'build' });
    const isRunning = () => processesIn(rig.stateDir).some((line) => line.includes('test -f a/go'));
    first.open('a 0');
    await eventually('b and c work', () => first.seen.atWork.has('b 0') && first.seen.atWork.has('c 0'));
    first.open('review a round 1');
    await eventually('a is sent back', () => isSentBack(rig, runId));
    first.open('c 0', 'a 1');
    await eventually('the tools of a run', isRunning);
    await eventually('c is in review', () => reviewed(rig, runId).includes('c'));
    assert.deepEqual(started(rig, runId), ['a', 'b', 'c']);
    now = second;
    await rig.restart();
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    await eventually('the tools of a run again', isRunning);
    await eventually('b works', () => second.seen.atWork.has('b 0'));
    second.open('review c round 1');
    await eventually('c is integrated', () => integrated(rig, runId).includes('c'));
    assert.deepEqual(started(rig, runId), ['a', 'b', 'c']);
    writeFileSync(join(rig.services.runDir(runId), 'worktrees', 'a', 'a', 'go'), '');
    second.open('a 2', 'b 0', 'd 0', 'review a round 2', 'review b round 1', 'review d round 1');
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.ok(second.seen.most <= 2, `${second.seen.most} at work`);
  });
});
