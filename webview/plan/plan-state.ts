import { batch, computed, effect, signal } from '@preact/signals';
import { type ErrorInfo, toAppError } from '../../src/protocol/errors.ts';
import type { Plan } from '../../src/protocol/plan.ts';
import type { Waiting } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { bridge, failure, isTrusted, view } from '../store.ts';
import { announce } from '../ui/announce.tsx';
import {
  applyEdits,
  changeSubtask,
  hasEdits,
  moveSubtask,
  noEdits,
  type PlanEdits,
  readEdits,
  type SubtaskChange,
  takeOver,
} from './edits.ts';
import { faultsOf, hostFaults, isAbout } from './faults.ts';

/** The plan as it is shown and changed. Outlives the page; the changes outlive a reload, too. */

const edits = signal<PlanEdits | null>(readEdits(bridge.kept().planEdits));
/** What the host said to the plan that was sent last. */
export const refused = signal<string[]>([]);
export const isSending = signal(false);
/** The subtask that is open below the graph. */
export const selectedId = signal<string | null>(null);

const planOf = computed<Plan | null>(() => view.value?.plan ?? null);
const runIdOf = computed(() => view.value?.runId ?? null);

/** The wait that a decision about the plan is for; null: nothing waits. */
export const planWait = computed<Waiting | null>(() => view.value?.waiting.find(({ gate }) => gate === 'plan') ?? null);
export const questionWait = computed<Waiting | null>(
  () => view.value?.waiting.find(({ gate }) => gate === 'questions') ?? null,
);
export const canDecide = computed(() => planWait.value !== null && isTrusted.value);

const current = computed(() => {
  const mine = edits.value;
  const isMine = mine !== null && mine.runId === runIdOf.value && mine.topic === planWait.value?.topic;
  return isMine ? mine : null;
});
/** Changes that were made to an earlier plan of this run, while a newer one waits. */
export const staleEdits = computed(() => {
  const mine = edits.value;
  const isStale = hasEdits(mine) && planWait.value !== null && mine.runId === runIdOf.value;
  return isStale && mine.topic !== planWait.value?.topic ? mine : null;
});
export const plan = computed<Plan | null>(() =>
  planOf.value === null ? null : applyEdits(planOf.value, current.value),
);
export const faults = computed(() => (plan.value === null || !hasEdits(current.value) ? [] : faultsOf(plan.value)));
export const isChanged = computed(() => hasEdits(current.value));
export const isOrderChanged = computed(() => current.value?.order != null);
export const changedIds = computed(() => new Set(Object.keys(current.value?.changes ?? {})));

effect(() => bridge.keep({ planEdits: edits.value }));

function keep(next: PlanEdits | null): void {
  batch(() => {
    edits.value = next;
    refused.value = [];
  });
}

function own(): PlanEdits | null {
  const { value: runId } = runIdOf;
  const { value: wait } = planWait;
  return current.value ?? (runId === null || wait === null ? null : noEdits(runId, wait.topic));
}

export function change(id: string, fields: SubtaskChange): void {
  const mine = own();
  if (planOf.value !== null && mine !== null) keep(changeSubtask(planOf.value, mine, id, fields));
}

export function move(id: string, by: -1 | 1): void {
  const mine = own();
  if (planOf.value === null || mine === null) return;
  keep(moveSubtask(planOf.value, mine, id, by));
  const place = plan.value?.subtasks.findIndex((subtask) => subtask.id === id) ?? 0;
  announce(t('Moved to place {0} of {1}.', place + 1, plan.value?.subtasks.length ?? 0));
}

export const discard = (): void => keep(null);

export function takeOverStale(): void {
  const { value: stale } = staleEdits;
  const { value: wait } = planWait;
  if (stale !== null && wait !== null && planOf.value !== null) keep(takeOver(stale, planOf.value, wait.topic));
}

export const refusedAbout = (id: string): string[] => refused.value.filter((fault) => isAbout(fault, id));

/** Approves the plan as it is shown. */
export async function approve(): Promise<void> {
  const { value: shown } = plan;
  if (shown === null || faults.value.length > 0) return;
  const changed = current.value;
  await decide(({ runId, topic, waitOn }) =>
    hasEdits(changed)
      ? { type: 'edit_plan', runId, plan: shown, topic, waitOn }
      : { type: 'approve', runId, gate: 'plan', topic, waitOn },
  );
}

export const reject = (comment: string): Promise<boolean> =>
  decide(({ runId, topic, waitOn }) => ({ type: 'reject', runId, comment, topic, waitOn }));

type DispatchedIntent = Parameters<typeof bridge.call<'dispatch'>>[1]['intent'];

/** True when the decision was taken. */
async function decide(
  make: (about: { runId: string; topic: string; waitOn: string }) => DispatchedIntent,
): Promise<boolean> {
  const { value: runId } = runIdOf;
  const { value: wait } = planWait;
  if (runId === null || wait === null || isSending.value || !isTrusted.value) return false;
  isSending.value = true;
  try {
    await bridge.call('dispatch', { intent: make({ runId, topic: wait.topic, waitOn: wait.waitOn }) });
    keep(null);
    return true;
  } catch (thrown) {
    refuse(toAppError(thrown).toInfo());
    return false;
  } finally {
    isSending.value = false;
  }
}

function refuse(error: ErrorInfo): void {
  const named = error.code === 'plan_invalid' ? hostFaults(error.details) : [];
  if (named.length > 0) refused.value = named;
  else if (error.code !== 'aborted') failure.value = error;
}
