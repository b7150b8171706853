import assert from 'node:assert/strict';
import type { LeadRequest } from '../../src/core/ports.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { Review } from '../../src/protocol/work.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { approve, finish, type Script, useRigs, write } from './rig.ts';

const plan = aPlan([aSubtask('a', { checks: [{ name: 'test', command: 'test -f a/1.js' }] })]);

const of = <T extends DomainEvent['type']>(events: DomainEvent[], type: T) =>
  events.filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);

const DEFECT = 'export const isAdmin = () => true;';
const MENDED = 'export const isAdmin = (user) => user.roles.has("admin");';
const FILES = 6;
/** A source file of 50 kB. */
const source = (n: number, last: string) =>
  `${Array.from({ length: 1_000 }, (_, line) => `export const value${line} = compute(${n}, ${line}, "text");`).join('\n')}\n${last}\n`;
const isBad = (n: number) => n === FILES;

/** Writes six files, 300 kB; the last has the defect. Mends it when it hears of it. */
const turn: Script['turn'] = (_id, count) => {
  if (count === 0)
    return Array.from({ length: FILES }, (_, n) => write(`a/${n + 1}.js`, source(n + 1, isBad(n + 1) ? DEFECT : '')));
  return count === 2 ? [write(`a/${FILES}.js`, source(FILES, MENDED))] : [finish()];
};

/** Sees only what it is shown. */
const review = (_id: string, _round: number, request: LeadRequest): Review =>
  request.input.includes(`+${DEFECT}`)
    ? {
        verdict: 'revise',
        summary: 'Everybody is an admin.',
        findings: [{ id: 'f1', file: `a/${FILES}.js`, line: 1_001, severity: 'blocker', message: 'Ask for the role.' }],
      }
    : approve;

describe('a change that is larger than one request to the reviewer', function () {
  this.timeout(60_000);
  const open = useRigs();

  it('is shown in parts, each with the list of all files, so that a defect at its end is found', async () => {
    const rig = await open({ plan, turn, review });
    const runId = await rig.start({ until: 'build' });
    const view = await rig.settled(runId);
    assert.deepEqual([view.error, view.status], [null, 'complete']);
    const reviews = rig.lead.requests.filter((request) => request.purpose.startsWith('review'));
    assert.deepEqual(
      reviews.map((request) => request.purpose),
      [
        'review a round 1 part 1 of 3',
        'review a round 1 part 2 of 3',
        'review a round 1 part 3 of 3',
        'review a round 2',
      ],
    );
    for (const [index, { input }] of reviews.slice(0, 3).entries()) {
      assert.ok(input.length < 135_000, String(input.length));
      assert.match(input, new RegExp(`# Diff, part ${index + 1} of 3\n`));
      for (let n = 1; n <= FILES; n += 1) {
        assert.match(
          input,
          new RegExp(`^- a/${n}\\.js \\(\\+1001 −0 lines, \\d+ kB\\): part ${Math.ceil(n / 2)}$`, 'm'),
        );
        assert.equal(input.includes(`+++ b/a/${n}.js`), Math.ceil(n / 2) === index + 1, `${n} in part ${index + 1}`);
      }
    }
    assert.match(reviews[2]?.input ?? '', /- Part 1: fine\n- Part 2: fine\n[\s\S]*This is the last part/);
    // Only what changed since is shown again, and what a finding is about.
    const again = reviews[3]?.input ?? '';
    assert.ok(again.includes(`+${MENDED}`) && again.length < 60_000, String(again.length));
    assert.match(again, /a\/1\.js \([^)]*\): not shown, as the last review saw it/);

    const events = rig.eventsOf(runId);
    assert.deepEqual(
      of(events, 'subtask.reviewed').map(({ round, review: said }) => [round, said.verdict, said.findings.length]),
      [
        [1, 'revise', 1],
        [2, 'approve', 0],
      ],
    );
    assert.equal(of(events, 'model.called').filter((event) => event.purpose.startsWith('review')).length, 4);
    assert.ok(rig.git('show', `${view.subtasks.a?.commit}:a/${FILES}.js`).includes(MENDED));
  });

  it('is reviewed from where it stopped when the process ends between two parts', async () => {
    let reached = () => {};
    const inPart = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let hang = true;
    const rig = await open({
      plan,
      turn,
      review: async (id, round, request) => {
        if (hang && request.purpose.endsWith('part 2 of 3')) {
          reached();
          await new Promise(() => {});
        }
        return review(id, round, request);
      },
    });
    const runId = await rig.start({ until: 'build' });
    await inPart;
    hang = false;
    await rig.restart();
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await rig.settled(runId);
    assert.deepEqual([view.error, view.status], [null, 'complete']);
    const asked = rig.lead.requests.map((request) => request.purpose).filter((purpose) => purpose.includes('round 1'));
    assert.deepEqual(
      asked.map((purpose) => purpose.slice(-11)),
      ['part 1 of 3', 'part 2 of 3', 'part 2 of 3', 'part 3 of 3'],
    );
    assert.deepEqual(
      of(rig.eventsOf(runId), 'subtask.reviewed').map((event) => event.review.verdict),
      ['revise', 'approve'],
    );
  });

  it('has new findings heard about whatever changed since the last round, however much that was', async () => {
    const late = { id: 'f9', file: `a/${FILES}.js`, line: 1_001, severity: 'major' as const, message: 'Wrong role.' };
    const rig = await open({
      plan,
      // Everything is written again in answer to a finding about the first file.
      turn: (_id, count) =>
        count === 0 || count === 2
          ? Array.from({ length: FILES }, (_, n) => write(`a/${n + 1}.js`, source(count * 10 + n, `// ${count}`)))
          : [finish()],
      review: (_id, round, { purpose }) => {
        if (round === 1 && purpose.endsWith('part 1 of 3'))
          return { verdict: 'revise', summary: 'no', findings: [{ ...late, id: 'f1', file: 'a/1.js' }] };
        return round === 2 && / part (\d) of \1$/.test(purpose)
          ? { verdict: 'revise', summary: 'no', findings: [late] }
          : approve;
      },
    });
    const runId = await rig.start({ until: 'build' });
    await rig.settled(runId);
    assert.deepEqual(
      of(rig.eventsOf(runId), 'subtask.reviewed')
        .slice(0, 2)
        .map((event) => event.review.findings.map((found) => found.id)),
      [['f1'], ['f9']],
    );
  });

  it('goes back to the agent unreviewed when it is too much, which takes out what does not belong there', async () => {
    const big = source(1, '').repeat(24);
    const rig = await open({
      plan,
      turn: (_id, count) => {
        if (count === 0) return [write('a/1.js', 'done\n'), write('a/bundle.js', big)];
        return count === 2 ? [write('a/bundle.js', '')] : [finish()];
      },
    });
    const runId = await rig.start({ until: 'build' });
    const view = await rig.settled(runId);
    assert.deepEqual([view.error, view.status], [null, 'complete']);
    const told = rig.agent.requests[2]?.messages.at(-1);
    assert.ok(told?.role === 'tools');
    assert.match(told.text ?? '', /too large to be reviewed: 2 files, 1\.\d MB to read; .*a\/bundle\.js \(\+24024 /);
    const checked = of(rig.eventsOf(runId), 'subtask.checked');
    assert.deepEqual(
      checked.map((event) => event.faults.length),
      [1, 0],
    );
    assert.equal(rig.lead.requests.filter((request) => request.purpose.startsWith('review')).length, 1);
  });

  it('waits for a person, who is told why, when the agent leaves it so large', async () => {
    const big = source(1, '').repeat(24);
    const rig = await open({
      plan,
      turn: (_id, count) => (count === 0 ? [write('a/1.js', 'done\n'), write('a/2.js', big)] : [finish('all needed')]),
    });
    const runId = await rig.start({ until: 'build' });
    const view = await rig.settled(runId);
    assert.equal(view.subtasks.a?.state, 'parked');
    assert.match(view.waiting[0]?.message ?? '', /^Subtask "a" waits: .*too large to be reviewed: 2 files, 1\.\d MB/);
    assert.equal(rig.lead.requests.filter((request) => request.purpose.startsWith('review')).length, 0);
    await rig.app.dispatch({ type: 'approve', runId, gate: 'subtask' });
    assert.equal((await rig.settled(runId)).status, 'complete');
  });
});
