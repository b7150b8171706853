import assert from 'node:assert/strict';
import type { DomainEvent } from './events.ts';
import type { Subtask } from './plan.ts';
import { emptyView, fold, type RunView } from './view.ts';

const ERROR = { code: 'internal' as const, message: 'm', userMessage: 'It broke.', retry: false };
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

/** One event a second, the first at second 1. */
function viewOf(events: DomainEvent[], from: RunView = emptyView('r')): RunView {
  let view = from;
  for (const event of events) {
    const seq = view.seq + 1;
    view = fold(view, { v: 1, runId: 'r', seq, at: at(seq), event });
  }
  return view;
}

const subtask: Subtask = {
  id: 'a',
  title: 'Part a',
  description: 'd',
  specialization: 'backend',
  priority: 1,
  effort: 'low',
  dependsOn: [],
  ownedPaths: ['a/'],
  removesTests: [],
  acceptanceCriteria: [{ text: 'c', requirements: [1] }],
  checks: [{ name: 't', command: 'true' }],
};
const proposed: DomainEvent = {
  type: 'plan.proposed',
  plan: {
    summary: 's',
    architecture: 'a',
    complexity: 'simple',
    packages: [],
    sharedInterfaces: [],
    subtasks: [subtask],
    integrationChecks: [],
    deployment: { databaseId: null, tables: [], functions: [], sites: [], liveChecks: [] },
  },
  estimate: { tokens: { low: 1, high: 2 }, costUsd: null, wallMs: { low: 1, high: 2 } },
};
const started = (subtaskId: string, baseCommit = 'b1'): DomainEvent => ({
  type: 'subtask.started',
  subtaskId,
  agentId: 'backend-1',
  specialization: 'backend',
  baseCommit,
});
const called = (agentId: string | null): DomainEvent => ({
  type: 'model.called',
  role: agentId === null ? 'lead' : 'agent',
  purpose: 'turn',
  subtaskId: agentId === null ? null : 'a',
  agentId,
  provider: 'p',
  model: 'm1',
  usage: { inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1 },
  costUsd: 0.5,
  durationMs: 1,
});
const retried = (agentId: string | null | undefined, waitMs: number): DomainEvent => ({
  type: 'model.retried',
  provider: 'p',
  model: 'm1',
  subtaskId: 'a',
  ...(agentId === undefined ? {} : { agentId }),
  kind: 'rate_limited',
  attempt: 1,
  waitMs,
});
const acted: DomainEvent = {
  type: 'subtask.acted',
  subtaskId: 'a',
  agentId: 'backend-1',
  action: 'wrote a',
  failed: false,
};
const approved: DomainEvent = {
  type: 'subtask.approved',
  subtaskId: 'a',
  agentId: 'backend-1',
  commit: 'c1',
  rounds: 1,
};

describe('the view of a run', () => {
  it('says what a subtask is built by, from and into', () => {
    const planned = viewOf([proposed]);
    assert.equal(planned.subtasks.a?.specialization, 'backend');
    assert.deepEqual([planned.subtasks.a?.baseCommit, planned.subtasks.a?.integratedCommit], [null, null]);
    const view = viewOf(
      [
        started('a'),
        started('revision-1'),
        approved,
        { type: 'subtask.integrated', subtaskId: 'a', commit: 'i1', files: [] },
      ],
      planned,
    );
    const { a } = view.subtasks;
    assert.deepEqual([a?.baseCommit, a?.commit, a?.integratedCommit], ['b1', 'c1', 'i1']);
    assert.equal(view.subtasks['revision-1']?.specialization, 'backend');
  });

  it('keeps why a subtask failed until it is tried again', () => {
    const failed = viewOf([proposed, started('a'), { type: 'subtask.failed', subtaskId: 'a', error: ERROR }]);
    assert.deepEqual(failed.subtasks.a?.failed, ERROR);
    const again = viewOf([started('a', 'b2')], failed);
    assert.equal(again.subtasks.a?.failed, null);
    assert.equal(again.subtasks.a?.baseCommit, 'b2');
  });

  it('lists the stages with the time at which each was entered', () => {
    const view = viewOf([
      { type: 'stage.entered', stage: 'brief' },
      { type: 'stage.entered', stage: 'plan' },
    ]);
    assert.deepEqual(view.stages, [
      { stage: 'brief', enteredAt: at(1) },
      { stage: 'plan', enteredAt: at(2) },
    ]);
  });

  it('counts the calls of an agent, and says since when it does what it does', () => {
    const view = viewOf([proposed, started('a'), called('backend-1'), acted, called('backend-1')]);
    const agent = view.agents['backend-1'];
    assert.deepEqual([agent?.status, agent?.since, agent?.calls], ['working', at(2), 2]);
    const idle = viewOf([approved], view).agents['backend-1'];
    assert.deepEqual([idle?.status, idle?.since], ['idle', at(6)]);
    const after = viewOf([approved, called(null), { type: 'run.cancelled' }], view).agents;
    assert.deepEqual([after['backend-1']?.since, after.lead?.calls], [at(6), 1]);
  });

  it('shows the lead at work while something is asked of it, and idle while a person decides', () => {
    const lead = (view: RunView) => view.agents.lead?.status;
    const purpose = (text: string): DomainEvent => ({ ...called(null), purpose: text }) as DomainEvent;
    const begun: DomainEvent = {
      type: 'run.started',
      brief: {
        name: 'n',
        description: 'd',
        type: 'web',
        requirements: ['r'],
        constraints: [],
        deployment: { target: 'appwrite', autoSetup: true, database: false, functions: false },
      },
      workspaceDir: '/w',
      budgetUsd: 1,
      slug: 'n',
    };
    const planning = viewOf([begun, purpose('clarify')]);
    assert.equal(lead(planning), 'working');
    const waiting = viewOf([purpose('plan'), proposed], planning);
    assert.equal(lead(waiting), 'idle');
    const evidence = [
      {
        name: 't',
        command: 'true',
        exitCode: 0,
        outcome: 'passed' as const,
        durationMs: 1,
        outputTail: '',
        outputFile: null,
      },
    ];
    const checked: DomainEvent = { type: 'subtask.checked', subtaskId: 'a', round: 1, evidence, faults: [] };
    const reviewing = viewOf([started('a'), checked], waiting);
    assert.equal(lead(reviewing), 'working');
    assert.equal(lead(viewOf([purpose('review a round 1')], reviewing)), 'idle');
    assert.equal(lead(viewOf([started('a'), { ...checked, faults: ['a test is gone'] }], waiting)), 'idle');
  });

  it('counts an agent as at work until it says that it is done, and again when it goes on', () => {
    const submitted: DomainEvent = { type: 'subtask.submitted', subtaskId: 'a', agentId: 'backend-1' };
    const revised: DomainEvent = { type: 'subtask.revised', subtaskId: 'a', round: 2, findings: [] };
    const statusOf = (view: RunView) => [view.agents['backend-1']?.status, view.agents['backend-1']?.subtaskId];
    const away = viewOf([proposed, started('a'), acted, submitted]);
    assert.deepEqual(statusOf(away), ['idle', 'a']);
    assert.deepEqual(statusOf(viewOf([revised], away)), ['working', 'a']);
    assert.deepEqual(statusOf(viewOf([acted], away)), ['working', 'a']);
    const checked = { type: 'subtask.checked' as const, subtaskId: 'a', round: 1, evidence: [] };
    assert.deepEqual(statusOf(viewOf([{ ...checked, faults: [] }], away)), ['idle', 'a']);
    // An agent may end without saying so.
    assert.deepEqual(statusOf(viewOf([{ ...checked, faults: [] }], viewOf([acted], away))), ['idle', 'a']);
    assert.deepEqual(statusOf(viewOf([{ type: 'merge.refused', subtaskId: 'a', missing: ['x'] }], away)), [
      'working',
      'a',
    ]);
    assert.deepEqual(statusOf(viewOf([{ ...checked, faults: ['a test is gone'] }], away)), ['working', 'a']);
  });

  it('shows whose model is waited for, until when, and that it went on', () => {
    const view = viewOf([proposed, started('a'), retried('backend-1', 30_000)]);
    const agent = view.agents['backend-1'];
    assert.deepEqual([agent?.status, agent?.since, agent?.blockedUntil], ['blocked', at(3), at(33)]);
    assert.equal(agent?.lastAction, 'waits for m1: rate limited');
    for (const next of [called('backend-1'), acted]) {
      const on = viewOf([next], view).agents['backend-1'];
      assert.deepEqual([on?.status, on?.since, on?.blockedUntil], ['working', at(4), null]);
    }
    assert.equal(viewOf([retried(null, 30_000)]).agents.lead?.status, 'blocked');
    assert.deepEqual(viewOf([retried(undefined, 30_000), retried('x', 0)]).agents, {});
  });

  it('reads a deployment of before its changes and domains were kept', () => {
    const early = { kind: 'site', id: 'web', deploymentId: 'd1', previousDeploymentId: null, status: 'ready' };
    const event = { type: 'deployment.finished', deployment: { ...early, url: null, logTail: '', durationMs: 1 } };
    const [deployment] = viewOf([event as unknown as DomainEvent]).deployments;
    assert.deepEqual([deployment?.changes, deployment?.domains, deployment?.mark], [[], [], '']);
  });

  it('forgets what held a pull request up when its checks are under way again', () => {
    const checked = (state: 'stopped' | 'pending'): DomainEvent => ({
      type: 'pull_request.checked',
      summary: { state, runs: [] },
    });
    const held = viewOf([checked('stopped'), { type: 'pull_request.held', reason: 'a check was cancelled' }]);
    assert.equal(held.held, 'a check was cancelled');
    assert.equal(viewOf([checked('pending')], held).held, null);
  });
});
