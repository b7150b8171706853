import assert from 'node:assert/strict';
import type { Services } from '../../src/core/flow/services.ts';
import type { Finding, Review } from '../../src/protocol/work.ts';
import { eventually } from '../durability/place.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { eventsOf, passes } from '../merging/two-agents.ts';
import { approve, type Call, finish, type Rig, useRigs, write } from './rig.ts';

const finding: Finding = { id: 'f', severity: 'major', file: 'a/done.txt', line: 1, message: 'no' };
const revise: Review = { verdict: 'revise', summary: 'no', findings: [finding] };

const planOf = (ids: string[]) => aPlan(ids.map((id) => aSubtask(id, { checks: [passes(`test -f ${id}/done.txt`)] })));

/** Doors that stay shut until the test opens them; whoever is taken away goes through as well. */
function doors() {
  const known = new Map<string, PromiseWithResolvers<void>>();
  const door = (name: string) => {
    const found = known.get(name) ?? Promise.withResolvers<void>();
    known.set(name, found);
    return found;
  };
  const through = (name: string, signal: AbortSignal) =>
    Promise.race([
      door(name).promise,
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
    ]);
  const open = (...names: string[]) => {
    for (const name of names) door(name).resolve();
  };
  return { open, through };
}

/** Agents whose turns, and a lead whose reviews, wait for the test; `most` is how many agents were asked at the same time. */
function house() {
  const { open, through } = doors();
  const seen = { asked: [] as string[], atWork: new Set<string>(), most: 0 };
  const adjust = ({ calls }: Services): Partial<Services> => ({
    calls: {
      ...calls,
      async askLead(request, call) {
        if (request.purpose.startsWith('review ')) await through(request.purpose, call.signal);
        return calls.askLead(request, call);
      },
      async turnAgent(request, call) {
        const name = `${call.subtaskId} ${request.messages.filter(({ role }) => role === 'assistant').length}`;
        seen.asked.push(name);
        seen.atWork.add(name);
        seen.most = Math.max(seen.most, seen.atWork.size);
        try {
          await through(name, call.signal);
          return await calls.turnAgent(request, call);
        } finally {
          seen.atWork.delete(name);
        }
      },
    },
  });
  return { open, seen, adjust };
}

const turn = (id: string, at: number): Call[] => [write(`${id}/done.txt`, `${id}${at}`), finish()];
const reviewed = (rig: Rig, runId: string) => eventsOf(rig.eventsOf(runId), 'subtask.checked').map((e) => e.subtaskId);
const integrated = (rig: Rig, runId: string) =>
  eventsOf(rig.eventsOf(runId), 'subtask.integrated').map((e) => e.subtaskId);

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
        review: (id, round) => (id === 'a' && round === 1 ? revise : approve),
      },
      { adjust, policy: { concurrency: 2 } },
    );
    const runId = await rig.start({ until: 'build' });
    let_('a 0', 'b 0');
    await eventually('c and d work', () => seen.atWork.has('c 0') && seen.atWork.has('d 0'));
    let_('review a round 1', 'review b round 1');
    await eventually('a is sent back', () => eventsOf(rig.eventsOf(runId), 'subtask.revised').length === 1);
    await eventually('b is integrated', () => integrated(rig, runId).length === 1);
    assert.deepEqual([...seen.atWork], ['c 0', 'd 0']);
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
        review: (id, round) => (id === 'a' && round === 1 ? revise : approve),
      },
      { adjust: (services) => now.adjust(services), policy: { concurrency: 2 } },
    );
    const runId = await rig.start({ until: 'build' });
    first.open('a 0', 'b 0');
    await eventually('c and d work', () => first.seen.atWork.has('c 0') && first.seen.atWork.has('d 0'));
    first.open('review a round 1');
    await eventually('a is sent back', () => eventsOf(rig.eventsOf(runId), 'subtask.revised').length === 1);
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
});
