import type { Stage } from '../../protocol/events.ts';
import type { Plan } from '../../protocol/plan.ts';
import type { Ctx, Definition } from '../engine/port.ts';
import type { Landing, RepositoryState } from '../ports.ts';
import { acceptDiff } from './accept-diff.ts';
import { buildSubtasks, type ChildDefinitions } from './build-subtasks.ts';
import { CI_WORKFLOW_PATH, ciWorkflow } from './ci-workflow.ts';
import { commitStage } from './commit.ts';
import { deployStage } from './deployment.ts';
import { removeWorktrees } from './desk.ts';
import { pausable } from './pause.ts';
import { clarify, makePlan } from './planning.ts';
import type { BuildInput } from './policy.ts';
import { presentPlaces } from './present-places.ts';
import { integrationRef } from './refs.ts';
import { requireIssueRepository } from './remote.ts';
import type { Services } from './services.ts';
import { type BuildResult, enter, openWorkspace, reported } from './stages.ts';

const MAP_TOKENS = 6_000;

/** The whole run: brief -> plan -> subtasks -> integration -> review -> commit -> deployment -> live check. */
export function buildDefinition(services: Services, children: ChildDefinitions): Definition<BuildInput, BuildResult> {
  return {
    name: 'build@2',
    async run(ctx, input) {
      try {
        return await reported(ctx, () => runStages(ctx, services, children, input));
      } finally {
        services.radar.forgetRun(ctx.rootRunId);
        services.seats.close(ctx.rootRunId);
        await services.rehearsals.close(ctx.rootRunId);
      }
    },
  };
}

async function runStages(
  ctx: Ctx,
  services: Services,
  children: ChildDefinitions,
  input: BuildInput,
): Promise<BuildResult> {
  const { brief, workspaceDir, budgetUsd, slug, until } = input;
  const done = (stoppedAfter: Stage, url: string | null = null): BuildResult => ({ url, stoppedAfter });
  const issue = input.issue == null ? {} : { issue: input.issue };
  await ctx.publish('started', { type: 'run.started', brief, workspaceDir, budgetUsd, slug, ...issue });
  await enter(ctx, 'brief');
  const state = await openWorkspace(ctx, services, input, () => services.calls.prepareLead());
  if (until === 'brief') return done('brief');
  await requireIssueRepository(ctx, services, input, state);

  await enter(ctx, 'plan');
  const map = state.created
    ? null
    : await pausable(ctx, 'map', () => services.repository.map(state.repoDir, state.baseCommit, MAP_TOKENS));
  const answers = await clarify(ctx, services, input, map);
  // Two services are asked for it, for which the first question need not wait.
  const project =
    map === null
      ? null
      : { ...map, deployed: await pausable(ctx, 'places', (s) => presentPlaces(services, input, state, s.signal)) };
  const plan = await makePlan(ctx, services, input, project, answers, state);
  if (until === 'plan') return done('plan');

  await enter(ctx, 'build');
  const start = await writeInterfaces(ctx, services, input, state, plan);
  const tidy = (repoDir: string, names: readonly string[]) => removeWorktrees(services, ctx.rootRunId, repoDir, names);
  const { radar, rehearsals } = services;
  const seats = services.seats.of(ctx.rootRunId, input.policy.concurrency);
  const site = { ctx, tidy, radar, rehearsals, seats, children, input, plan };
  const fresh = { repoDir: state.repoDir, head: start, evidence: [] };
  const built = await buildSubtasks(site, fresh, {
    subtasks: plan.subtasks,
    restrictPaths: true,
    mayWeakenTests: false,
    offset: 0,
  });
  if (until === 'build') return done('build');

  await enter(ctx, 'review');
  const accepted = await acceptDiff(site, services, state, built);
  const landing = await land(ctx, services, input, state, accepted.commit);
  if (until === 'review') return done('review');

  await enter(ctx, 'commit');
  const work = { state, plan, branch: landing.branch, ...accepted };
  const merged = await commitStage(site, services, work);
  if (until === 'commit') return done('commit');

  await enter(ctx, 'deploy');
  const url = await deployStage(ctx, services, input, plan, state.repoDir, merged);
  return done('deploy', url);
}

/** For a project that has no workflow at all, unless the configuration or the plan says otherwise. */
async function missingWorkflow(
  services: Services,
  { policy }: BuildInput,
  state: RepositoryState,
  plan: Plan,
): Promise<{ path: string; content: string } | null> {
  if (!services.remote.ciWorkflow) return null;
  const known = await services.repository.listFiles(state.repoDir, state.baseCommit, '.github/workflows');
  if (known.length > 0) return null;
  const content = ciWorkflow(plan, policy.checks.setup);
  return content === null ? null : { path: CI_WORKFLOW_PATH, content };
}

/** The shared files of the plan, and its checks as a workflow, as the first commit of the integration. */
async function writeInterfaces(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  state: RepositoryState,
  plan: Plan,
): Promise<string> {
  const ref = integrationRef(ctx.rootRunId);
  const commit = await pausable(ctx, 'interfaces', async (s) => {
    const files = plan.sharedInterfaces.map(({ path, content }) => ({ path, content }));
    const workflow = await missingWorkflow(services, input, state, plan);
    if (workflow !== null) files.push(workflow);
    const made = await services.repository.commitFiles(state.repoDir, state.baseCommit, files, {
      subject: 'feat: lay down the shared files',
      body: plan.sharedInterfaces.map((shared) => `- ${shared.path}: ${shared.purpose}`).join('\n'),
      trailers: {
        'Orchestrator-Run': ctx.rootRunId,
        'Orchestrator-Key': s.key,
        'Orchestrator-At': new Date(services.clock.now()).toISOString(),
      },
    });
    const now = await services.repository.readRef(state.repoDir, ref);
    if (now !== made) await services.repository.setRef(state.repoDir, ref, made, now);
    return made;
  });
  await ctx.publish('interfaces-written', {
    type: 'interfaces.written',
    commit,
    paths: plan.sharedInterfaces.map((shared) => shared.path),
  });
  return commit;
}

async function land(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  state: RepositoryState,
  commit: string,
): Promise<Landing> {
  const landing = await pausable(ctx, 'land', () =>
    services.repository.land(state, `${services.remote.branchPrefix}${input.slug}`, commit),
  );
  await ctx.publish('landed', {
    type: 'changes.landed',
    branch: landing.branch,
    commit: landing.commit,
    checkedOut: landing.checkedOut,
    note: landing.note,
  });
  return landing;
}
