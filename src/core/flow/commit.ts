import { AppError } from '../../protocol/errors.ts';
import type { Plan } from '../../protocol/plan.ts';
import type { ChangedFile, CheckSummary, Evidence, PullRequest } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import type { ForgeRepository, RepositoryState } from '../ports.ts';
import { pausable } from './pause.ts';
import type { BuildInput } from './policy.ts';
import { findRemote, pushWork } from './remote.ts';
import type { Services } from './services.ts';

export interface CommitInput {
  state: RepositoryState;
  plan: Plan;
  /** The accepted commit and its branch. */
  commit: string;
  branch: string;
  files: ChangedFile[];
  evidence: Evidence[];
}

/** What was merged, and the key of the project: owner and name of its repository. */
export interface Merged {
  /** Of the default branch; fetched. */
  commit: string;
  project: string;
}

const CHECKS_POLL_MS = 2_000;
/** How long to wait for a first check to appear before concluding that the repository has none. */
const NO_CHECKS_GRACE_MS = 15_000;

/** Push, pull request, checks, merge. */
export async function commitStage(ctx: Ctx, services: Services, input: BuildInput, work: CommitInput): Promise<Merged> {
  const { forge } = services;
  const remote = await findRemote(ctx, services, input, work.state);
  const branch = await pushWork(ctx, services, remote, work);
  await ctx.publish('pushed', {
    type: 'branch.pushed',
    branch,
    commit: work.commit,
    remote: remote.webUrl,
  });
  const pullRequest = await pausable(ctx, 'pull-request', (s) =>
    forge.ensurePullRequest(
      remote,
      {
        head: branch,
        base: remote.defaultBranch,
        title: input.brief.name,
        body: pullRequestBody(ctx, services, input, work),
      },
      s.signal,
    ),
  );
  await ctx.publish('pull-request-opened', { type: 'pull_request.opened', pullRequest });
  await awaitChecks(ctx, services, input, remote, work.commit);
  const commit = await mergePullRequest(ctx, services, input, work, remote, pullRequest);
  return { commit, project: `${remote.owner}/${remote.name}` };
}

async function awaitChecks(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  remote: ForgeRepository,
  commit: string,
): Promise<void> {
  await pausable(ctx, 'forge-checks', async (s) => {
    const startedAt = services.clock.now();
    for (;;) {
      const summary = await services.forge.checks(remote, commit, s.signal);
      s.emit(`poll-${describe(summary)}`, { type: 'pull_request.checked', summary });
      const waitedMs = services.clock.now() - startedAt;
      if (summary.state === 'passed') return null;
      if (summary.state === 'none' && waitedMs >= NO_CHECKS_GRACE_MS) return null;
      if (summary.state === 'failed') throw checksFailed(summary);
      if (waitedMs > input.policy.forgeChecksDeadlineMs) {
        throw new AppError({
          code: 'timeout',
          message: `checks of ${commit} are still ${summary.state} after ${waitedMs} ms`,
          userMessage: `The checks of the pull request have not ended in ${Math.round(waitedMs / 60_000)} minutes. Look at them, then resume the run.`,
        });
      }
      await services.clock.sleep(CHECKS_POLL_MS, s.signal);
    }
  });
}

function describe(summary: CheckSummary): string {
  return `${summary.state}-${summary.runs.map((run) => `${run.name}:${run.state}`).join(',')}`.slice(0, 200);
}

function checksFailed(summary: CheckSummary): AppError {
  const failed = summary.runs.filter((run) => run.state === 'failed');
  const names = failed.map((run) => run.name).join(', ');
  return new AppError({
    code: 'checks_failed',
    message: `checks failed on the pull request: ${names}`,
    userMessage: `Checks failed on the pull request: ${names}. ${failed.map((run) => run.summary.slice(-400)).join('\n')}\nMend it on the branch or in the checks, then resume the run.`,
  });
}

async function mergePullRequest(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  work: CommitInput,
  remote: ForgeRepository,
  pullRequest: PullRequest,
): Promise<string> {
  const merged = await pausable(ctx, 'merge', (s) =>
    services.forge.merge(
      remote,
      pullRequest.number,
      {
        commit: work.commit,
        method: services.remote.mergeMethod,
        title: `${input.brief.name} (#${pullRequest.number})`,
      },
      s.signal,
    ),
  );
  await ctx.publish('merged', {
    type: 'pull_request.merged',
    pullRequest: { ...pullRequest, state: 'merged' },
    commit: merged.commit,
  });
  // The deployment is made from what was merged, not from what we think was merged.
  await pausable(ctx, 'fetch-merged', (s) =>
    services.repository.fetch(
      work.state.repoDir,
      remote.cloneUrl,
      remote.defaultBranch,
      services.forge.gitAuthorization(),
      s.signal,
    ),
  );
  return merged.commit;
}

/** What, why, evidence, cost. */
function pullRequestBody(ctx: Ctx, services: Services, input: BuildInput, work: CommitInput): string {
  const requirements = input.brief.requirements.map((text, index) => `${index + 1}. ${text}`).join('\n');
  const subtasks = work.plan.subtasks.map((s) => `- **${s.id}**: ${s.title}`).join('\n');
  const evidence = work.evidence
    .map(
      (e) =>
        `| \`${e.command.replaceAll('|', '\\|')}\` | ${e.outcome} | ${e.exitCode ?? ''} | ${(e.durationMs / 1000).toFixed(1)} s |`,
    )
    .join('\n');
  const { settledUsd, calls } = services.ledger.totals(ctx.rootRunId);
  return `## What
${work.plan.summary}

${subtasks}

## Why
${input.brief.description}

${requirements}

## Evidence
Run by the host on commit ${work.commit}; ${work.files.length} files changed.

| check | outcome | exit code | time |
| --- | --- | --- | --- |
${evidence || '| (the plan names no integration checks) | | | |'}

## Cost
${settledUsd.toFixed(2)} USD in ${calls} model calls so far.

Run ${ctx.rootRunId}
`;
}
