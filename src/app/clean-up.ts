import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../core/engine/port.ts';
import { isRehearsal } from '../core/flow/desk.ts';
import { lastChecks, subtaskRunOf } from '../core/flow/last-checks.ts';
import { runRefPrefix } from '../core/flow/refs.ts';
import type { Services } from '../core/flow/services.ts';
import { toAppError } from '../protocol/errors.ts';

type CleanUpServices = Pick<Services, 'repository' | 'runDir' | 'log' | 'clock'> & Pick<Engine, 'history'>;

/** How far the times of files may be behind the clock. */
const FILE_TIME_GRAIN_MS = 50;

/**
 * Takes the worktrees of a run that nobody works on any more out of the user's repository. What was not committed in one is
 * committed first, to `refs/orchestrator/<run>/leftover-<worktree>`: the refs of the work itself stay where the run left them,
 * because a run that is carried on expects them there. Of one that was given up only the rest is removed, and what the last
 * checks have left in one is nobody's work. A worktree whose
 * files cannot be committed stays. Idempotent; never throws. Only for a run of which no part is working.
 */
export async function cleanUpRun(services: CleanUpServices, runId: string, repoDir: string): Promise<void> {
  const worktreesDir = join(services.runDir(runId), 'worktrees');
  for (const name of await readdir(worktreesDir).catch(() => [])) {
    const dir = join(worktreesDir, name);
    try {
      const isNothing =
        isRehearsal(name) ||
        services.repository.isGivenUp(dir) ||
        (await isLeftByChecks(services, runId, repoDir, name, dir));
      if (!isNothing) await keepUncommitted(services, runId, repoDir, name, dir);
      await services.repository.removeWorktree(repoDir, dir);
    } catch (thrown) {
      services.log.warn('worktree left in place', { runId, dir, error: toAppError(thrown).message });
    }
  }
}

/**
 * True when all that is not committed are new files that were made while the last checks ran, and no agent has worked there since
 * its work was committed. In doubt false, also for a file of the commit that differs: then it is kept.
 */
async function isLeftByChecks(
  { repository, history, log }: CleanUpServices,
  runId: string,
  repoDir: string,
  name: string,
  dir: string,
): Promise<boolean> {
  const checks = lastChecks(await history(subtaskRunOf(runId, name)));
  if (checks === null) return false;
  const commit = await repository.readRef(repoDir, `${runRefPrefix(runId)}${name}`);
  if (commit !== null && commit !== (await repository.readRef(dir, 'HEAD'))) return false;
  const at = commit ?? (await repository.readRef(dir, 'HEAD'));
  const paths = await repository.uncommitted(dir);
  for (const path of paths) {
    if (path.endsWith('/')) return false;
    const changedAt = await changedAtMs(join(dir, path));
    // What was deleted is in the commit.
    if (changedAt === null) continue;
    if (at !== null && (await repository.readFile(repoDir, at, path)) !== null) return false;
    if (changedAt < checks.from - FILE_TIME_GRAIN_MS || Math.floor(changedAt) > checks.to) return false;
  }
  if (paths.length > 0) log.info('files that checks left are not kept', { runId, dir, files: paths.length });
  return true;
}

/** Null for a file that is not there. */
async function changedAtMs(path: string): Promise<number | null> {
  try {
    return (await lstat(path)).ctimeMs;
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes((thrown as NodeJS.ErrnoException).code ?? '')) return null;
    throw thrown;
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
