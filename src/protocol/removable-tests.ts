import type { Subtask } from './plan.ts';

/** `removesTests` of a subtask; empty in what was recorded before there was such a field. */
export function removableTests(subtask: { removesTests?: Subtask['removesTests'] }): readonly string[] {
  return subtask.removesTests ?? [];
}
