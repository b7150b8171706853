import type { CommitId, Landing, RepositoryState } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { type Git, gitText } from './git-command.ts';
import { gitFailure, redactUrls } from './git-errors.ts';
import { readRef, setRef } from './refs.ts';
import { workingState } from './working-state.ts';

/** Names tried for the branch: `name`, `name-2`, ... */
const MAX_NAMES = 100;

/** Creates the branch, under the next free name when it exists elsewhere. */
async function createBranch(git: Git, repoDir: string, wanted: string, commit: CommitId): Promise<string> {
  const check = { args: ['check-ref-format', '--branch', wanted], cwd: repoDir, okExitCodes: 'any' as const };
  if ((await git(check)).exitCode !== 0) {
    throw new AppError({
      code: 'git_failed',
      message: `not a branch name: ${JSON.stringify(wanted)}`,
      userMessage: `${JSON.stringify(wanted)} cannot be the name of a git branch. Choose another one.`,
    });
  }
  for (let number = 1; number <= MAX_NAMES; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    const ref = `refs/heads/${name}`;
    const command = { args: ['update-ref', ref, commit, ''], cwd: repoDir, okExitCodes: 'any' as const };
    const result = await git(command);
    if (result.exitCode === 0) return name;
    const current = await readRef(git, repoDir, ref);
    if (current === commit) return name;
    if (current === null) throw gitFailure(command, result);
  }
  throw new AppError({
    code: 'git_failed',
    message: `no free branch name for ${wanted}`,
    userMessage: `There are ${MAX_NAMES} branches called ${wanted} already. Delete some, or choose another name.`,
  });
}

async function isAncestor(git: Git, repoDir: string, ancestor: CommitId, commit: CommitId): Promise<boolean> {
  const { exitCode } = await git({
    args: ['merge-base', '--is-ancestor', ancestor, commit],
    cwd: repoDir,
    okExitCodes: [0, 1],
  });
  return exitCode === 0;
}

/**
 * Creates the user's branch and, when that loses nothing, checks it out. Nothing changed in index or files; HEAD at the
 * base of the run or at an ancestor of the commit; and no untracked or ignored file in the way. Repeating is harmless.
 */
export async function land(git: Git, state: RepositoryState, wanted: string, commit: CommitId): Promise<Landing> {
  const { repoDir } = state;
  const branch = await createBranch(git, repoDir, wanted, commit);
  const renamed = branch === wanted ? '' : ` (${wanted} exists with other work)`;
  const stay = (why: string): Landing => ({
    branch,
    commit,
    checkedOut: false,
    note: `The work is on branch ${branch}${renamed}. ${why} To see it: git switch ${branch}`,
  });
  const now = await workingState(git, repoDir);
  if (now.branch === branch && now.head === commit && now.changed.length === 0) {
    return { branch, commit, checkedOut: true, note: `The workspace is on branch ${branch}${renamed}.` };
  }
  if (now.changed.length > 0) {
    return stay('The workspace has changes that are not committed, so it was left as it is.');
  }
  if (now.head === null || (now.head !== state.baseCommit && !(await isAncestor(git, repoDir, now.head, commit)))) {
    return stay(`The workspace has moved on since the run began (${now.branch}), so it was left as it is.`);
  }
  const switched = await git({
    // Ignored files would be overwritten without a word.
    args: ['switch', '--quiet', '--no-guess', '--no-overwrite-ignore', branch, '--'],
    cwd: repoDir,
    okExitCodes: 'any',
  });
  if (switched.exitCode === 0) {
    const note = `The workspace is on branch ${branch}${renamed}; ${now.branch} is as it was.`;
    return { branch, commit, checkedOut: true, note };
  }
  return stay(`git did not switch to it: ${redactUrls(switched.stderr.trim()).slice(0, 500)}.`);
}

/** In any worktree of the repository. */
async function isCheckedOut(git: Git, repoDir: string, ref: string): Promise<boolean> {
  return (await gitText(git, { args: ['for-each-ref', '--format=%(worktreepath)', '--', ref], cwd: repoDir })) !== '';
}

/**
 * Moves a branch that was landed at `from` forward. Where that would lose something of the user's, in front of whom it may be
 * checked out, the work lands under the next free name instead. Repeating is harmless.
 */
export async function landAgain(
  git: Git,
  state: RepositoryState,
  branch: string,
  from: CommitId,
  commit: CommitId,
): Promise<Landing> {
  const { repoDir } = state;
  const ref = `refs/heads/${branch}`;
  const current = await readRef(git, repoDir, ref);
  if (current !== from && current !== commit) return land(git, state, branch, commit);
  const now = await workingState(git, repoDir);
  const isHere = now.branch === branch;
  const there = `The work is on branch ${branch}. To see it: git switch ${branch}`;
  if (current === commit) {
    const note = isHere ? `The workspace is on branch ${branch}.` : there;
    return { branch, commit, checkedOut: isHere, note };
  }
  if (!isHere) {
    // In another worktree the files would stay as they are, and read as changes that take the work out again.
    if (await isCheckedOut(git, repoDir, ref)) return land(git, state, branch, commit);
    await setRef(git, repoDir, ref, commit, from);
    return { branch, commit, checkedOut: false, note: there };
  }
  if (now.changed.length === 0) {
    const moved = await git({
      args: ['merge', '--ff-only', '--quiet', '--no-overwrite-ignore', commit],
      cwd: repoDir,
      okExitCodes: 'any',
    });
    if (moved.exitCode === 0)
      return { branch, commit, checkedOut: true, note: `The workspace is on branch ${branch}.` };
  }
  return land(git, state, branch, commit);
}
