import { AppError, toAppError } from '../../protocol/errors.ts';
import type { Stage } from '../../protocol/events.ts';
import type { Plan, Subtask } from '../../protocol/plan.ts';
import type { ChangedFile, Evidence } from '../../protocol/work.ts';
import type { Ctx, Definition } from '../engine/port.ts';
import type { Landing, RepositoryState } from '../ports.ts';
import { buildSubtasks, type ChildDefinitions, type Integration, type Site } from './build-subtasks.ts';
import { commitStage } from './commit.ts';
import type { Decision } from './decision.ts';
import { deployStage } from './deployment.ts';
import { failedChecks } from './evidence.ts';
import { pausable, waitAt } from './pause.ts';
import { clarify, makePlan } from './planning.ts';
import type { BuildInput } from './policy.ts';
import { integrationRef } from './refs.ts';
import type { Services } from './services.ts';
import { checkCommit, distinctChecks } from './tree-checks.ts';

export interface BuildResult {
  url: string | null;
  stoppedAfter: Stage;
}

const MAP_TOKENS = 6_000;
/** Times that a person may send the diff back. */
const DIFF_VERSIONS = 20;

/** The whole run: brief -> plan -> subtasks -> integration -> review -> commit -> deployment -> live check. */
export function buildDefinition(services: Services, children: ChildDefinitions): Definition<BuildInput, BuildResult> {
  return {
    name: 'build@1',
    async run(ctx, input) {
      try {
        const result = await runStages(ctx, services, children, input);
        await ctx.publish('completed', { type: 'run.completed', ...result });
        return result;
      } catch (thrown) {
        const error = toAppError(thrown);
        // A cancelled or stopped run is reported by whoever cancelled or stopped it.
        if (error.code !== 'aborted') await ctx.publish('failed', { type: 'run.failed', error: error.toInfo() });
        throw error;
      } finally {
        services.radar.forgetRun(ctx.rootRunId);
      }
    },
  };
}

const enter = (ctx: Ctx, stage: Stage) => ctx.publish(`stage-${stage}`, { type: 'stage.entered', stage });

async function runStages(
  ctx: Ctx,
  services: Services,
  children: ChildDefinitions,
  input: BuildInput,
): Promise<BuildResult> {
  const { brief, workspaceDir, budgetUsd, slug, until } = input;
  const done = (stoppedAfter: Stage, url: string | null = null): BuildResult => ({ url, stoppedAfter });
  await ctx.publish('started', { type: 'run.started', brief, workspaceDir, budgetUsd, slug });
  await enter(ctx, 'brief');
  const state = await openWorkspace(ctx, services, input);
  if (until === 'brief') return done('brief');

  await enter(ctx, 'plan');
  const map = state.created
    ? null
    : await pausable(ctx, 'map', () => services.repository.map(state.repoDir, state.baseCommit, MAP_TOKENS));
  const answers = await clarify(ctx, services, input, map);
  const plan = await makePlan(ctx, services, input, map, answers, state);
  if (until === 'plan') return done('plan');

  await enter(ctx, 'build');
  const start = await writeInterfaces(ctx, services, state, plan);
  const site = { ctx, radar: services.radar, children, input, plan };
  const fresh = { repoDir: state.repoDir, head: start, evidence: [] };
  const built = await buildSubtasks(site, fresh, { subtasks: plan.subtasks, restrictPaths: true, offset: 0 });
  if (until === 'build') return done('build');

  await enter(ctx, 'review');
  const accepted = await acceptDiff(site, services, state, built);
  const landing = await land(ctx, services, input, state, accepted.commit);
  if (until === 'review') return done('review');

  await enter(ctx, 'commit');
  const work = { state, plan, branch: landing.branch, ...accepted };
  const merged = await commitStage(ctx, services, input, work);
  if (until === 'commit') return done('commit');

  await enter(ctx, 'deploy');
  const url = await deployStage(ctx, services, input, plan, state.repoDir, merged);
  return done('deploy', url);
}

async function openWorkspace(ctx: Ctx, services: Services, input: BuildInput): Promise<RepositoryState> {
  const state = await ctx.step('open', async (s) => {
    services.ledger.open(ctx.rootRunId, input.budgetUsd);
    return services.repository.open(input.workspaceDir, s.signal);
  });
  await ctx.publish('opened', {
    type: 'workspace.opened',
    baseCommit: state.baseCommit,
    branch: state.branch,
    created: state.created,
    dirtyFiles: state.dirtyPaths.length,
  });
  return state;
}

/** The shared files of the plan, as the first commit of the integration. */
async function writeInterfaces(ctx: Ctx, services: Services, state: RepositoryState, plan: Plan): Promise<string> {
  const ref = integrationRef(ctx.rootRunId);
  const commit = await pausable(ctx, 'interfaces', async (s) => {
    const files = plan.sharedInterfaces.map(({ path, content }) => ({ path, content }));
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

interface Accepted {
  commit: string;
  files: ChangedFile[];
  evidence: Evidence[];
}

/** The person sees one diff. A rejection is a revision: built, checked, reviewed and integrated like a subtask. */
async function acceptDiff(
  site: Site,
  services: Services,
  state: RepositoryState,
  built: Integration,
): Promise<Accepted> {
  const { ctx, input, plan } = site;
  let integration = built;
  let trouble: string | null = null;
  for (let version = 0; version < DIFF_VERSIONS; version += 1) {
    const commit = integration.head;
    // The last integration was checked on exactly this tree; what it showed need not be found out again.
    const evidence =
      plan.integrationChecks.length > 0
        ? integration.evidence
        : await finalChecks(ctx, services, input, plan, state.repoDir, commit, version);
    const files = await pausable(ctx, `files-${version}`, () =>
      services.repository.changedFiles(state.repoDir, state.baseCommit, commit),
    );
    await ctx.publish(`diff-${version}`, { type: 'diff.proposed', baseCommit: state.baseCommit, commit, files });
    const decision = await decide(ctx, input, version, evidence, trouble);
    if (decision.decision === 'approve') return { commit, files, evidence };
    await ctx.publish(`diff-rejected-${version}`, { type: 'diff.rejected', comment: decision.comment });
    const revision = revisionSubtask(plan, version + 1, decision.comment);
    const work = { subtasks: [revision], restrictPaths: false, offset: plan.subtasks.length + version };
    try {
      integration = await buildSubtasks(site, integration, work);
      trouble = null;
    } catch (thrown) {
      // The accepted work is still there: the person decides again, on the diff as it was.
      const error = toAppError(thrown);
      if (error.code === 'aborted' || error.code === 'engine_conflict') throw error;
      trouble = error.userMessage;
    }
  }
  throw new AppError({
    code: 'timeout',
    message: `the diff was not accepted in ${DIFF_VERSIONS} versions`,
    userMessage: `The diff was not accepted in ${DIFF_VERSIONS} versions. The work is kept under refs/orchestrator.`,
  });
}

async function decide(
  ctx: Ctx,
  input: BuildInput,
  version: number,
  evidence: Evidence[],
  trouble: string | null,
): Promise<Decision> {
  const failed = failedChecks(evidence);
  // Policy passes only what is proven; work whose checks fail waits for a person even with --yes.
  if (input.autoApprove && failed.length === 0 && trouble === null) {
    await ctx.publish(`diff-approved-${version}`, { type: 'diff.approved', by: 'policy' });
    return { decision: 'approve' };
  }
  const decision = await waitAt<Decision>(ctx, `diff-decision-${version}`, {
    gate: 'diff',
    topic: `diff:${version}`,
    message: diffMessage(failed, trouble),
    code: null,
  });
  if (decision === null) {
    throw new AppError({
      code: 'timeout',
      message: 'nobody decided about the diff',
      userMessage: 'The diff waited 30 days for a decision. The work is kept under refs/orchestrator.',
    });
  }
  if (decision.decision === 'approve')
    await ctx.publish(`diff-approved-${version}`, { type: 'diff.approved', by: 'person' });
  return decision;
}

function diffMessage(failed: string[], trouble: string | null): string {
  if (trouble !== null) return `The revision failed; the diff is as it was and waits for review. ${trouble}`;
  if (failed.length > 0) return `The diff waits for review; checks fail: ${failed.join('; ')}`;
  return 'The diff waits for review.';
}

function revisionSubtask(plan: Plan, number: number, comment: string): Subtask {
  return {
    id: `revision-${number}`,
    title: `Revision ${number} asked for in review`,
    description: comment,
    specialization: plan.subtasks[0]?.specialization ?? 'backend',
    priority: 1,
    effort: 'medium',
    dependsOn: [],
    ownedPaths: ['.'],
    acceptanceCriteria: [{ text: comment, requirements: [] }],
    checks: plan.integrationChecks.length > 0 ? plan.integrationChecks : plan.subtasks.flatMap((s) => s.checks),
  };
}

/** For a plan without integration checks: all checks of its subtasks, on the tree that the person will see. */
function finalChecks(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  plan: Plan,
  repoDir: string,
  commit: string,
  version: number,
): Promise<Evidence[]> {
  const checks = distinctChecks(plan.subtasks.flatMap((s) => s.checks));
  return pausable(ctx, `final-checks-${version}`, async (s) => {
    const { files, repository } = services;
    const runDir = services.runDir(ctx.rootRunId);
    const dir = files.join(runDir, 'worktrees', 'integration');
    const place = { dir, outputDir: files.join(runDir, 'output', 'integration'), env: {} };
    const tree = { repoDir, workspaceDir: input.workspaceDir, commit };
    const evidence = await checkCommit(services, s, input.policy, tree, checks, place);
    s.emit('checked', { type: 'integration.checked', commit, evidence });
    await repository.removeWorktree(repoDir, dir);
    return evidence;
  });
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
