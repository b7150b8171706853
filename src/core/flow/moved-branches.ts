import { AppError } from '../../protocol/errors.ts';
import type { PullRequest } from '../../protocol/work.ts';
import type { StepContext } from '../engine/port.ts';
import type { CommitId, ForgeRepository } from '../ports.ts';
import type { Services } from './services.ts';

/** An open pull request and where its branch should be. */
interface Place {
  repoDir: string;
  remote: ForgeRepository;
  commit: CommitId;
  pushed: CommitId;
}

/** Null while it is only that GitHub is behind with what was pushed. */
export async function movedHead(
  { forge, repository }: Services,
  s: StepContext,
  { remote, repoDir, commit, pushed }: Place,
  { url, headBranch, baseBranch }: PullRequest,
): Promise<{ kind: 'head_moved'; head: CommitId; base: CommitId } | null> {
  const head = await repository.fetch(repoDir, remote.cloneUrl, headBranch, forge.gitAuthorization(), s.signal);
  if (head === commit) return null;
  const isOnTop =
    (await repository.hasCommonHistory(repoDir, head, pushed)) &&
    (await repository.mergeBase(repoDir, head, pushed)) === pushed;
  if (isOnTop) {
    const base = await repository.fetch(repoDir, remote.cloneUrl, baseBranch, forge.gitAuthorization(), s.signal);
    return { kind: 'head_moved', head, base: await repository.mergeBase(repoDir, base, head) };
  }
  throw new AppError({
    code: 'forge_failed',
    message: `${headBranch} is at ${head}, which does not hold ${pushed}`,
    userMessage: `Somebody has rewritten the branch ${headBranch} of ${url}: it is at ${head.slice(0, 7)} now, which does not hold the work. Put it back (git push --force <remote> ${commit}:refs/heads/${headBranch}) and resume the run, or cancel the run.`,
  });
}

/** The tip of the base branch, as it is called now, when the head does not hold it; what is merged is what was checked. */
export async function missingBase(
  { forge, repository }: Services,
  s: StepContext,
  { remote, repoDir, commit }: Place,
  { baseBranch }: PullRequest,
): Promise<CommitId | null> {
  const authorization = forge.gitAuthorization();
  const base = await repository.fetch(repoDir, remote.cloneUrl, baseBranch, authorization, s.signal);
  return (await repository.mergeBase(repoDir, base, commit)) === base ? null : base;
}
