import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runRefPrefix } from '../core/flow/refs.ts';
import type { Services } from '../core/flow/services.ts';
import { toAppError } from '../protocol/errors.ts';

type CleanUpServices = Pick<Services, 'repository' | 'runDir' | 'log' | 'clock'>;

/**
 * Takes the worktrees of a run that nobody works on any more out of the user's repository. What was not committed in one is
 * committed first, to `refs/orchestrator/<run>/leftover-<worktree>`: the refs of the work itself stay where the run left them,
 * because a run that is carried on expects them there. Of one that was given up only the rest is removed. A worktree whose
 * files cannot be committed stays. Idempotent; never throws. Only for a run of which no part is working.
 */
export async function cleanUpRun(services: CleanUpServices, runId: string, repoDir: string): Promise<void> {
  const worktreesDir = join(services.runDir(runId), 'worktrees');
  for (const name of await readdir(worktreesDir).catch(() => [])) {
    const dir = join(worktreesDir, name);
    try {
      if (!services.repository.isGivenUp(dir)) await keepUncommitted(services, runId, repoDir, name, dir);
      await services.repository.removeWorktree(repoDir, dir);
    } catch (thrown) {
      services.log.warn('worktree left in place', { runId, dir, error: toAppError(thrown).message });
    }
  }
}

async function keepUncommitted(
  { repository, clock, log }: CleanUpServices,
  runId: string,
  repoDir: string,
  name: string,
  dir: string,
): Promise<void> {
  const prefix = runRefPrefix(runId);
  const parent = (await repository.readRef(repoDir, `${prefix}${name}`)) ?? (await repository.readRef(dir, 'HEAD'));
  if (parent === null) return;
  const ref = `${prefix}leftover-${name}`;
  const kept = await repository.commitWorktree(dir, [parent], ref, {
    subject: `chore: keep what was not committed in ${name}`,
    body: '',
    trailers: {
      'Orchestrator-Run': runId,
      // A clean-up that was cut short finds its own commit again.
      'Orchestrator-Key': `${runId}/clean-up/${name}`,
      'Orchestrator-At': new Date(clock.now()).toISOString(),
    },
  });
  if (kept !== null) log.info('uncommitted work kept', { runId, ref, commit: kept.commit, files: kept.files.length });
}
