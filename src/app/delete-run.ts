import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../core/engine/port.ts';
import type { Repository, RepositoryState } from '../core/ports.ts';
import { AppError } from '../protocol/errors.ts';

export interface DeleteParts {
  engine: Pick<Engine, 'active'>;
  repository: Pick<Repository, 'open' | 'removeWorktree'>;
  /** Moves the run's refs to the archive; throws with nothing moved. */
  archiveRefs(repoDir: string, runId: string): Promise<number>;
  /** Folder of a run for worktrees, outputs and exports; absolute. */
  runDir(runId: string): string;
  /** Rows, events and large values. */
  deleteRows(runId: string): void;
}

const OPEN_LIMIT_MS = 30_000;

/**
 * Forgets a run that has ended. Its work is archived first, as refs of the repository that it was made in: they cost no
 * space, stay with the project when it is moved or copied, and are moved all or none; a bundle in the state folder would be
 * a second copy that goes with the folder. The rows go last, so that a deletion which was cut short can be repeated;
 * repeating a whole one is harmless. A repository that is not there is left alone, wherever it is now: its refs stay as
 * they are. Throws `engine_conflict` while a part of the run has not ended, and `git_failed` when the refs cannot be
 * archived; then nothing was removed.
 */
export async function deleteRun(parts: DeleteParts, runId: string, workspaceDir: string): Promise<void> {
  if ((await parts.engine.active(runId)).length > 0) throw unfinished(runId);
  const worktreesDir = join(parts.runDir(runId), 'worktrees');
  if (workspaceDir !== '' && existsSync(workspaceDir)) {
    const repoDir = await repositoryOf(parts, workspaceDir);
    if (repoDir !== null) {
      await parts.archiveRefs(repoDir, runId);
      for (const name of await namesIn(worktreesDir)) {
        await parts.repository.removeWorktree(repoDir, join(worktreesDir, name));
      }
    }
  }
  await rm(parts.runDir(runId), { recursive: true, force: true, maxRetries: 3 });
  parts.deleteRows(runId);
}

/** Null for a folder that holds no repository any more. */
export async function repositoryOf(
  parts: { repository: Pick<Repository, 'open'> },
  workspaceDir: string,
): Promise<string | null> {
  return (await openedRepository(parts, workspaceDir))?.repoDir ?? null;
}

/** Null for a folder that holds no repository. */
export async function openedRepository(
  { repository }: { repository: Pick<Repository, 'open'> },
  workspaceDir: string,
): Promise<RepositoryState | null> {
  // `open` would make a repository in an empty folder.
  if ((await namesIn(workspaceDir)).length === 0) return null;
  try {
    return await repository.open(workspaceDir, AbortSignal.timeout(OPEN_LIMIT_MS));
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'workspace_unusable') return null;
    throw thrown;
  }
}

async function namesIn(dir: string): Promise<string[]> {
  return readdir(dir).catch(() => []);
}

function unfinished(runId: string): AppError {
  return new AppError({
    code: 'engine_conflict',
    message: `run ${runId} is unfinished`,
    userMessage: `The run ${runId} has not ended. Cancel it first (\`orchestrator cancel ${runId}\`), then delete it.`,
  });
}
