import type { Repository } from '../ports.ts';

/** A rebase of more commits than that is reverted in part only. */
const MOST_STEPS = 200;

/**
 * The commit of the default branch that the work was merged on, whoever merged it and by which method: a revert takes out what
 * came after it and nothing of other people's. `base`: what of the default branch the work holds, as far as we know. Null for
 * the first commit of a repository.
 */
export async function beforeMerge(
  repository: Pick<Repository, 'parents' | 'mergeBase' | 'merge' | 'changedFiles'>,
  repoDir: string,
  merged: { commit: string; head: string; base: string },
): Promise<string | null> {
  const { commit, head, base } = merged;
  // The branch itself became the default branch.
  if (commit === head) return base;
  const parents = await repository.parents(repoDir, commit);
  if (parents.length !== 1) return parents[0] ?? null;
  // A squash is one commit; of a rebase every commit is, on which our work comes to the same.
  const first = await repository.mergeBase(repoDir, head, commit);
  let before = parents[0] ?? null;
  let candidate = before;
  for (let step = 0; step < MOST_STEPS && candidate !== null; step += 1) {
    const { tree, conflicts } = await repository.merge(repoDir, candidate, head);
    if (conflicts.length > 0 || (await repository.changedFiles(repoDir, tree, commit)).length > 0) break;
    before = candidate;
    if (candidate === first) break;
    candidate = (await repository.parents(repoDir, candidate))[0] ?? null;
  }
  return before;
}
