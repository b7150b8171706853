import { randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CommitId, CommitMessage } from '../../core/ports.ts';
import type { ChangedFile } from '../../protocol/work.ts';
import { commitDateSeconds, KEY_TRAILER, trailerValue } from './commit-message.ts';
import { writeCommit } from './commits.ts';
import { asChangedFiles, type TreeChange, treeChanges } from './diff.ts';
import { type Git, gitText } from './git-command.ts';
import { type Identity, recentIdentity } from './identity.ts';
import { type CommitHeader, expectCommit, parseCommit, readObjects } from './objects.ts';
import { removeStaleLock, requireRefName } from './refs.ts';
import { asRefusal } from './refused-files.ts';
import { objectsOf, requireWorktree, type WorktreeLayout, withWorktreeLocks } from './worktree-layout.ts';
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
    // The pointer first: without the folder beside it, git would take it for a submodule and never look at the files again.
    const forget = ['rm', '--cached', '--force', '--quiet', '--ignore-unmatch', '-r', '--', `:(literal)${nested}`];
    await git(worktreeCommand(layout, forget));
    const kept = path.join(layout.gitDir, `embedded-${randomUUID().slice(0, 8)}-${path.basename(nested)}`);
    await rename(folder, kept).catch(() => rm(folder, { recursive: true, force: true }));
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
  const command = { ...worktreeCommand(layout, ['add', '--all']), followedBy: ['write-tree'] };
  const add = () => withWorktreeLocks(layout, () => gitText(git, command));
  for (;;) {
    try {
      return await add();
    } catch (error) {
      // A repository without a commit makes `add` fail; it may hold another.
      if (!(await absorbRepositories(git, layout, await untrackedRepositories(git, layout)))) {
        throw await asRefusal(git, layout, error);
      }
    }
  }
}

function newGitlinks(changes: readonly TreeChange[]): string[] {
  return changes.filter(({ mode, oldMode }) => mode === GITLINK_MODE && oldMode !== mode).map((change) => change.path);
}

/** True when an earlier attempt of the same step made this commit. */
function isSameWork(commit: CommitHeader, tree: string, message: CommitMessage): boolean {
  const key = message.trailers[KEY_TRAILER];
  return key !== undefined && commit.tree === tree && trailerValue(commit.text, KEY_TRAILER) === key;
}

/** The last commit that was made in a worktree, and all that the next one on top of it needs to know. */
interface LastCommit {
  ref: string;
  commit: CommitId;
  tree: string;
  dateSeconds: number;
  identity: Identity;
}

/** More worktrees than this are not remembered. */
const MAX_REMEMBERED = 64;
/** Every process that is not started counts: starting one takes the longer the more memory this program holds. */
const lastCommits = new WeakMap<Git, Map<string, LastCommit>>();

function rememberedBy(git: Git): Map<string, LastCommit> {
  const known = lastCommits.get(git) ?? new Map<string, LastCommit>();
  lastCommits.set(git, known);
  return known;
}

function remember(git: Git, dir: string, last: LastCommit): void {
  const known = rememberedBy(git);
  known.delete(dir);
  known.set(dir, last);
  const [oldest] = known.keys();
  if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest);
}

interface Ground {
  parent: Pick<CommitHeader, 'tree' | 'dateSeconds'>;
  /** Where the ref is, as far as known; null when it does not exist. */
  current: CommitHeader | null;
  refAt: CommitId | null;
  identity: Identity;
}

/** What a commit stands on: remembered when it continues the last one of this worktree, else asked for. */
async function readGround(
  git: Git,
  layout: WorktreeLayout,
  parents: readonly CommitId[],
  ref: string,
): Promise<Ground> {
  const [base = ''] = parents;
  const last = rememberedBy(git).get(layout.dir);
  if (last?.commit === base && last.ref === ref) {
    // Where the ref is now shows when it is moved.
    return { parent: last, current: null, refAt: last.commit, identity: last.identity };
  }
  const [identity, [parentObject, refObject]] = await Promise.all([
    recentIdentity(git, objectsOf(layout)),
    readObjects(git, objectsOf(layout), [`${base}^{commit}`, `${ref}^{commit}`]),
  ]);
  const current = refObject?.type === 'commit' ? parseCommit(refObject) : null;
  return { parent: expectCommit(parentObject, base), current, refAt: current?.id ?? null, identity };
}

async function readCommit(git: Git, layout: WorktreeLayout, name: string): Promise<CommitHeader | null> {
  const [object] = await readObjects(git, objectsOf(layout), [`${name}^{commit}`]);
  return object?.type === 'commit' ? parseCommit(object) : null;
}

/** Moves the ref and the worktree's HEAD in one transaction; fails when the ref is not at `from` (null: missing). */
function moveRefAndHead(
  git: Git,
  layout: WorktreeLayout,
  ref: string,
  commit: CommitId,
  from: CommitId | null,
): Promise<unknown> {
  const moveRef = from === null ? `create ${ref} ${commit}` : `update ${ref} ${commit} ${from}`;
  const update = () =>
    git({
      ...worktreeCommand(layout, ['update-ref', '--stdin']),
      // HEAD itself, never a branch that a command may have checked out here.
      stdin: `${moveRef}\noption no-deref\nupdate HEAD ${commit}\n`,
    });
  return withWorktreeLocks(layout, update, () => removeStaleLock(git, layout.dir, ref));
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
  const [staged, ground] = await Promise.all([stageAll(git, layout), readGround(git, layout, parents, ref)]);
  const { parent, current, identity } = ground;
  const newCommit = { parents, firstParentSeconds: parent.dateSeconds, message, identity };
  // The commit is only an object until a ref points at it, so it is written while the changes are being read.
  const prepare = (tree: string) =>
    Promise.all([
      treeChanges(git, objectsOf(layout), parent.tree, tree),
      writeCommit(git, objectsOf(layout), { ...newCommit, tree }),
    ]);
  let tree = staged;
  if (tree === parent.tree) return null;
  let [changes, commit] = await prepare(tree);
  // More than once: one may hold another.
  while (await absorbRepositories(git, layout, newGitlinks(changes))) {
    tree = await stageAll(git, layout);
    if (tree === parent.tree) return null;
    [changes, commit] = await prepare(tree);
  }
  const files = asChangedFiles(changes);
  if (current !== null && isSameWork(current, tree, message)) return { commit: current.id, files };
  try {
    await moveRefAndHead(git, layout, ref, commit, ground.refAt);
  } catch (error) {
    const now = await readCommit(git, layout, ref);
    if (now !== null && isSameWork(now, tree, message)) return { commit: now.id, files };
    // Only a place that was remembered may have been left since without anybody being at fault.
    if (current !== null || ground.refAt === null || now?.id === ground.refAt) throw error;
    await moveRefAndHead(git, layout, ref, commit, now?.id ?? null);
  }
  const dateSeconds = commitDateSeconds(message, parent.dateSeconds);
  remember(git, layout.dir, { ref, commit, tree, dateSeconds, identity });
  return { commit, files };
}
