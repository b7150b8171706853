import type { CommitId, CommitMessage, MergeOutcome } from '../../core/ports.ts';
import { commitTree } from './commits.ts';
import { type Git, gitText } from './git-command.ts';
import { merge } from './merge.ts';

const SCRATCH: CommitMessage = { subject: 'scratch', body: '', trailers: {} };

/** First parent first. */
export async function parents(git: Git, repoDir: string, commit: CommitId): Promise<CommitId[]> {
  const line = await gitText(git, { args: ['rev-list', '--parents', '--max-count=1', commit, '--'], cwd: repoDir });
  return line.split(' ').slice(1);
}

/**
 * Three-way merge with `to` as the base, `head` as ours and `from` as theirs. `merge-tree` takes a base of the caller's only from
 * git 2.40 on, so the three trees are given as commits of which the base is the parent of both.
 */
export async function undo(
  git: Git,
  repoDir: string,
  head: CommitId,
  { from, to }: { from: CommitId; to: CommitId },
): Promise<MergeOutcome> {
  const base = await commitTree(git, repoDir, to, [], SCRATCH);
  // Two equal trees would be one commit, and its own merge base.
  const ours = await commitTree(git, repoDir, head, [base], { ...SCRATCH, subject: 'ours' });
  const theirs = await commitTree(git, repoDir, from, [base], { ...SCRATCH, subject: 'theirs' });
  return merge(git, repoDir, ours, theirs);
}
