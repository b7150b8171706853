import type { HistoryEntry } from '../engine/port.ts';

/** Child run that builds in the worktree of a name. */
export const subtaskRunOf = (rootRunId: string, worktree: string): string => `${rootRunId}/subtask-${worktree}`;

/**
 * When the checks ran that were the last to work in a subtask's worktree, in milliseconds since the epoch; null when its agent
 * may have done so since. All work of the agent is committed when checks begin, and its tools run only after a turn that was
 * answered. `history` is that of `subtaskRunOf`.
 */
export function lastChecks(history: readonly HistoryEntry[]): { from: number; to: number } | null {
  const steps = history.filter(({ kind }) => kind === 'step');
  const index = steps.findLastIndex(({ name }) => name.startsWith('checks-'));
  const checks = steps[index];
  if (checks === undefined) return null;
  const isAgents = ({ name, ok }: HistoryEntry) => name.startsWith('tools-') || (name.startsWith('turn-') && ok);
  return steps.slice(index + 1).some(isAgents) ? null : { from: checks.startedAt, to: checks.endedAt };
}
