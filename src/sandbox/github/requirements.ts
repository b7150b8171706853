import * as z from 'zod';
import { isAncestor } from './git.ts';
import { same } from './state.ts';
import type { CheckRun } from './state-checks.ts';
import type { Protection, Pull, Repo, Review, Rule } from './state-schema.ts';
import type { World } from './world.ts';

/** What a branch demands of a change, by its protection or by its rules. */
export interface Demand {
  source: 'protection' | 'rules';
  contexts: readonly string[];
  /** The head must contain the tip of the base. */
  strict: boolean;
  /** Null: no pull request is demanded. */
  approvals: number | null;
  /** Administrators are not bound by it. */
  sparesAdmins: boolean;
  mergeQueue: boolean;
}

export function protectionOf(world: World, repo: Repo, branch: string): Protection | undefined {
  return world.store.state.protections.find((entry) => entry.repoId === repo.id && entry.branch === branch);
}

export function rulesOf(world: World, repo: Repo, branch: string): readonly Rule[] {
  return world.store.state.rules.find((entry) => entry.repoId === repo.id && entry.branch === branch)?.rules ?? [];
}

const PullRequestParameters = z.object({ required_approving_review_count: z.int().catch(0) });
const StatusParameters = z.object({
  required_status_checks: z.array(z.object({ context: z.string() })).catch([]),
  strict_required_status_checks_policy: z.boolean().catch(false),
});

export function demandsOf(world: World, repo: Repo, branch: string): Demand[] {
  const demands: Demand[] = [];
  const protection = protectionOf(world, repo, branch);
  if (protection !== undefined) {
    demands.push({
      source: 'protection',
      contexts: protection.statusChecks?.checks.map(({ context }) => context) ?? [],
      strict: protection.statusChecks?.strict ?? false,
      approvals: protection.reviews?.count ?? null,
      sparesAdmins: !protection.enforceAdmins,
      mergeQueue: false,
    });
  }
  const rules = rulesOf(world, repo, branch);
  if (rules.length > 0) {
    const pull = rules.find(({ type }) => type === 'pull_request');
    const checks = rules.find(({ type }) => type === 'required_status_checks');
    const wanted = StatusParameters.parse(checks?.parameters ?? {});
    demands.push({
      source: 'rules',
      contexts: wanted.required_status_checks.map(({ context }) => context),
      strict: wanted.strict_required_status_checks_policy,
      approvals:
        pull === undefined ? null : PullRequestParameters.parse(pull.parameters).required_approving_review_count,
      sparesAdmins: false,
      mergeQueue: rules.some(({ type }) => type === 'merge_queue'),
    });
  }
  return demands;
}

type CheckState = 'success' | 'failing' | 'pending' | 'expected';

/** How the newest status of that name, and the newest check run of each workflow that has one of it, stand at a commit. */
function contextState(world: World, repo: Repo, sha: string, context: string): CheckState {
  const { checkRuns, statuses, workflowRuns } = world.store.state;
  const runs = checkRuns.filter((entry) => entry.repoId === repo.id && entry.sha === sha && entry.name === context);
  const pathOf = ({ workflowRunId }: CheckRun) => workflowRuns.find(({ id }) => id === workflowRunId)?.path ?? '';
  const newest = new Map(runs.map((run) => [pathOf(run), run]));
  const status = statuses.findLast(
    (entry) => entry.repoId === repo.id && entry.sha === sha && entry.context === context,
  );
  const states: CheckState[] = [];
  for (const run of newest.values()) {
    const passed = run.conclusion === 'success' || run.conclusion === 'skipped';
    states.push(run.status !== 'completed' ? 'pending' : passed ? 'success' : 'failing');
  }
  if (status !== undefined) {
    states.push(status.state === 'success' ? 'success' : status.state === 'pending' ? 'pending' : 'failing');
  }
  return (['failing', 'pending', 'success'] as const).find((state) => states.includes(state)) ?? 'expected';
}

/** GitHub's sentence about required checks that are not there yet or have not passed; null when all have. */
export function missingChecks(world: World, repo: Repo, sha: string, contexts: readonly string[]): string | null {
  const open = contexts
    .map((context) => ({ context, state: contextState(world, repo, sha, context) }))
    .filter(({ state }) => state !== 'success');
  const [first] = open;
  if (first === undefined) return null;
  if (open.length === 1) return `Required status check "${first.context}" is ${first.state}.`;
  const counts = (['failing', 'pending', 'expected'] as const)
    .map((state) => ({ state, count: open.filter((entry) => entry.state === state).length }))
    .filter(({ count }) => count > 0);
  const [only] = counts;
  if (counts.length === 1 && only !== undefined) {
    return `${open.length} of ${contexts.length} required status checks are ${only.state}.`;
  }
  const parts = counts.map(({ state, count }) => `${count} ${state}`).join(' and ');
  return `${open.length} of ${contexts.length} required status checks have not succeeded: ${parts}.`;
}

/** Whether required checks have failed, as opposed to being under way. */
export function hasFailedChecks(world: World, repo: Repo, sha: string, contexts: readonly string[]): boolean {
  return contexts.some((context) => contextState(world, repo, sha, context) === 'failing');
}

/** The review of each person that counts: the last that approves, asks for changes, or was dismissed. */
export function countingReviews(world: World, repo: Repo, pull: Pull): Review[] {
  const latest = new Map<string, Review>();
  for (const review of world.store.state.reviews) {
    if (review.repoId !== repo.id || review.number !== pull.number || same(review.login, pull.login)) continue;
    if (review.state === 'COMMENTED' || review.state === 'PENDING') continue;
    const role = world.accounts.role(repo, review.login);
    if (role === 'admin' || role === 'write') latest.set(review.login.toLowerCase(), review);
  }
  return [...latest.values()];
}

function missingReviews(world: World, repo: Repo, pull: Pull, approvals: number): string | null {
  const reviews = countingReviews(world, repo, pull);
  if (approvals > 0 && reviews.some(({ state }) => state === 'CHANGES_REQUESTED')) {
    return 'Changes have been requested by reviewers with write access.';
  }
  if (reviews.filter(({ state }) => state === 'APPROVED').length >= approvals) return null;
  return approvals === 1
    ? 'At least 1 approving review is required by reviewers with write access.'
    : `At least ${approvals} approving reviews are required by reviewers with write access.`;
}

/** What keeps a pull request from being merged, in GitHub's words; empty when nothing does. The base is not looked at. */
export function unmetDemands(world: World, repo: Repo, pull: Pull, demands: readonly Demand[]): string[] {
  return demands.flatMap((demand) => {
    const reviews = demand.approvals === null ? null : missingReviews(world, repo, pull, demand.approvals);
    const checks = missingChecks(world, repo, pull.headSha, demand.contexts);
    return [reviews, checks].filter((text) => text !== null);
  });
}

export function isBehind(world: World, repo: Repo, pull: Pull): Promise<boolean> {
  return isAncestor(world.git, world.store.repoDir(repo), pull.baseSha, pull.headSha).then((contains) => !contains);
}

/** `mergeable_state` of the API. */
export async function mergeableState(
  world: World,
  repo: Repo,
  pull: Pull,
  mergeable: boolean | null,
): Promise<'unknown' | 'dirty' | 'draft' | 'blocked' | 'behind' | 'unstable' | 'clean'> {
  if (mergeable === null) return 'unknown';
  if (!mergeable) return 'dirty';
  if (pull.draft) return 'draft';
  const demands = demandsOf(world, repo, pull.baseRef);
  if (unmetDemands(world, repo, pull, demands).length > 0) return 'blocked';
  if (demands.some(({ strict }) => strict) && (await isBehind(world, repo, pull))) return 'behind';
  const { checkRuns, statuses } = world.store.state;
  const ofHead = (entry: { repoId: number; sha: string }) => entry.repoId === repo.id && entry.sha === pull.headSha;
  const names = [
    ...checkRuns.filter(ofHead).map(({ name }) => name),
    ...statuses.filter(ofHead).map(({ context }) => context),
  ];
  return missingChecks(world, repo, pull.headSha, names) === null ? 'clean' : 'unstable';
}
