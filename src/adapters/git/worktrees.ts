import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { CommitId } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Git, GitCommand } from './git-command.ts';
import { OWN_INDEX_CONFIG } from './temp-index.ts';
import { parseStatus } from './working-state.ts';
import {
  claimsToBeWorktree,
  commonDir,
  excludeConfig,
  findMoved,
  findRegistration,
  isReady,
  markReady,
  readExcludes,
  realPath,
  repairWorktree,
  requireWorktree,
  type WorktreeLayout,
  withWorktreeLocks,
  worktreeEnvironment,
  writeExcludes,
} from './worktree-layout.ts';

/** Tries of `worktree add`, which may meet another one or its own leftovers. */
const ADD_ATTEMPTS = 5;
const REMOVE = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;

/** A command inside a worktree, tied to it and with the settings of our own index. */
export function worktreeCommand(layout: WorktreeLayout, args: readonly string[]): GitCommand {
  return {
    args,
    cwd: layout.dir,
    env: worktreeEnvironment(layout),
    config: [...OWN_INDEX_CONFIG, excludeConfig(layout), 'add.ignoreErrors=false', 'advice.addEmbeddedRepo=false'],
  };
}

/** Removes what an interrupted `worktree add` left; refuses a folder with files that were never a worktree of ours. */
async function clearHalfMade(common: string, dir: string): Promise<void> {
  const registration = await findRegistration(common, dir);
  const exists = (await stat(dir).catch(() => null)) !== null;
  if (exists) {
    const ours = registration !== null || (await claimsToBeWorktree(common, dir));
    if (!ours && (await readdir(dir)).length > 0) {
      throw new AppError({
        code: 'git_failed',
        message: `${dir} is neither empty nor a worktree of this repository`,
        userMessage: `The folder ${dir} is in the way: it holds files that do not belong to this run. Move it away.`,
      });
    }
    await rm(dir, REMOVE);
  }
  if (registration !== null) await rm(registration.gitDir, REMOVE);
}

/** The worktree at `dir` when it is complete, whatever work it holds. */
async function completeWorktree(common: string, dir: string): Promise<WorktreeLayout | null> {
  if ((await stat(dir).catch(() => null)) === null) return null;
  const existing = (await findRegistration(common, dir)) ?? (await findMoved(common, dir));
  return existing !== null && (await isReady(existing)) ? existing : null;
}

/** False when no complete worktree is at `dir`; one that is there is left as it is, but for a damaged `.git` file or HEAD. */
export async function findWorktree(git: Git, repoDir: string, dir: string, commit: CommitId): Promise<boolean> {
  const reading = readExcludes(git, repoDir);
  // It is heard below, unless something else fails first.
  reading.catch(() => null);
  const existing = await completeWorktree(await commonDir(git, repoDir), dir);
  if (existing === null) return false;
  await repairWorktree(existing, commit);
  await writeExcludes(existing, await reading);
  return true;
}

/**
 * Makes a detached worktree at `dir`, checked out at `commit`. One that is complete is left exactly as it is, whatever
 * work it holds (its `.git` file is put back when it is missing); a half-made one is made again.
 */
export async function openWorktree(
  git: Git,
  repoDir: string,
  dir: string,
  commit: CommitId,
): Promise<{ isNew: boolean }> {
  if (await findWorktree(git, repoDir, dir, commit)) return { isNew: false };
  const common = await commonDir(git, repoDir);
  // Twice `--force`: also over a registration whose folder is gone or that was locked by an interrupted `add`.
  const add: GitCommand = {
    args: ['worktree', 'add', '--quiet', '--detach', '--force', '--force', path.resolve(dir), commit],
    cwd: repoDir,
    config: OWN_INDEX_CONFIG,
  };
  for (let attempt = 1; ; attempt += 1) {
    await clearHalfMade(common, dir);
    try {
      await git(add);
      break;
    } catch (error) {
      if (attempt === ADD_ATTEMPTS) throw error;
      await wait(50 * attempt);
    }
  }
  const layout = await requireWorktree(dir);
  await writeExcludes(layout, await readExcludes(git, repoDir));
  await markReady(layout);
  return { isNew: true };
}

/** Puts tracked and untracked files back to `commit`, and HEAD with them; ignored files and node_modules stay. */
export async function resetWorktree(git: Git, dir: string, commit: CommitId): Promise<void> {
  const layout = await requireWorktree(dir);
  await withWorktreeLocks(layout, () =>
    git(worktreeCommand(layout, ['reset', '--hard', '--quiet', '--no-recurse-submodules', commit, '--'])),
  );
  await git(worktreeCommand(layout, ['clean', '-ffdq']));
}

/** Makes the tracked files those of a tree; HEAD and untracked files that are not in the way stay. */
export async function checkoutTree(git: Git, dir: string, tree: string): Promise<void> {
  const layout = await requireWorktree(dir);
  await withWorktreeLocks(layout, () =>
    git(worktreeCommand(layout, ['read-tree', '--reset', '-u', '--no-recurse-submodules', `${tree}^{tree}`])),
  );
}

/** Paths that differ from HEAD or are not in it; what is ignored counts for nothing. */
export async function uncommitted(git: Git, dir: string): Promise<string[]> {
  const layout = await requireWorktree(dir);
  const args = ['status', '--porcelain=v2', '-z', '--no-renames', '--untracked-files=all'];
  const { stdout } = await git(worktreeCommand(layout, args));
  const { changed, untracked } = parseStatus(stdout.toString());
  return [...changed, ...untracked];
}

/** Folders that are being deleted; what they held was given up when they were renamed. */
export type Trash = Set<Promise<void>>;

/** What a folder that was given up is called until it is deleted. */
export const GONE = /^(.+)\.gone-[0-9a-f]{8}$/;

/**
 * Takes a folder away at once and deletes it meanwhile: one with installed packages takes seconds. It is deleted after
 * `before`, so that what a crash leaves of the folder tells of what is left elsewhere.
 */
async function discard(dir: string, trash: Trash, before: () => Promise<void> = async () => {}): Promise<void> {
  const gone = `${dir}.gone-${randomUUID().slice(0, 8)}`;
  const isAside = await rename(dir, gone).then(
    () => true,
    () => false,
  );
  if (!isAside) {
    await rm(dir, REMOVE).finally(before);
    return;
  }
  await before().finally(() => {
    const deleting = rm(gone, REMOVE)
      .catch(() => undefined)
      .finally(() => trash.delete(deleting));
    trash.add(deleting);
  });
}

/**
 * Removes a worktree of this repository and its registration; also one whose removal was cut, by the name that it was given
 * then. Never fails, and never removes another folder.
 */
export async function removeWorktree(git: Git, trash: Trash, repoDir: string, dir: string): Promise<void> {
  try {
    const common = await commonDir(git, repoDir);
    const [, former] = GONE.exec(path.basename(dir)) ?? [];
    const left = former === undefined ? null : await findRegistration(common, path.join(path.dirname(dir), former));
    if (left !== null && (await stat(left.dir).catch(() => null)) === null) await rm(left.gitDir, REMOVE);
    const registration = await findRegistration(common, dir);
    if (registration === null) {
      const real = await realPath(dir);
      if (await claimsToBeWorktree(common, real)) await discard(real, trash);
      return;
    }
    // Not `worktree remove`: it refuses a worktree with submodules or a broken .git file. These two are what it does.
    await discard(registration.dir, trash, () => rm(registration.gitDir, REMOVE));
  } catch {
    // A leftover folder costs disk space; a failed run costs work. The next `openWorktree` clears it.
  }
}
