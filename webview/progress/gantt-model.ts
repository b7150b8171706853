import type { Effort, Estimate } from '../../src/protocol/plan.ts';
import type { SubtaskState } from '../../src/protocol/view.ts';
import { criticalPath } from './critical-path.ts';

/** What the timeline is computed from: the part of a subtask that changes seldom. */
export interface GanttTask {
  id: string;
  title: string;
  dependsOn: readonly string[];
  state: SubtaskState;
  effort: Effort;
  /** The review round that is being worked on; 0 before the first. */
  round: number;
  startedAt: string | null;
  endedAt: string | null;
  /** Times at which a revision began, as far as they are known. */
  revisedAt: readonly string[];
}

export interface GanttInput {
  tasks: readonly GanttTask[];
  estimate: Estimate | null;
  startedAt: string | null;
  endedAt: string | null;
}

export interface GanttBar {
  task: GanttTask;
  /** `planned`: not begun; where it stands is an estimate. */
  kind: 'done' | 'live' | 'planned';
  startMs: number;
  endMs: number;
  roundsMs: readonly number[];
  isCritical: boolean;
}

export interface GanttModel {
  /** In order of their beginning. */
  bars: readonly GanttBar[];
  fromMs: number;
  toMs: number;
  /** Null when the run has ended. */
  nowMs: number | null;
  /** Subtask ids, first to last. */
  criticalPath: readonly string[];
}

/** Turns that an agent takes, in proportion; the same figures as the estimate of a plan, in the middle. */
const EFFORT_WEIGHT: Record<Effort, number> = { low: 5.5, medium: 9.5, high: 14.5, xhigh: 20, max: 26 };
const MS_PER_WEIGHT = 12_000;

/** Milliseconds for one unit of effort: measured on what is finished, else from the plan's estimate, else assumed. */
function msPerWeight(input: GanttInput): number {
  let spentMs = 0;
  let weight = 0;
  for (const task of input.tasks) {
    if (task.startedAt === null || task.endedAt === null) continue;
    spentMs += Date.parse(task.endedAt) - Date.parse(task.startedAt);
    weight += EFFORT_WEIGHT[task.effort];
  }
  if (weight > 0 && spentMs > 0) return spentMs / weight;
  if (input.estimate === null) return MS_PER_WEIGHT;
  const weights = input.tasks.map(({ id, dependsOn, effort }) => ({
    id,
    dependsOn,
    durationMs: EFFORT_WEIGHT[effort],
  }));
  const chain = new Set(criticalPath(weights));
  const longest = weights.reduce((sum, node) => sum + (chain.has(node.id) ? node.durationMs : 0), 0);
  const { low, high } = input.estimate.wallMs;
  return longest > 0 ? (low + high) / 2 / longest : MS_PER_WEIGHT;
}

function estimateMs(task: GanttTask, perWeightMs: number): number {
  return EFFORT_WEIGHT[task.effort] * perWeightMs;
}

/** A subtask that has ended is as long as it took; a live one at least as long as it has taken. */
function durationMs(task: GanttTask, perWeightMs: number, nowMs: number): number {
  if (task.startedAt === null) return estimateMs(task, perWeightMs);
  const startMs = Date.parse(task.startedAt);
  if (task.endedAt !== null) return Date.parse(task.endedAt) - startMs;
  return Math.max(nowMs - startMs, estimateMs(task, perWeightMs));
}

/** Bars of all subtasks that began, and while the run is live of those still to come. Pure. */
export function ganttModel(input: GanttInput, clockMs: number): GanttModel {
  const fromMs = input.startedAt === null ? clockMs : Date.parse(input.startedAt);
  const endMs = input.endedAt === null ? null : Date.parse(input.endedAt);
  const nowMs = Math.max(fromMs, endMs ?? clockMs);
  const perWeightMs = msPerWeight(input);
  const path = criticalPath(
    input.tasks.map((task) => ({
      id: task.id,
      dependsOn: task.dependsOn,
      durationMs: durationMs(task, perWeightMs, nowMs),
    })),
  );
  const critical = new Set(path);
  const byId = new Map(input.tasks.map((task) => [task.id, task]));
  const planned = new Map<string, number>();

  /** When a subtask will be done, as far as can be told. */
  const doneMs = (task: GanttTask, trail: ReadonlySet<string>): number => {
    if (task.endedAt !== null) return Date.parse(task.endedAt);
    const known = planned.get(task.id);
    if (known !== undefined) return known;
    const ms =
      task.startedAt === null
        ? plannedStartMs(task, trail) + estimateMs(task, perWeightMs)
        : Date.parse(task.startedAt) + durationMs(task, perWeightMs, nowMs);
    planned.set(task.id, ms);
    return ms;
  };
  const plannedStartMs = (task: GanttTask, trail: ReadonlySet<string>): number => {
    const inner = new Set(trail).add(task.id);
    let startMs = nowMs;
    for (const id of task.dependsOn) {
      const dependency = byId.get(id);
      if (dependency !== undefined && !inner.has(id)) startMs = Math.max(startMs, doneMs(dependency, inner));
    }
    return startMs;
  };

  const bars: GanttBar[] = [];
  for (const task of input.tasks) {
    const isCritical = critical.has(task.id);
    const roundsMs = task.revisedAt.map((at) => Date.parse(at));
    if (task.startedAt !== null) {
      const startMs = Date.parse(task.startedAt);
      const kind = task.endedAt === null && endMs === null ? 'live' : 'done';
      const barEndMs = task.endedAt === null ? nowMs : Date.parse(task.endedAt);
      bars.push({ task, kind, startMs, endMs: Math.max(startMs, barEndMs), roundsMs, isCritical });
    } else if (endMs === null) {
      const startMs = plannedStartMs(task, new Set());
      bars.push({ task, kind: 'planned', startMs, endMs: doneMs(task, new Set()), roundsMs, isCritical });
    }
  }
  bars.sort((a, b) => a.startMs - b.startMs);
  const lastMs = bars.reduce((latest, bar) => Math.max(latest, bar.endMs), nowMs);
  return {
    bars,
    fromMs,
    toMs: Math.max(lastMs, fromMs + 1_000),
    nowMs: endMs === null ? nowMs : null,
    criticalPath: path,
  };
}
