import type { Stage } from '../../src/protocol/events.ts';
import type { RunView, SubtaskState, SubtaskView, Waiting } from '../../src/protocol/view.ts';

/** What the pages work out of a view. Pure. */

/** Written out: the schema of events would bring all its parts into the page. */
export const STAGES: readonly Stage[] = ['brief', 'plan', 'build', 'review', 'commit', 'deploy', 'done'];

export interface StageStep {
  stage: Stage;
  state: 'reached' | 'current' | 'ahead';
  /** When it was entered last; null ahead. */
  enteredAt: string | null;
}

/** The stations of a run in order. The last entry of a stage counts: a run comes back to `build` for a revision. */
export function stageSteps(view: Pick<RunView, 'stage' | 'stages' | 'status' | 'endedAt'>): StageStep[] {
  const at = STAGES.indexOf(view.stage);
  const entered = new Map(view.stages.map(({ stage, enteredAt }) => [stage, enteredAt]));
  return STAGES.map((stage, index) => {
    const enteredAt = stage === 'done' && view.status === 'complete' ? view.endedAt : (entered.get(stage) ?? null);
    if (index > at) return { stage, state: 'ahead', enteredAt: null };
    return { stage, state: index === at ? 'current' : 'reached', enteredAt };
  });
}

/** The subtask that a wait is about, by the name of the child run that waits; null when it is the whole run. */
export function subtaskOfWait(view: Pick<RunView, 'subtasks'>, { waitOn }: Pick<Waiting, 'waitOn'>): string | null {
  const name = /(?:^|\/)(?:subtask|integrate)-([a-z0-9-]+)(?:\.\d+)?$/.exec(waitOn)?.[1];
  return name !== undefined && view.subtasks[name] !== undefined ? name : null;
}

export interface SubtaskGroup {
  name: 'attention' | 'active' | 'pending' | 'finished';
  subtasks: SubtaskView[];
}

const GROUP_OF: Record<SubtaskState, SubtaskGroup['name']> = {
  parked: 'attention',
  failed: 'attention',
  working: 'active',
  checking: 'active',
  reviewing: 'active',
  revising: 'active',
  merging: 'active',
  approved: 'active',
  pending: 'pending',
  integrated: 'finished',
};

/** Subtasks by what they need, in the order of the plan; empty groups are left out. */
export function groupSubtasks(subtasks: readonly SubtaskView[]): SubtaskGroup[] {
  const groups: SubtaskGroup[] = (['attention', 'active', 'pending', 'finished'] as const).map((name) => ({
    name,
    subtasks: [],
  }));
  for (const subtask of subtasks) {
    groups.find(({ name }) => name === GROUP_OF[subtask.state])?.subtasks.push(subtask);
  }
  return groups.filter((group) => group.subtasks.length > 0);
}

/** Milliseconds of a run, up to its end or up to now. */
export function elapsedMs(span: { startedAt: string | null; endedAt: string | null }, nowMs: number): number {
  if (span.startedAt === null) return 0;
  const endMs = span.endedAt === null ? nowMs : Date.parse(span.endedAt);
  return Math.max(0, endMs - Date.parse(span.startedAt));
}

export interface CostMeter {
  usd: number;
  capUsd: number;
  /** Parts of the cap, 0 to 1. */
  spent: number;
  low: number | null;
  high: number | null;
  level: 'calm' | 'near' | 'reached';
}

/** Where the spending stands against the cap, with the estimate as a stretch of the same bar. */
export function costMeter(view: Pick<RunView, 'cost' | 'budgetUsd' | 'estimate'>): CostMeter {
  const capUsd = view.budgetUsd;
  const share = (usd: number) => (capUsd > 0 ? Math.min(1, Math.max(0, usd / capUsd)) : 0);
  const spent = share(view.cost.usd);
  const range = view.estimate?.costUsd ?? null;
  return {
    usd: view.cost.usd,
    capUsd,
    spent,
    low: range === null ? null : share(range.low),
    high: range === null ? null : share(range.high),
    level: spent >= 1 ? 'reached' : spent >= 0.8 ? 'near' : 'calm',
  };
}
