import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CommitId, CommitMessage } from '../../core/ports.ts';
import type { ChangedFile } from '../../protocol/work.ts';
import { KEY_TRAILER, trailerValue } from './commit-message.ts';
import { writeCommit } from './commits.ts';
import { asChangedFiles, type TreeChange, treeChanges } from './diff.ts';
import { readIdentity } from './identity.ts';
import { type CommitHeader, expectCommit, parseCommit, readObjects } from './objects.ts';
import { removeStaleLock, requireRefName } from './refs.ts';
import { type Git, gitText } from './run-git.ts';
import { requireWorktree, type WorktreeLayout, withWorktreeLocks } from './worktree-layout.ts';
import { worktreeCommand } from './worktrees.ts';

const GITLINK_MODE = '160000';

/**
 * Takes the `.git` folder out of repositories that a command made inside the worktree (project generators do), so that
 * their files are committed rather than a bare pointer. The folder is kept beside the index until the worktree goes.
 */
async function absorbRepositories(git: Git, layout: WorktreeLayout, paths: readonly string[]): Promise<boolean> {
  let absorbed = false;
  for (const nested of paths) {
    const folder = path.join(layout.dir, nested, '.git');
    if ((await stat(folder).catch(() => null)) === null) continue;
    const kept = path.join(layout.gitDir, `embedded-${Date.now()}-${path.basename(nested)}`);
    await rename(folder, kept).catch(() => rm(folder, { recursive: true, force: true }));
    await git(worktreeCommand(layout, ['rm', '--cached', '--quiet', '--ignore-unmatch', '-r', '--', nested]));
    absorbed = true;
  }
  return absorbed;
}

/** Repositories inside the worktree that are neither ignored nor known: git lists them with a slash at the end. */
async function untrackedRepositories(git: Git, layout: WorktreeLayout): Promise<string[]> {
  const { stdout } = await git(worktreeCommand(layout, ['ls-files', '--others', '--exclude-standard', '-z']));
  return stdout
    .toString()
    .split('\0')
    .filter((entry) => entry.endsWith('/'));
}

async function stageAll(git: Git, layout: WorktreeLayout): Promise<string> {
  const add = () => withWorktreeLocks(layout, () => git(worktreeCommand(layout, ['add', '--all'])));
  try {
    await add();
  } catch (error) {
    // A repository without a commit makes `add` fail.
    if (!(await absorbRepositories(git, layout, await untrackedRepositories(git, layout)))) throw error;
    await add();
  }
  return gitText(git, worktreeCommand(layout, ['write-tree']));
}

function newGitlinks(changes: readonly TreeChange[]): string[] {
  return changes.filter((change) => change.mode === GITLINK_MODE && change.status === 'added').map(({ path }) => path);
}

/** True when an earlier attempt of the same step made this commit. */
function isSameWork(commit: CommitHeader, tree: string, message: CommitMessage): boolean {
  const key = message.trailers[KEY_TRAILER];
  return key !== undefined && commit.tree === tree && trailerValue(commit.text, KEY_TRAILER) === key;
}

/**
 * Commits everything in the worktree on `parents`, moves `ref` and the worktree's HEAD there. Null when the tree is that
 * of the first parent. When `ref` is at a commit of the same key and tree already, that one is returned.
 */
export async function commitWorktree(
  git: Git,
  dir: string,
  parents: readonly CommitId[],
  ref: string,
  message: CommitMessage,
): Promise<{ commit: CommitId; files: ChangedFile[] } | null> {
  requireRefName(ref);
  const layout = await requireWorktree(dir);
  const base = parents[0] ?? '';
  const readParentAndRef = () => readObjects(git, layout.dir, [`${base}^{commit}`, `${ref}^{commit}`]);
  const [staged, identity, [parentObject, refObject]] = await Promise.all([
    stageAll(git, layout),
    readIdentity(git, layout.dir),
    readParentAndRef(),
  ]);
  const parent = expectCommit(parentObject, base);
  const firstParentSeconds = parent.dateSeconds;
  // The commit is only an object until a ref points at it, so it is written while the changes are being read.
  const prepare = (tree: string) =>
    Promise.all([
      treeChanges(git, layout.dir, parent.tree, tree),
      writeCommit(git, layout.dir, { tree, parents, firstParentSeconds, message, identity }),
    ]);
  let tree = staged;
  if (tree === parent.tree) return null;
  let [changes, commit] = await prepare(tree);
  if (await absorbRepositories(git, layout, newGitlinks(changes))) {
    tree = await stageAll(git, layout);
    if (tree === parent.tree) return null;
    [changes, commit] = await prepare(tree);
  }
  const files = asChangedFiles(changes);
  const current = refObject?.type === 'commit' ? parseCommit(refObject) : null;
  if (current !== null && isSameWork(current, tree, message)) return { commit: current.id, files };

  const moveRef = current === null ? `create ${ref} ${commit}` : `update ${ref} ${commit} ${current.id}`;
  const update = () =>
    git({
      ...worktreeCommand(layout, ['update-ref', '--stdin']),
      // HEAD itself, never a branch that a command may have checked out here.
      stdin: `${moveRef}\noption no-deref\nupdate HEAD ${commit}\n`,
    });
  try {
    await withWorktreeLocks(layout, update, () => removeStaleLock(git, layout.dir, ref));
  } catch (error) {
    const [, now] = await readParentAndRef();
    const winner = now?.type === 'commit' ? parseCommit(now) : null;
    if (winner === null || !isSameWork(winner, tree, message)) throw error;
    return { commit: winner.id, files };
  }
  return { commit, files };
}
