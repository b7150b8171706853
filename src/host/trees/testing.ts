import { aBrief, aPlan, aSubtask } from '../../../test/fakes/plan.ts';
import type { DomainEvent } from '../../protocol/events.ts';
import type { Subtask } from '../../protocol/plan.ts';
import { emptyView, fold, type RunView } from '../../protocol/view.ts';
import type { Evidence } from '../../protocol/work.ts';
import type { Wording } from './wording.ts';

/** English texts, as the editor gives them without a translation. */
export const ENGLISH: Wording = {
  l10n: {
    t: (message, ...args) => message.replace(/\{(\d+)\}/g, (_, index: string) => String(args[Number(index)])),
  },
  locale: 'en',
};

export const START_MS = Date.parse('2026-01-05T10:00:00.000Z');

/** The view after some more events, each a second after the one before. */
export function withEvents(view: RunView, ...events: DomainEvent[]): RunView {
  return events.reduce((before, event) => {
    const seq = before.seq + 1;
    const at = new Date(START_MS + seq * 1_000).toISOString();
    return fold(before, { v: 1, runId: view.runId, seq, at, event });
  }, view);
}

/** A run whose plan is approved. */
export function aRun(runId: string, subtasks: Subtask[] = [aSubtask('api')]): RunView {
  return withEvents(
    emptyView(runId),
    {
      type: 'run.started',
      brief: aBrief({ name: `Run ${runId}` }),
      workspaceDir: '/project',
      budgetUsd: 5,
      slug: runId,
    },
    { type: 'stage.entered', stage: 'build' },
    {
      type: 'plan.proposed',
      plan: aPlan(subtasks),
      estimate: { tokens: { low: 1, high: 2 }, costUsd: null, wallMs: { low: 1, high: 2 } },
    },
    { type: 'plan.approved', by: 'person' },
  );
}

export function started(subtaskId: string, agentId = 'backend-1'): DomainEvent {
  return { type: 'subtask.started', subtaskId, agentId, specialization: 'backend', baseCommit: 'base' };
}

export function acted(subtaskId: string, action: string, agentId = 'backend-1'): DomainEvent {
  return { type: 'subtask.acted', subtaskId, agentId, action, failed: false };
}

export function anEvidence(change: Partial<Evidence> = {}): Evidence {
  return {
    name: 'test',
    command: 'npm test',
    exitCode: 0,
    outcome: 'passed',
    durationMs: 1_200,
    outputTail: 'ok',
    outputFile: null,
    ...change,
  };
}

/** Of a function that was there before. */
export function aDeployment(): DomainEvent {
  return {
    type: 'deployment.finished',
    deployment: {
      ...{ kind: 'function', id: 'api', deploymentId: 'd2', previousDeploymentId: 'd1', status: 'ready', url: null },
      ...{ logTail: '', durationMs: 1_000, changes: [], domains: [], mark: '' },
    },
  };
}

export function integrated(subtaskId: string, ...paths: string[]): DomainEvent {
  const files = paths.map((path) => ({ path, status: 'added' as const, addedLines: 3, removedLines: 0 }));
  return { type: 'subtask.integrated', subtaskId, commit: 'head', files };
}

export function waits(
  gate: Extract<DomainEvent, { type: 'wait.began' }>['gate'],
  change: Partial<Extract<DomainEvent, { type: 'wait.began' }>> = {},
): DomainEvent {
  return { type: 'wait.began', gate, waitOn: 'r1', topic: `${gate}:1`, message: 'Please.', code: null, ...change };
}
