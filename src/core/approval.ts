import type { DeploymentChange } from '../protocol/work.ts';

/**
 * Which changes that lose something may be made: none, those of the list (by action, kind and id), or all. What was harmless
 * when it was shown and is not any more is in no list.
 */
export type Approval = boolean | readonly DeploymentChange[];

/** Whether the change may be made. */
export function isAllowed({ action, kind, id, destructive }: DeploymentChange, approval: Approval): boolean {
  if (!destructive) return true;
  if (typeof approval === 'boolean') return approval;
  return approval.some((one) => one.destructive && one.action === action && one.kind === kind && one.id === id);
}
