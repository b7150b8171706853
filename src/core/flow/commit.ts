import type { PullRequest } from '../../protocol/work.ts';
import type { ForgeRepository } from '../ports.ts';
import { seeThrough } from './after-opening.ts';
import { beforeMerge } from './before-merge.ts';
import type { Site } from './build-subtasks.ts';
import type { CommitInput } from './commit-input.ts';
import { runWorkflow } from './merged-workflow.ts';
import { pausable } from './pause.ts';
import { pullRequestBody, pullRequestTitle, readTemplate } from './pull-request-text.ts';
import { findRemote, pushWork } from './remote.ts';
import type { Services } from './services.ts';

/** What was merged, and the key of the project: the id of its repository, which outlives names. */
export interface Merged {
  /** Of the default branch; fetched. */
  commit: string;
  project: string;
}

/** Push, pull request, its checks and reviews, merge, the configured workflow. */
export async function commitStage(site: Site, services: Services, work: CommitInput): Promise<Merged> {
  const { ctx, input } = site;
  const { state } = work;
  const remote = await findRemote(ctx, services, input, state);
  const branch = await pushWork(ctx, services, remote, {
    state,
    name: 'push',
    commit: work.commit,
    branch: work.branch,
  });
  await ctx.publish('pushed', { type: 'branch.pushed', branch, commit: work.commit, remote: remote.webUrl });
  const open = (name: string, head: string) => openPullRequest(site, services, work, remote, { name, head });
  const pullRequest = await open('pull-request', branch);
  const merged = await seeThrough(site, services, { remote, state, work, pullRequest, branch, open });
  await noteMerge(site, services, state.repoDir, remote, merged);
  await runWorkflow(ctx, services, input, { ...remote, defaultBranch: merged.pullRequest.baseBranch });
  return { commit: merged.commit, project: remote.id };
}

async function openPullRequest(
  { ctx, input }: Site,
  services: Services,
  work: CommitInput,
  remote: ForgeRepository,
  { name, head }: { name: string; head: string },
): Promise<PullRequest> {
  const pullRequest = await pausable(ctx, name, async (s) => {
    const { forge, repository } = services;
    const template = await readTemplate(repository, work.state.repoDir, work.state.baseCommit);
    const request = {
      ...services.remote.pullRequest,
      head,
      base: remote.defaultBranch,
      title: pullRequestTitle(input.brief.name),
      body: pullRequestBody(ctx, services, input, work, { repository: remote, template }),
    };
    return forge.ensurePullRequest(remote, request, s.signal);
  });
  await ctx.publish(`${name}-opened`, { type: 'pull_request.opened', pullRequest });
  return pullRequest;
}

async function noteMerge(
  { ctx }: Site,
  services: Services,
  repoDir: string,
  remote: ForgeRepository,
  merged: Awaited<ReturnType<typeof seeThrough>>,
): Promise<void> {
  // The deployment is made from what was merged, not from what we think was merged.
  const before = await pausable(ctx, 'fetch-merged', async (s) => {
    const { forge, repository } = services;
    const { baseBranch } = merged.pullRequest;
    await repository.fetch(repoDir, remote.cloneUrl, baseBranch, forge.gitAuthorization(), s.signal);
    return beforeMerge(repository, repoDir, merged);
  });
  await ctx.publish('merged', {
    type: 'pull_request.merged',
    pullRequest: { ...merged.pullRequest, state: 'merged' },
    commit: merged.commit,
    ...(before === null ? {} : { before }),
  });
}
