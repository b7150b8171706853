import { stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { CommitId } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { type Git, gitText } from './git-command.ts';
import { gitFailure } from './git-errors.ts';
import { readObjects } from './objects.ts';

/** A lock file on a ref of ours that is older than this was left by a process that died: ref updates take milliseconds. */
const STALE_REF_LOCK_MS = 30_000;

/** Refuses what is not a full ref name: it would be searched for, or be read as an option. */
export function requireRefName(ref: string): void {
  if (/^refs\/[^\s\0]+$/.test(ref)) return;
  throw new AppError({ code: 'git_failed', message: `not a full ref name: ${JSON.stringify(ref)}` });
}

/** The commit a full ref name (or `HEAD`) points at; null when it does not exist. */
export async function readRef(git: Git, repoDir: string, ref: string): Promise<CommitId | null> {
  if (ref !== 'HEAD') requireRefName(ref);
  const [object] = await readObjects(git, repoDir, [`${ref}^{commit}`]);
  return object?.type === 'commit' ? object.id : null;
}

/** Removes the lock that a process which died left on a ref of a run. True when there was one. */
export async function removeStaleLock(git: Git, repoDir: string, ref: string): Promise<boolean> {
  if (!ref.startsWith('refs/orchestrator/')) return false;
  const file = await gitText(git, { args: ['rev-parse', '--git-path', `${ref}.lock`], cwd: repoDir });
  const lock = path.resolve(repoDir, file);
  try {
    const { mtimeMs } = await stat(lock);
    if (Date.now() - mtimeMs < STALE_REF_LOCK_MS) return false;
    await unlink(lock);
    return true;
  } catch {
    return false;
  }
}

/**
 * Moves a ref from `expected` (null: it must not exist) to `commit`. A ref that is at `commit` already is left alone:
 * the call was made before. Any other old value throws `git_failed`.
 */
export async function setRef(
  git: Git,
  repoDir: string,
  ref: string,
  commit: CommitId,
  expected: CommitId | null,
): Promise<void> {
  requireRefName(ref);
  const stdin = expected === null ? `create ${ref} ${commit}\n` : `update ${ref} ${commit} ${expected}\n`;
  const command = { args: ['update-ref', '--stdin'], cwd: repoDir, stdin, okExitCodes: 'any' as const };
  let result = await git(command);
  if (result.exitCode !== 0 && (await removeStaleLock(git, repoDir, ref))) result = await git(command);
  if (result.exitCode === 0) return;
  const current = await readRef(git, repoDir, ref);
  if (current === commit) return;
  if (current === expected) throw gitFailure(command, result);
  throw new AppError({
    code: 'git_failed',
    message: `${ref} is at ${current ?? 'nothing'}, expected ${expected ?? 'nothing'}, wanted ${commit}`,
    userMessage: `The ref ${ref} in ${repoDir} was changed by somebody else, so it was left as it is.`,
    details: { ref, current, expected },
  });
}

/** All refs below a prefix such as `refs/orchestrator/run-1`, which ends at a slash: ref name -> commit. */
export async function listRefs(git: Git, repoDir: string, prefix: string): Promise<Record<string, CommitId>> {
  const text = await gitText(git, {
    args: ['for-each-ref', '--format=%(objectname) %(refname)', '--', prefix],
    cwd: repoDir,
  });
  const refs: Record<string, CommitId> = {};
  for (const line of text.split('\n')) {
    const split = line.indexOf(' ');
    if (split > 0) refs[line.slice(split + 1)] = line.slice(0, split);
  }
  return refs;
}
