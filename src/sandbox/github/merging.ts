import { AppError } from '../../protocol/errors.ts';
import { type CommitInfo, type Git, mergeBase, readCommit, readCommits } from './git.ts';

export interface Person {
  name: string;
  email: string;
}

/** Merges are made in the bare repository, as objects; no worktree, and no ref moves here. */
export interface MergeRequest {
  repoDir: string;
  base: string;
  head: string;
  person: Person;
  /** Seconds since the epoch. */
  atSeconds: number;
}

/** Tree of the merge, or null when it conflicts (unrelated histories too). */
async function mergeTree(git: Git, repoDir: string, ours: string, theirs: string): Promise<string | null> {
  const result = await git.run(repoDir, ['merge-tree', '--write-tree', '--no-messages', ours, theirs]);
  if (result.exitCode === 0) return result.stdout.trim();
  if (result.exitCode === 1) return null;
  if ((await mergeBase(git, repoDir, ours, theirs)) === null) return null;
  throw new AppError({ code: 'git_failed', message: `git merge-tree ended with ${result.exitCode}: ${result.stderr}` });
}

function identity(request: MergeRequest, author: CommitInfo['author'] | null): Record<string, string> {
  const { person } = request;
  const date = `@${request.atSeconds} +0000`;
  return {
    GIT_AUTHOR_NAME: author?.name ?? person.name,
    GIT_AUTHOR_EMAIL: author?.email ?? person.email,
    GIT_AUTHOR_DATE: author?.date ?? date,
    GIT_COMMITTER_NAME: person.name,
    GIT_COMMITTER_EMAIL: person.email,
    GIT_COMMITTER_DATE: date,
  };
}

async function commitTree(
  git: Git,
  request: MergeRequest,
  commit: { tree: string; parents: string[]; message: string; author?: CommitInfo['author'] },
): Promise<string> {
  const parents = commit.parents.flatMap((parent) => ['-p', parent]);
  return git.text(request.repoDir, ['commit-tree', commit.tree, ...parents, '-F', '-'], {
    input: `${commit.message}\n`,
    env: identity(request, commit.author ?? null),
  });
}

/** The merge commit of base and head, or null when they conflict. */
export async function makeMergeCommit(git: Git, request: MergeRequest, message: string): Promise<string | null> {
  const tree = await mergeTree(git, request.repoDir, request.base, request.head);
  if (tree === null) return null;
  return commitTree(git, request, { tree, parents: [request.base, request.head], message });
}

/** One commit on the base with everything of the head, or null when they conflict. */
export async function makeSquashCommit(git: Git, request: MergeRequest, message: string): Promise<string | null> {
  const tree = await mergeTree(git, request.repoDir, request.base, request.head);
  if (tree === null) return null;
  return commitTree(git, request, { tree, parents: [request.base], message });
}

/** The head's commits one by one on the base; the last of them, or null when one conflicts. */
export async function makeRebasedCommits(git: Git, request: MergeRequest): Promise<string | null> {
  const { repoDir, base, head } = request;
  const commits = await readCommits(git, repoDir, ['--reverse', '--topo-order', '--no-merges', `${base}..${head}`]);
  let tip = base;
  let tipTree = (await readCommit(git, repoDir, base)).tree;
  for (const commit of commits) {
    const parent = commit.parents[0];
    // git 2.39 cannot be told the merge base, so the tip's tree is put on the commit's own parent: that is the base then.
    const stand = await commitTree(git, request, {
      tree: tipTree,
      parents: parent === undefined ? [] : [parent],
      message: 'rebase',
    });
    const tree = await mergeTree(git, repoDir, stand, commit.sha);
    if (tree === null) return null;
    // A change that the base has already is dropped, as git rebase does.
    if (tree === tipTree) continue;
    const { message, author } = commit;
    tip = await commitTree(git, request, { tree, parents: [tip], message, author });
    tipTree = tree;
  }
  return tip;
}
