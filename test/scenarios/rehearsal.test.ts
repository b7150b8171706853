import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Services } from '../../src/core/flow/services.ts';
import type { Plan } from '../../src/protocol/plan.ts';
import { eventually, processesIn } from '../durability/place.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { barrier, eventsOf, passes } from '../merging/two-agents.ts';
import { type Call, finish, type Rig, useRigs, write } from './rig.ts';

/** Holds the lead's reviews until the test lets them go, and notes where each check has run. */
function stage() {
  const checked: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gate = (review: string) => {
    const known = gates.get(review) ?? Promise.withResolvers<void>();
    gates.set(review, known);
    return known;
  };
  const adjust = ({ runner, calls }: Services): Partial<Services> => ({
    runner: {
      async run(command, signal) {
        const result = await runner.run(command, signal);
        checked.push(`${basename(command.cwd)}: ${command.command}`);
        return result;
      },
    },
    calls: {
      ...calls,
      async askLead(request, call) {
        const isReview = request.purpose.startsWith('review ');
        if (isReview) await Promise.race([gate(request.purpose).promise, aborted(call.signal)]);
        return calls.askLead(request, call);
      },
    },
  });
  return { checked, gate, adjust };
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

const planOf = (ids: string[], integrationCheck = 'test -d .'): Plan =>
  aPlan(
    ids.map((id) => aSubtask(id, { checks: [passes(`test -f ${id}/done.txt`)] })),
    { integrationChecks: [passes(integrationCheck)] },
  );

const builds = (id: string, turn: number): Call[] => (turn === 0 ? [write(`${id}/done.txt`, id)] : [finish()]);

const worktreesOf = (rig: Rig, runId: string) => {
  const dir = join(rig.services.runDir(runId), 'worktrees');
  return existsSync(dir) ? readdirSync(dir) : [];
};
const sleepers = (rig: Rig) => processesIn(rig.stateDir).filter((line) => line.includes('sleep'));

describe('an integration that is tried out while the lead reviews', function () {
  this.timeout(60_000);
  const open = useRigs();

  it('is not made again after the approval', async () => {
    const { checked, gate, adjust } = stage();
    const rig = await open({ plan: planOf(['a']), turn: builds }, { adjust });
    const runId = await rig.start({ until: 'build' });
    await eventually('rehearsed', () => checked.includes('rehearsal-a: test -d .'));
    gate('review a round 1').resolve();
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.deepEqual(checked, ['a: test -f a/done.txt', 'rehearsal-a: test -f a/done.txt', 'rehearsal-a: test -d .']);
    const events = rig.eventsOf(runId);
    const [integrated] = eventsOf(events, 'subtask.integrated');
    const [evidence, ...more] = eventsOf(events, 'integration.checked');
    assert.equal(evidence?.commit, integrated?.commit);
    assert.deepEqual([evidence?.evidence.length, more], [2, []]);
    const ref = `refs/orchestrator/${runId}/integration`;
    assert.equal(rig.git('rev-parse', ref).trim(), integrated?.commit);
    assert.equal(rig.git('show', `${ref}:a/done.txt`), 'a');
    await eventually('no worktree is left', () => worktreesOf(rig, runId).length === 0);
  });

  it('stands on the one before it, and is made anew when that one is approved later', async () => {
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const { checked, gate, adjust } = stage();
      const both = barrier(2);
      const turn = async (id: string, at: number): Promise<Call[]> => {
        if (at === 0) return builds(id, at);
        await both();
        // The first in review, so that the order of the rehearsals is known.
        if (id === 'b') await eventually('rehearsed', () => checked.includes('rehearsal-a: test -d .'));
        return builds(id, at);
      };
      const rig = await open({ plan: planOf(['a', 'b']), turn }, { adjust });
      const runId = await rig.start({ until: 'build' });
      await eventually('rehearsed', () => checked.includes('rehearsal-b: test -d .'));
      const integrated = () => eventsOf(rig.eventsOf(runId), 'subtask.integrated').map((event) => event.subtaskId);
      for (const [index, id] of order.entries()) {
        gate(`review ${id} round 1`).resolve();
        await eventually(`${id} is integrated`, () => integrated().length === index + 1);
      }
      assert.equal((await rig.settled(runId)).status, 'complete');
      assert.deepEqual(integrated(), order);
      const inMerges = checked.filter((line) => line.startsWith('merge-') && line.endsWith('test -d .'));
      assert.equal(inMerges.includes('merge-b: test -d .'), order[0] === 'b', checked.join('\n'));
      if (order[0] === 'a') assert.deepEqual(inMerges, []);
      const ref = `refs/orchestrator/${runId}/integration`;
      assert.equal(rig.git('show', `${ref}:a/done.txt`) + rig.git('show', `${ref}:b/done.txt`), 'ab');
    }
  });

  it('that conflicts or fails goes to the agent that joins both, without being made again', async () => {
    const { checked, gate, adjust } = stage();
    const check = 'test -f a/mended.txt';
    const rig = await open(
      {
        plan: planOf(['a'], check),
        turn: (id, turn) => {
          if (id === 'a:merge') return turn === 0 ? [write('a/mended.txt', 'mended')] : [finish()];
          return builds(id, turn);
        },
      },
      { adjust },
    );
    const runId = await rig.start({ until: 'build' });
    await eventually('rehearsed', () => checked.includes(`rehearsal-a: ${check}`));
    gate('review a round 1').resolve();
    assert.equal((await rig.settled(runId)).status, 'complete');
    const outcomes = eventsOf(rig.eventsOf(runId), 'integration.checked').map(
      ({ evidence }) => evidence.at(-1)?.outcome,
    );
    assert.deepEqual(outcomes, ['failed', 'passed']);
    assert.deepEqual(
      checked.filter((line) => line.endsWith(check)),
      [`rehearsal-a: ${check}`, `merge-a: ${check}`],
    );
  });

  /** A run whose rehearsal hangs until the file `go` is there. */
  const hanging = async () => {
    const { checked, gate, adjust } = stage();
    const rig = await open(
      {
        plan: planOf(['a'], 'test -f a/go.txt || sleep 47.5'),
        turn: (id, turn) => (turn === 2 ? [write('a/go.txt', 'go')] : turn === 3 ? [finish()] : builds(id, turn)),
        review: (_id, round) =>
          round === 1
            ? {
                verdict: 'revise',
                summary: 'Nearly.',
                findings: [{ id: 'F1', severity: 'major', file: 'a/done.txt', line: 1, message: 'Go.' }],
              }
            : { verdict: 'approve', summary: 'Fine.', findings: [] },
      },
      { adjust },
    );
    const runId = await rig.start({ until: 'build' });
    await eventually('the check hangs', () => sleepers(rig).length > 0);
    return { rig, runId, gate, checked };
  };

  it('ends when the lead wants changes, and the next one is of what the agent made of them', async () => {
    const { rig, runId, gate, checked } = await hanging();
    gate('review a round 1').resolve();
    await eventually('nothing hangs', () => sleepers(rig).length === 0);
    await eventually('rehearsed', () => checked.at(-1)?.startsWith('rehearsal-a: test -f a/go.txt') === true);
    gate('review a round 2').resolve();
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.equal(
      checked.some((line) => line.startsWith('merge-')),
      false,
    );
    assert.equal(eventsOf(rig.eventsOf(runId), 'integration.checked').length, 1);
  });

  it('ends with a cancelled run, of which nothing is left but its work', async () => {
    const { rig, runId } = await hanging();
    await rig.app.dispatch({ type: 'cancel', runId });
    assert.equal((await rig.settled(runId)).status, 'cancelled');
    await eventually('nothing hangs', () => sleepers(rig).length === 0);
    await eventually('no worktree is left', () => worktreesOf(rig, runId).length === 0);
    const refs = rig.git('for-each-ref', '--format=%(refname)', 'refs/orchestrator');
    assert.match(refs, /\/a$/m);
    assert.doesNotMatch(refs, /rehearsal|leftover/);
  });

  it('costs a run nothing but time when the program ends meanwhile', async () => {
    const { rig, runId, gate } = await hanging();
    await rig.restart();
    await eventually('nothing hangs', () => sleepers(rig).length === 0);
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    for (const round of [1, 2]) gate(`review a round ${round}`).resolve();
    assert.equal((await rig.settled(runId)).status, 'complete');
    await eventually('no worktree is left', () => worktreesOf(rig, runId).length === 0);
  });
});
