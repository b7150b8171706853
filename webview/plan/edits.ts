import type { Plan, Subtask } from '../../src/protocol/plan.ts';

/** What a person may change of a subtask before the plan is approved. */
type EditableField =
  | 'title'
  | 'description'
  | 'specialization'
  | 'priority'
  | 'effort'
  | 'dependsOn'
  | 'ownedPaths'
  | 'removesTests'
  | 'acceptanceCriteria';
export type SubtaskChange = Partial<Pick<Subtask, EditableField>>;

/**
 * Changes of a plan that were not sent yet. Kept field by field, so that they can be held against a plan that came later. Pure.
 */
export interface PlanEdits {
  runId: string;
  /** The wait that they were made for. */
  topic: string;
  changes: Record<string, SubtaskChange>;
  /** Ids in the order that the person wants; null: as in the plan. */
  order: string[] | null;
}

export const noEdits = (runId: string, topic: string): PlanEdits => ({ runId, topic, changes: {}, order: null });

export const hasEdits = (edits: PlanEdits | null): edits is PlanEdits =>
  edits !== null && (edits.order !== null || Object.keys(edits.changes).length > 0);

/** From what a page kept; null when it is none. */
export function readEdits(kept: unknown): PlanEdits | null {
  if (typeof kept !== 'object' || kept === null) return null;
  const { runId, topic, changes, order } = kept as Partial<PlanEdits>;
  if (typeof runId !== 'string' || typeof topic !== 'string') return null;
  if (typeof changes !== 'object' || changes === null) return null;
  if (order !== null && !Array.isArray(order)) return null;
  return { runId, topic, changes, order };
}

/** The plan with the changes; what it does not have is passed over. */
export function applyEdits(plan: Plan, edits: PlanEdits | null): Plan {
  if (!hasEdits(edits)) return plan;
  const changed = plan.subtasks.map((subtask) => ({ ...subtask, ...edits.changes[subtask.id] }));
  const { order } = edits;
  if (order === null) return { ...plan, subtasks: changed };
  // What the person never saw stays behind what they put in order.
  const place = (id: string) => (order.includes(id) ? order.indexOf(id) : order.length);
  return { ...plan, subtasks: changed.sort((a, b) => place(a.id) - place(b.id)) };
}

/** Fields that are as in the plan again are no changes. */
export function changeSubtask(plan: Plan, edits: PlanEdits, id: string, change: SubtaskChange): PlanEdits {
  const original = plan.subtasks.find((subtask) => subtask.id === id);
  if (original === undefined) return edits;
  const merged = Object.entries({ ...edits.changes[id], ...change }).filter(
    ([field, value]) => !isSame(value, original[field as EditableField]),
  );
  const { [id]: _, ...others } = edits.changes;
  return {
    ...edits,
    changes: merged.length === 0 ? others : { ...others, [id]: Object.fromEntries(merged) as SubtaskChange },
  };
}

/** Puts a subtask one place earlier (-1) or later (1). */
export function moveSubtask(plan: Plan, edits: PlanEdits, id: string, by: -1 | 1): PlanEdits {
  const ids = applyEdits(plan, edits).subtasks.map((subtask) => subtask.id);
  const from = ids.indexOf(id);
  const other = ids[from + by];
  if (from < 0 || other === undefined) return edits;
  const order = ids.map((at) => (at === id ? other : at === other ? id : at));
  const isOriginal = plan.subtasks.every((subtask, index) => subtask.id === order[index]);
  return { ...edits, order: isOriginal ? null : order };
}

/** The same changes for a plan that came later; those of subtasks that it does not have are dropped. */
export function takeOver(edits: PlanEdits, plan: Plan, topic: string): PlanEdits {
  const ids = new Set(plan.subtasks.map(({ id }) => id));
  let next: PlanEdits = {
    ...noEdits(edits.runId, topic),
    order: edits.order?.filter((id) => ids.has(id)) ?? null,
  };
  for (const [id, change] of Object.entries(edits.changes)) {
    const dependsOn = change.dependsOn?.filter((other) => ids.has(other));
    next = changeSubtask(plan, next, id, dependsOn === undefined ? change : { ...change, dependsOn });
  }
  return next;
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
