import { computed, type ReadonlySignal } from '@preact/signals';
import type { Effort } from '../../src/protocol/plan.ts';
import type { RunView, SubtaskView } from '../../src/protocol/view.ts';
import { log, view } from '../store.ts';
import type { GanttInput, GanttTask } from './gantt-model.ts';

/** Parts of the view, each changing only when what is in it changes: a fold shares what it leaves alone. */

/** A computed value that stays the same object while `isSame` says so; what reads it is then not drawn again. */
export function stable<T>(compute: () => T, isSame: (before: T, after: T) => boolean): ReadonlySignal<T> {
  let last: { value: T } | null = null;
  return computed(() => {
    const value = compute();
    if (last !== null && isSame(last.value, value)) return last.value;
    last = { value };
    return value;
  });
}

export function part<K extends keyof RunView>(key: K): ReadonlySignal<RunView[K] | null> {
  return computed(() => view.value?.[key] ?? null);
}

export const hasView = computed(() => view.value !== null);
export const stages = part('stages');
export const waiting = part('waiting');
export const agents = part('agents');
const subtasks = part('subtasks');
export const cost = part('cost');
export const status = part('status');

const NO_SUBTASKS: readonly SubtaskView[] = [];
export const subtaskList = computed<readonly SubtaskView[]>(() =>
  subtasks.value === null ? NO_SUBTASKS : Object.values(subtasks.value),
);

/** Ids of all subtasks, in the order of the plan. */
export const subtaskIds = stable(() => subtaskList.value.map(({ id }) => id), isSameList);
export const agentIds = stable(() => Object.keys(agents.value ?? {}), isSameList);

function isSameList<T>(before: readonly T[], after: readonly T[]): boolean {
  return before.length === after.length && before.every((value, index) => Object.is(value, after[index]));
}

const revisions = stable(
  () => {
    const found = new Map<string, string[]>();
    for (const { event, at } of log.value) {
      if (event.type !== 'subtask.revised') continue;
      const known = found.get(event.subtaskId);
      if (known === undefined) found.set(event.subtaskId, [at]);
      else known.push(at);
    }
    return found;
  },
  (before, after) =>
    before.size === after.size && [...after].every(([id, times]) => isSameList(before.get(id) ?? [], times)),
);

const efforts = computed(
  () => new Map<string, Effort>((view.value?.plan?.subtasks ?? []).map(({ id, effort }) => [id, effort])),
);

function isSameTask(a: GanttTask, b: GanttTask): boolean {
  return (
    a.id === b.id &&
    a.state === b.state &&
    a.round === b.round &&
    a.startedAt === b.startedAt &&
    a.endedAt === b.endedAt &&
    a.effort === b.effort &&
    a.title === b.title &&
    a.dependsOn === b.dependsOn &&
    isSameList(a.revisedAt, b.revisedAt)
  );
}

const ganttTasks = stable(
  () =>
    subtaskList.value.map(
      ({ id, title, dependsOn, state, round, startedAt, endedAt }): GanttTask => ({
        id,
        title,
        dependsOn,
        state,
        round,
        startedAt,
        endedAt,
        effort: efforts.value.get(id) ?? 'medium',
        revisedAt: revisions.value.get(id) ?? [],
      }),
    ),
  (before, after) =>
    before.length === after.length &&
    before.every((task, index) => {
      const other = after[index];
      return other !== undefined && isSameTask(task, other);
    }),
);

const startedAt = part('startedAt');
const endedAt = part('endedAt');
const estimate = part('estimate');

export const ganttInput = computed<GanttInput>(() => ({
  tasks: ganttTasks.value,
  estimate: estimate.value,
  startedAt: startedAt.value,
  endedAt: endedAt.value,
}));
