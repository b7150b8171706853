import type { Estimate, Plan } from '../../protocol/plan.ts';
import type { Ctx, Definition } from '../engine/port.ts';
import type { Merged } from './commit.ts';
import { deployStage } from './deployment.ts';
import { pausable } from './pause.ts';
import type { BuildInput } from './policy.ts';
import { findMerged } from './revert-merge.ts';
import type { Services } from './services.ts';
import { type BuildResult, enter, openWorkspace, reported } from './stages.ts';

/** What an earlier run has merged and did not deploy. */
export interface DeployInput extends BuildInput {
  plan: Plan;
  mergeCommit: string;
  /** Web address of the repository that it was merged in. */
  remoteUrl: string;
}

/** Deploying asks no model; the time is an assumption. */
const ESTIMATE: Estimate = {
  tokens: { low: 0, high: 0 },
  costUsd: { low: 0, high: 0 },
  wallMs: { low: 60_000, high: 600_000 },
};

/** A run of its own for the last stage of one that ended with the merge. */
export function deployDefinition(services: Services): Definition<DeployInput, BuildResult> {
  return {
    name: 'deploy@1',
    run: (ctx, input) => reported(ctx, () => runStages(ctx, services, input)),
  };
}

async function runStages(ctx: Ctx, services: Services, input: DeployInput): Promise<BuildResult> {
  const { brief, workspaceDir, budgetUsd, slug, plan } = input;
  await ctx.publish('started', { type: 'run.started', brief, workspaceDir, budgetUsd, slug, purpose: 'deploy' });
  await enter(ctx, 'brief');
  const { repoDir } = await openWorkspace(ctx, services, input);
  await enter(ctx, 'plan');
  await ctx.publish('proposed', { type: 'plan.proposed', plan, estimate: ESTIMATE });
  await ctx.publish('approved', { type: 'plan.approved', by: 'person' });
  await enter(ctx, 'deploy');
  const merged = await fetchMerged(ctx, services, input, repoDir);
  return { url: await deployStage(ctx, services, input, plan, repoDir, merged), stoppedAfter: 'deploy' };
}

/** Nothing keeps the merged commit in the workspace; it is fetched again. */
function fetchMerged(ctx: Ctx, services: Services, input: DeployInput, repoDir: string): Promise<Merged> {
  return pausable(ctx, 'fetch-merged', async ({ signal }) => {
    const { forge, repository } = services;
    const found = await findMerged(services, input.remoteUrl, signal);
    await repository.fetch(repoDir, found.cloneUrl, found.defaultBranch, forge.gitAuthorization(), signal);
    return { commit: input.mergeCommit, project: found.id };
  });
}
