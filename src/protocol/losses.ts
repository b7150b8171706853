import type { RunView } from './view.ts';
import type { DeploymentChange } from './work.ts';

/** What a deployment, or a rollback, would delete or lose; none before its preview is known. */
export function lossesOf({ preview }: Pick<RunView, 'preview'>): DeploymentChange[] {
  return preview?.changes.filter(({ destructive }) => destructive) ?? [];
}

/** Whether the application would begin without its data, in a new database: left out, nothing is deployed. */
export function leavesDataBehind(changes: readonly DeploymentChange[]): boolean {
  return changes.some(({ action, kind, destructive }) => destructive && action === 'create' && kind === 'database');
}

/** What is said for a person who leaves these changes out: the decision itself says all, and a rejection needs words. */
export const LEAVE_OUT = 'Leave out what would delete or lose something, and make the other changes.';
