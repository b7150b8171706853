import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { ErrorInfo } from '../../src/protocol/errors.ts';
import { DomainEvent, type EventRecord } from '../../src/protocol/events.ts';
import type { Evidence, Finding } from '../../src/protocol/work.ts';
import { announcement } from '../../webview/progress/announcement.ts';
import { criticalPath } from '../../webview/progress/critical-path.ts';
import { type GanttInput, type GanttTask, ganttModel } from '../../webview/progress/gantt-model.ts';
import { ganttScale, MAX_ZOOM, MIN_BAR_PX, tickStepMs, ticks, zoomed } from '../../webview/progress/gantt-scale.ts';
import { filterLog, NO_FILTER } from '../../webview/progress/log-filter.ts';
import { logLine } from '../../webview/progress/log-line.ts';
import { costMeter, groupSubtasks, stageSteps, subtaskOfWait } from '../../webview/progress/run-facts.ts';
import { deliveryEvents } from './deliveries.ts';
import { recordedRun, upTo, viewOf } from './recording.ts';

const AT = '2026-01-15T09:30:00.000Z';
const at = (seconds: number): string => new Date(Date.parse(AT) + seconds * 1_000).toISOString();
const ms = (seconds: number): number => Date.parse(AT) + seconds * 1_000;
const record = (event: DomainEvent, seq = 1): EventRecord => ({ v: 1, runId: 'run', seq, at: AT, event });
const said = (event: DomainEvent) => logLine(record(event));

const error: ErrorInfo = {
  code: 'auth',
  message: '401',
  userMessage: 'The key of anthropic was refused.',
  retry: false,
};
const finding: Finding = { id: 'f', file: 'a.js', line: 3, severity: 'major', message: 'Wrong.' };
const evidence: Evidence = {
  name: 'tests',
  command: 'npm test',
  exitCode: 0,
  outcome: 'passed',
  durationMs: 20,
  outputTail: '',
  outputFile: null,
};

describe('the critical path', () => {
  it('is the chain of dependencies that takes longest, not the one with most subtasks', () => {
    const path = criticalPath([
      { id: 'a', dependsOn: [], durationMs: 10 },
      { id: 'b', dependsOn: ['a'], durationMs: 10 },
      { id: 'c', dependsOn: ['b'], durationMs: 10 },
      { id: 'long', dependsOn: ['a'], durationMs: 50 },
    ]);
    assert.deepEqual(path, ['a', 'long']);
  });

  it('is nothing for no subtasks, and ends in spite of unknown dependencies and cycles', () => {
    assert.deepEqual(criticalPath([]), []);
    assert.deepEqual(criticalPath([{ id: 'a', dependsOn: ['gone'], durationMs: 1 }]), ['a']);
    const cyclic = criticalPath([
      { id: 'a', dependsOn: ['b'], durationMs: 1 },
      { id: 'b', dependsOn: ['a'], durationMs: 1 },
    ]);
    assert.equal(new Set(cyclic).size, cyclic.length);
  });

  it('is never shorter than any one chain of a plan', () => {
    const plans = fc.array(fc.record({ durationMs: fc.nat(1_000), picks: fc.array(fc.nat(), { maxLength: 4 }) }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(plans, fc.nat(), (plan, seed) => {
        const nodes = plan.map(({ durationMs, picks }, index) => ({
          id: `s${index}`,
          durationMs,
          dependsOn: index === 0 ? [] : [...new Set(picks.map((pick) => `s${pick % index}`))],
        }));
        const length = (ids: readonly string[]) =>
          ids.reduce((sum, id) => sum + (nodes.find((node) => node.id === id)?.durationMs ?? 0), 0);
        const path = criticalPath(nodes);
        path.slice(1).forEach((id, index) => {
          assert.ok(nodes.find((node) => node.id === id)?.dependsOn.includes(path[index] ?? ''));
        });
        // Any walk down the dependencies is a chain.
        const walk: string[] = [];
        for (let node = nodes[seed % nodes.length]; node !== undefined; ) {
          walk.push(node.id);
          const next = node.dependsOn[seed % Math.max(1, node.dependsOn.length)];
          node = nodes.find(({ id }) => id === next);
        }
        assert.ok(length(path) >= length(walk));
      }),
      { numRuns: 200 },
    );
  });
});

const task = (id: string, change: Partial<GanttTask> = {}): GanttTask => ({
  id,
  title: id,
  dependsOn: [],
  state: 'pending',
  effort: 'medium',
  round: 0,
  startedAt: null,
  endedAt: null,
  revisedAt: [],
  ...change,
});
const input = (tasks: GanttTask[], change: Partial<GanttInput> = {}): GanttInput => ({
  tasks,
  estimate: null,
  startedAt: AT,
  endedAt: null,
  ...change,
});

describe('the timeline', () => {
  it('draws what ended as long as it took, what is at work up to now, and expects the rest after it', () => {
    const model = ganttModel(
      input([
        task('first', { state: 'integrated', startedAt: at(0), endedAt: at(10) }),
        task('second', { state: 'working', dependsOn: ['first'], startedAt: at(10), revisedAt: [at(14)] }),
        task('third', { dependsOn: ['second'] }),
      ]),
      ms(15),
    );
    const [first, second, third] = model.bars;
    assert.deepEqual([first?.kind, first?.startMs, first?.endMs], ['done', ms(0), ms(10)]);
    assert.deepEqual([second?.kind, second?.startMs, second?.endMs], ['live', ms(10), ms(15)]);
    assert.deepEqual(second?.roundsMs, [ms(14)]);
    // The first took ten seconds for the same effort: so will the second and the third.
    assert.deepEqual([third?.kind, third?.startMs, third?.endMs], ['planned', ms(20), ms(30)]);
    assert.equal(model.toMs, ms(30));
    assert.deepEqual(model.criticalPath, ['first', 'second', 'third']);
  });

  it('takes durations from the estimate of the plan while nothing has ended', () => {
    const estimate = { tokens: { low: 1, high: 2 }, costUsd: null, wallMs: { low: 10_000, high: 30_000 } };
    const { bars } = ganttModel(input([task('one'), task('two', { dependsOn: ['one'] })], { estimate }), ms(0));
    assert.equal(bars.at(-1)?.endMs, ms(20));
  });

  it('leaves out what never began, and the line of now, once the run has ended', () => {
    const tasks = [task('done', { state: 'integrated', startedAt: at(0), endedAt: at(5) }), task('never')];
    const model = ganttModel(input(tasks, { endedAt: at(6) }), ms(500));
    assert.deepEqual(
      model.bars.map((bar) => bar.task.id),
      ['done'],
    );
    assert.equal(model.nowMs, null);
    assert.equal(model.toMs, ms(6));
  });

  it('marks in the recorded run the slow page and what waited for it', () => {
    const view = viewOf(recordedRun());
    const tasks = Object.values(view.subtasks).map((subtask) =>
      task(subtask.id, { ...subtask, effort: 'medium', revisedAt: [] }),
    );
    const { startedAt, endedAt } = view;
    assert.deepEqual(ganttModel(input(tasks, { startedAt, endedAt }), 0).criticalPath, ['site', 'wire-up']);
  });
});

describe('the scale of the timeline', () => {
  it('puts the ends of the span at the ends of the picture, and keeps short bars visible', () => {
    const scale = ganttScale(1_000, 11_000, 500);
    assert.equal(scale.x(1_000), 0);
    assert.equal(scale.x(11_000), 500);
    assert.equal(scale.width(1_000, 1_001), MIN_BAR_PX);
    assert.equal(scale.width(1_000, 6_000), 250);
  });

  it('has round steps, never more than fit, from a second to weeks', () => {
    assert.equal(tickStepMs(10_000, 5), 2_000);
    assert.equal(tickStepMs(3_600_000, 6), 600_000);
    assert.deepEqual(ticks(10_000, 5), [0, 2_000, 4_000, 6_000, 8_000, 10_000]);
    for (const span of [1, 999, 61_000, 5_000_000, 40 * 86_400_000]) assert.ok(ticks(span, 8).length <= 9);
  });

  it('zooms within its bounds', () => {
    assert.equal(zoomed(1, -1), 1);
    assert.equal(zoomed(2, 1), 4);
    assert.equal(zoomed(MAX_ZOOM, 1), MAX_ZOOM);
  });
});

/** One of each type that the recorded run does not hold. */
const OTHERS: DomainEvent[] = [
  { type: 'plan.faulted', round: 1, faults: ['No subtask covers requirement 2.'] },
  { type: 'plan.rejected', comment: 'Smaller parts,\nplease.' },
  {
    type: 'model.retried',
    provider: 'anthropic',
    model: 'claude',
    subtaskId: 'api',
    agentId: 'backend-1',
    kind: 'rate_limited',
    attempt: 1,
    waitMs: 2_000,
  },
  { type: 'subtask.submitted', subtaskId: 'api', agentId: 'backend-1' },
  { type: 'subtask.parked', subtaskId: 'api', reason: 'Three rounds were not enough.', findings: [finding] },
  { type: 'subtask.failed', subtaskId: 'api', error },
  { type: 'merge.refused', subtaskId: 'api', missing: ['a.js'] },
  { type: 'diff.rejected', comment: 'Rename it.' },
  { type: 'wait.began', gate: 'diff', waitOn: 'run', topic: 'diff:1', message: 'The diff waits.', code: null },
  { type: 'wait.ended', gate: 'diff', waitOn: 'run', topic: 'diff:1' },
  { type: 'pause.requested' },
  { type: 'pause.ended' },
  { type: 'budget.raised', budgetUsd: 20 },
  { type: 'run.failed', error },
  { type: 'run.cancelled' },
  ...deliveryEvents(),
];

describe('the lines of the log', () => {
  const all = [...recordedRun(), ...OTHERS.map((event, index) => record(event, 1_000 + index))];

  it('say something for every type of event, in one line', () => {
    const types = new Set(DomainEvent.options.map((option) => option.shape.type.value));
    const seen = new Set(all.map(({ event }) => event.type));
    assert.deepEqual(
      [...types].filter((type) => !seen.has(type)),
      [],
    );
    for (const one of all) {
      const { text } = logLine(one);
      assert.notEqual(text, '', one.event.type);
      assert.doesNotMatch(text, /[\n\r\t]|undefined|\[object|\{\d\}/, one.event.type);
    }
  });

  it('say what to do wherever something failed', () => {
    for (const one of all) {
      const { level, remedy, text } = logLine(one);
      if (level === 'failure') assert.ok(remedy !== null && remedy !== '', text);
    }
    const failed = said({ type: 'subtask.failed', subtaskId: 'api', error });
    assert.deepEqual([failed.level, failed.subtaskId], ['failure', 'api']);
    assert.equal(failed.text, 'Failed: The key of anthropic was refused.');
    assert.match(failed.remedy ?? '', /Set it again/);
  });

  it('tell failed checks, a failed deployment and a failed live check from good ones', () => {
    const bad = { ...evidence, exitCode: 2, outcome: 'failed' as const };
    const base = { type: 'subtask.checked' as const, subtaskId: 'api', round: 1, faults: [] };
    assert.equal(said({ ...base, evidence: [evidence] }).level, 'success');
    assert.equal(said({ ...base, evidence: [evidence, bad] }).text, 'Checks failed: tests (exit code 2)');
    const live = { url: 'http://x', method: 'GET', status: null, detail: 'no answer', durationMs: 1 };
    assert.equal(said({ type: 'live.verified', url: null, results: [{ ...live, passed: false }] }).level, 'failure');
  });

  it('say what a deployment would lose, what was decided, and why a pull request waits', () => {
    const lines = deliveryEvents().map((event) => said(event));
    const of = (pattern: RegExp) => lines.find(({ text }) => pattern.test(text))?.level;
    assert.equal(of(/^Preview: 2 to create, 2 to change, 1 to delete; 2 changes lose something$/), 'warning');
    assert.equal(of(/^Goes on without the changes that lose something$/), 'info');
    assert.equal(of(/^The pull request is not merged yet: a review is required$/), 'warning');
    assert.equal(of(/^Reviewers of pull request 7: 1 finding$/), 'warning');
    assert.equal(of(/^New work after failed checks, round 1: abcdef1$/), 'info');
    assert.equal(of(/^Workflow deploy\.yml failed: smoke$/), 'failure');
    assert.equal(of(/^Rolled back: 2 undone, 1 left as it is$/), 'success');
    assert.equal(
      of(
        /^Comment of mira is not a request \(no line begins with \/revise\): Thanks!; Comment of stranger .*\(does not say what to change\): \/revise$/,
      ),
      'detail',
    );
    const run = { name: 'preview', state: 'stopped' as const, url: null, summary: 'cancelled', logId: null };
    const stopped = said({ type: 'pull_request.checked', summary: { state: 'stopped', runs: [run] } });
    assert.deepEqual(
      [stopped.level, stopped.text],
      ['warning', 'Pull request: checks ended without a result: preview'],
    );
    const approved = said({ type: 'deployment.approved', by: 'person', destructive: true });
    assert.deepEqual([approved.level, approved.text], ['warning', 'Changes that lose something are approved']);
    const nothing = said({ type: 'deployment.previewed', changes: [], irreversible: [] });
    assert.equal(nothing.text, 'Preview: everything is there already');
  });

  it('take characters that could mislead out of what models wrote', () => {
    assert.equal(said({ type: 'diff.rejected', comment: 'a\u202eb\u001b[31mc' }).text, 'Changes sent back: a b [31mc');
  });
});

describe('the filter of the log', () => {
  const all = recordedRun();

  it('gives the same list when it lets everything through', () => {
    assert.equal(filterLog(all, NO_FILTER), all);
  });

  it('takes the least level, the subtask on either side of an overlap, the agent and the text', () => {
    const warnings = filterLog(all, { ...NO_FILTER, least: 'warning' });
    assert.deepEqual(
      warnings.map(({ event }) => event.type),
      ['overlap.found', 'subtask.reviewed', 'merge.conflicted'],
    );
    const site = filterLog(all, { ...NO_FILTER, subtaskId: 'site' });
    assert.ok(site.some(({ event }) => event.type === 'overlap.found'));
    assert.ok(site.every(({ event }) => !('subtaskId' in event) || event.subtaskId === 'site'));
    assert.ok(filterLog(all, { ...NO_FILTER, agentId: 'testing-1' }).length > 3);
    assert.ok(
      filterLog(all, { ...NO_FILTER, text: ' ESCAPED ' }).every(({ event }) =>
        JSON.stringify(event).includes('escaped'),
      ),
    );
    assert.deepEqual(filterLog(all, { ...NO_FILTER, text: 'nowhere to be found' }), []);
  });
});

describe('what the pages work out of a run', () => {
  it('gives the stages in order with the time of the last entry, and nothing ahead', () => {
    const building = viewOf(upTo(recordedRun(), ({ type }) => type === 'interfaces.written'));
    const steps = stageSteps(building);
    assert.deepEqual(
      steps.map(({ state }) => state),
      ['reached', 'reached', 'current', 'ahead', 'ahead', 'ahead', 'ahead'],
    );
    assert.equal(steps[2]?.enteredAt, building.stages.at(-1)?.enteredAt);
    assert.equal(steps[3]?.enteredAt, null);
    const done = viewOf(recordedRun());
    assert.equal(stageSteps(done).at(-1)?.enteredAt, done.endedAt);
  });

  it('finds the subtask of a wait by the child run that waits', () => {
    const view = viewOf(recordedRun());
    assert.equal(subtaskOfWait(view, { waitOn: 'team-notes/subtask-notes-api' }), 'notes-api');
    assert.equal(subtaskOfWait(view, { waitOn: 'team-notes/subtask-notes-api.2' }), 'notes-api');
    assert.equal(subtaskOfWait(view, { waitOn: 'team-notes/integrate-site' }), 'site');
    assert.equal(subtaskOfWait(view, { waitOn: 'team-notes' }), null);
    assert.equal(subtaskOfWait(view, { waitOn: 'team-notes/subtask-unknown' }), null);
  });

  it('groups subtasks by what they need, attention first', () => {
    const view = viewOf(recordedRun());
    const [one, two] = Object.values(view.subtasks);
    assert.ok(one !== undefined && two !== undefined);
    const groups = groupSubtasks([one, { ...two, state: 'parked' }]);
    assert.deepEqual(
      groups.map(({ name }) => name),
      ['attention', 'finished'],
    );
  });

  it('measures the cost against the cap, and never beyond the bar', () => {
    const view = viewOf(recordedRun());
    const meter = costMeter({ ...view, budgetUsd: 1 });
    assert.equal(meter.spent, view.cost.usd);
    assert.equal(meter.high, 1);
    assert.equal(costMeter({ ...view, budgetUsd: 0.1 }).level, 'reached');
    assert.equal(costMeter({ ...view, budgetUsd: 0 }).spent, 0);
  });

  it('says stages and new waits aloud, and nothing else', () => {
    const before = { runId: 'run', stage: 'build' as const, status: 'running' as const, waits: [] };
    assert.equal(announcement(null, before), null);
    assert.equal(announcement(before, { ...before }), null);
    assert.equal(announcement(before, { ...before, runId: 'other', stage: 'plan' }), null);
    const after = { ...before, stage: 'review' as const, waits: [{ gate: 'diff' as const, key: 'diff:1' }] };
    assert.equal(announcement(before, after), 'Stage: Review. Waiting for review of the changes');
    assert.equal(announcement(after, { ...after }), null);
  });
});
