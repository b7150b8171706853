import { AppError } from '../../protocol/errors.ts';
import type { PullRequest } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import { OWN_MARK } from '../inert-text.ts';
import type { ForgeRepository, RepositoryState } from '../ports.ts';
import { pausable } from './pause.ts';
import { pullRequestTitle } from './pull-request-text.ts';
import { pushWork } from './remote.ts';
import type { RollbackInput } from './rollback-input.ts';
import type { Services } from './services.ts';

/**
 * Opens a pull request that takes the merged work out of the default branch again; it is not merged by us. `kept`: why there is
 * none, in words.
 */
export async function revertMerge(
  ctx: Ctx,
  services: Services,
  input: RollbackInput,
  state: RepositoryState,
  merged: NonNullable<RollbackInput['merged']>,
): Promise<{ pullRequest: PullRequest } | { kept: string }> {
  const remote = await pausable(ctx, 'revert-repository', (s) => findMerged(services, merged.remoteUrl, s.signal));
  const { repoDir } = state;
  const proposed = input.proposed ?? null;
  if (proposed !== null) {
    const now = await pausable(ctx, 'revert-proposed', (s) =>
      services.forge.pullRequest(remote, proposed.number, s.signal),
    );
    if (now.pullRequest.state === 'open') {
      await ctx.publish('revert-found', { type: 'pull_request.opened', pullRequest: now.pullRequest });
      return { pullRequest: now.pullRequest };
    }
  }
  const made = await pausable(ctx, 'revert', async (s): Promise<{ kept: string } | { commit: string }> => {
    const { forge, repository } = services;
    const authorization = forge.gitAuthorization();
    const head = await repository.fetch(repoDir, remote.cloneUrl, remote.defaultBranch, authorization, s.signal);
    const before = merged.before ?? (await repository.parents(repoDir, merged.commit))[0];
    if (before === undefined)
      return { kept: `The merge ${merged.commit.slice(0, 7)} is the first commit: there is nothing to revert it to.` };
    const { tree, conflicts } = await repository.undo(repoDir, head, { from: before, to: merged.commit });
    if (conflicts.length > 0) {
      const paths = conflicts.map((conflict) => conflict.path).join(', ');
      return {
        kept: `The merge ${merged.commit.slice(0, 7)} was not reverted: ${remote.defaultBranch} has changed in the same places since (${paths}). Revert it by hand: git revert -m 1 ${merged.commit}`,
      };
    }
    const commit = await repository.commitTree(repoDir, tree, [head], {
      subject: `Revert "${input.brief.name}"`,
      body: `This takes out what was merged in ${merged.commit}.`,
      trailers: { 'Orchestrator-Run': ctx.rootRunId, 'Orchestrator-Key': s.key },
    });
    if ((await repository.changedFiles(repoDir, head, commit)).length === 0) {
      return { kept: `Nothing of the merge ${merged.commit.slice(0, 7)} is in ${remote.defaultBranch} any more.` };
    }
    return { commit };
  });
  if ('kept' in made) return made;
  // A step of its own: made again after the default branch has moved, the commit would be another than the one on the branch.
  const branch = await pushWork(ctx, services, remote, {
    state,
    name: 'revert-push',
    commit: made.commit,
    branch: `${services.remote.branchPrefix}revert-${input.slug}-${ctx.rootRunId.slice(-6)}`,
  });
  await ctx.publish('reverted', { type: 'branch.pushed', branch, commit: made.commit, remote: remote.webUrl });
  const pullRequest = await pausable(ctx, 'revert-pull-request', (s) => {
    const text = {
      title: `Revert "${pullRequestTitle(input.brief.name)}"`,
      body: `Takes out what run ${input.undoes} merged in ${merged.commit}. What it had deployed was rolled back by run ${ctx.rootRunId}.\n\n${OWN_MARK}\n`,
    };
    const request = { ...services.remote.pullRequest, draft: false, head: branch, base: remote.defaultBranch, ...text };
    return services.forge.ensurePullRequest(remote, request, s.signal);
  });
  await ctx.publish('revert-opened', { type: 'pull_request.opened', pullRequest });
  return { pullRequest };
}

/** The repository that something was merged in, by its web address; one that is gone is not made anew. */
export async function findMerged(
  { forge }: Services,
  remoteUrl: string,
  signal: AbortSignal,
): Promise<ForgeRepository> {
  const place = forge.recognise(remoteUrl);
  if (place !== null) return forge.findRepository(place, signal);
  throw new AppError({
    code: 'not_found',
    message: `${remoteUrl} is not of the configured forge`,
    userMessage: `The work was merged at ${remoteUrl}, which is not the GitHub that is configured now. Set GITHUB_API_URL and GITHUB_TOKEN for it, then resume.`,
  });
}
