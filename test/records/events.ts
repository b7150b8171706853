import type { DomainEvent, EventRecord } from '../../src/protocol/events.ts';
import type { Evidence, Finding } from '../../src/protocol/work.ts';
import { aBrief, aPlan, aSubtask } from '../fakes/plan.ts';

/** Events of runs as they come, for what is made of them. */
const COMMIT = 'c'.repeat(40);
const PULL = {
  number: 7,
  url: 'https://github.example/team/notes/pull/7',
  headBranch: 'orchestrator/notes',
  baseBranch: 'main',
  state: 'open' as const,
};

const evidence = (outcome: Evidence['outcome'], durationMs: number): Evidence => ({
  name: 'tests',
  command: 'npm test',
  exitCode: outcome === 'passed' ? 0 : 1,
  outcome,
  durationMs,
  outputTail: '',
  outputFile: null,
});
const finding: Finding = { id: 'f1', file: 'api/main.js', line: 3, severity: 'major', message: 'Notes are lost.' };

const called = (agentId: string | null): DomainEvent => ({
  type: 'model.called',
  role: agentId === null ? 'lead' : 'agent',
  purpose: agentId === null ? 'plan' : 'turn',
  subtaskId: agentId === null ? null : 'api',
  agentId,
  provider: agentId === null ? 'xai' : 'anthropic',
  model: agentId === null ? 'grok-4.7' : 'claude-sonnet-5-5',
  usage: { inputTokens: 800, cachedInputTokens: 200, cacheWriteTokens: 0, outputTokens: 50 },
  costUsd: agentId === null ? 0.25 : null,
  durationMs: 1_234.5,
});

export const startOf = (workspaceDir: string, name = 'Team notes'): DomainEvent => ({
  type: 'run.started',
  brief: aBrief({ name }),
  workspaceDir,
  budgetUsd: 10,
  slug: 'notes',
});

/** A run from its brief to its deployment, with everything that becomes an activity. */
export function wholeRun(workspaceDir: string): DomainEvent[] {
  return [
    startOf(workspaceDir),
    { type: 'stage.entered', stage: 'brief' },
    { type: 'stage.entered', stage: 'plan' },
    called(null),
    { type: 'questions.asked', questions: [{ id: 'q1', text: 'Which name?', defaultAnswer: 'Notes' }] },
    { type: 'questions.answered', answers: [{ questionId: 'q1', text: 'Notes', source: 'default' }] },
    { type: 'plan.faulted', round: 1, faults: ['no check covers requirement 1'] },
    {
      type: 'plan.proposed',
      plan: aPlan([aSubtask('api')], {
        sharedInterfaces: [{ path: 'shared/types.js', purpose: 'types', content: 'export const secretSauce = 1;' }],
      }),
      estimate: { tokens: { low: 1, high: 2 }, costUsd: null, wallMs: { low: 1, high: 2 } },
    },
    { type: 'plan.approved', by: 'person' },
    { type: 'stage.entered', stage: 'build' },
    { type: 'subtask.started', subtaskId: 'api', agentId: 'backend-1', specialization: 'backend', baseCommit: COMMIT },
    {
      type: 'model.retried',
      provider: 'anthropic',
      model: 'claude-sonnet-5-5',
      subtaskId: 'api',
      agentId: 'backend-1',
      kind: 'overloaded',
      attempt: 1,
      waitMs: 2_000,
    },
    called('backend-1'),
    { type: 'subtask.acted', subtaskId: 'api', agentId: 'backend-1', action: 'edited api/main.js', failed: false },
    { type: 'subtask.acted', subtaskId: 'api', agentId: 'backend-1', action: 'ran npm test: exit 1', failed: true },
    { type: 'subtask.checked', subtaskId: 'api', round: 1, evidence: [evidence('failed', 40.4)], faults: [] },
    {
      type: 'subtask.reviewed',
      subtaskId: 'api',
      round: 1,
      review: { verdict: 'revise', summary: 'Not yet.', findings: [finding] },
    },
    { type: 'subtask.parked', subtaskId: 'api', reason: 'three rounds', findings: [finding] },
    {
      type: 'subtask.failed',
      subtaskId: 'api',
      error: { code: 'checks_failed', message: 'm', userMessage: 'The checks failed.', retry: false },
    },
    { type: 'merge.refused', subtaskId: 'api', missing: ['api/main.js'] },
    { type: 'merge.resolved', subtaskId: 'api', commit: COMMIT, paths: ['api/main.js'] },
    { type: 'subtask.approved', subtaskId: 'api', agentId: 'backend-1', commit: COMMIT, rounds: 2 },
    { type: 'subtask.integrated', subtaskId: 'api', commit: COMMIT, files: [] },
    {
      type: 'branch.pushed',
      branch: 'orchestrator/notes',
      commit: COMMIT,
      remote: 'https://github.example/team/notes.git',
    },
    { type: 'pull_request.opened', pullRequest: PULL },
    { type: 'pull_request.merged', pullRequest: { ...PULL, state: 'merged' }, commit: COMMIT },
    { type: 'stage.entered', stage: 'deploy' },
    ...deployed,
    { type: 'live.verified', results: [], url: 'https://web.example' },
    { type: 'run.completed', url: 'https://web.example', stoppedAfter: 'deploy' },
  ];
}

const change = { action: 'create' as const, detail: '', destructive: false };
export const previewed: DomainEvent = {
  type: 'deployment.previewed',
  changes: [
    { ...change, kind: 'table', id: 'crew/tasks' },
    { ...change, kind: 'column', id: 'crew/tasks/title' },
    { ...change, kind: 'site', id: 'web' },
    { ...change, kind: 'variable', id: 'api/MODE' },
  ],
  irreversible: [],
};

const deployed: DomainEvent[] = [
  previewed,
  { type: 'deployment.started', kind: 'site', id: 'web' },
  {
    type: 'deployment.finished',
    deployment: {
      kind: 'site',
      id: 'web',
      deploymentId: 'dep-2',
      previousDeploymentId: 'dep-1',
      status: 'ready',
      url: 'https://web.example',
      logTail: 'installed\nbuilt',
      durationMs: 900,
      changes: [{ ...change, kind: 'site', id: 'web' }],
      domains: [{ domain: 'notes.example', state: 'unverified', remedy: 'CNAME notes.example -> web.example' }],
      mark: 'team/notes/web',
    },
  },
];

const FIRST_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The events with sequence numbers from 1, a second apart. */
export function asRecords(runId: string, events: readonly DomainEvent[]): EventRecord[] {
  return events.map((event, index) => ({
    v: 1,
    runId,
    seq: index + 1,
    at: new Date(FIRST_MS + index * 1_000).toISOString(),
    event,
  }));
}
