import { archivedRunRefPrefix, runRefPrefix } from '../../core/flow/refs.ts';
import { gitFailure } from './git-errors.ts';
import { listRefs } from './refs.ts';
import { createGit } from './run-git.ts';

/**
 * Moves the refs of a run out of the way, all or none: `refs/orchestrator/<run>/x` to `refs/orchestrator-archive/<run>/x`.
 * Returns how many there were; 0 when they have been moved before. Throws `git_failed`, with nothing moved.
 */
export async function archiveRunRefs(repoDir: string, rootRunId: string): Promise<number> {
  const git = createGit();
  const from = runRefPrefix(rootRunId);
  const refs = Object.entries(await listRefs(git, repoDir, from));
  if (refs.length === 0) return 0;
  const lines = refs.flatMap(([ref, commit]) => [
    // Without an old value: what an earlier archive of the same name holds was this run's as well.
    `update ${archivedRunRefPrefix(rootRunId)}${ref.slice(from.length)} ${commit}`,
    `delete ${ref} ${commit}`,
  ]);
  const command = { args: ['update-ref', '--stdin'], cwd: repoDir, stdin: `${lines.join('\n')}\n` };
  const result = await git({ ...command, okExitCodes: 'any' });
  if (result.exitCode !== 0) throw gitFailure(command, result);
  return refs.length;
}
