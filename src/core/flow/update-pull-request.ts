import { AppError } from '../../protocol/errors.ts';
import type { PullRequest } from '../../protocol/work.ts';
import type { ForgeRepository, RepositoryState } from '../ports.ts';
import { acceptDiff, DIFF_VERSIONS, revisionSubtask } from './accept-diff.ts';
import { buildSubtasks, type Integration, type Site } from './build-subtasks.ts';
import type { CommitInput } from './commit-input.ts';
import type { Wanted } from './forge-words.ts';
import { pausable } from './pause.ts';
import type { Services } from './services.ts';

/** New work on an open pull request. */

/** How far it is; each turn makes another of it. */
export interface Open {
  pullRequest: PullRequest;
  integration: Integration;
  /** Branch on the forge. */
  branch: string;
  /** Branch in the user's repository. */
  localBranch: string;
  /** Versions of comments. */
  answered: string[];
  noted: string[];
  rounds: number;
  /** How often the head was put into the merge queue again. */
  requeues: number;
  /** The last removal from the queue that was answered; null until the head has been looked at. */
  knownRemoval: string | null;
  /** What of the base branch the work holds. */
  base: string;
  /** What we last pushed, or what we found on the branch and hold. */
  pushed: string;
}

export interface Opened {
  remote: ForgeRepository;
  state: RepositoryState;
  work: CommitInput;
  pullRequest: PullRequest;
  branch: string;
  /** Opens it again after it went with its branch. */
  open(name: string, head: string): Promise<PullRequest>;
}

/** Names, ports and steps of what is done in one turn are apart from those of every other. */
export function offsetOf({ plan }: Site, turn: number): number {
  return plan.subtasks.length + (turn + 1) * (DIFF_VERSIONS + 2);
}

export async function revise(
  site: Site,
  services: Services,
  opened: Opened,
  open: Open,
  turn: number,
  reason: 'checks' | 'review',
  { description, criterion }: Wanted,
  from: Integration = open.integration,
): Promise<Open> {
  const title = reason === 'checks' ? 'Mend the checks of the pull request' : 'Answer the review of the pull request';
  const revision = revisionSubtask(site.plan, `revision-${reason}-${turn}`, title, description, criterion);
  // Nobody asked an agent to make checks pass by weakening them.
  const mayWeakenTests = reason === 'review';
  const work = { subtasks: [revision], restrictPaths: false, mayWeakenTests, offset: offsetOf(site, turn) };
  const built = await buildSubtasks(site, from, work);
  const accepted = await accept(site, services, opened, open, built, turn);
  return { ...(await push(site, services, opened, open, turn, reason, accepted)), rounds: open.rounds + 1 };
}

/** What an agent wrote after the diff was accepted is seen by the person too; not what came with the base branch. */
export async function accept(
  site: Site,
  services: Services,
  opened: Opened,
  open: Open,
  built: Integration,
  turn: number,
): Promise<Integration> {
  const state = { ...opened.state, baseCommit: open.base };
  const round = { prefix: `again-${turn}-`, offset: offsetOf(site, turn) + 1 };
  const { commit, evidence } = await acceptDiff(site, services, state, built, round);
  return { repoDir: built.repoDir, head: commit, evidence };
}

export async function push(
  site: Site,
  services: Services,
  { remote, state }: Opened,
  open: Open,
  turn: number,
  reason: 'checks' | 'review' | 'base',
  integration: Integration,
): Promise<Open> {
  const { ctx } = site;
  const { head: commit } = integration;
  const landing = await pausable(ctx, `land-again-${turn}`, () =>
    services.repository.landAgain(state, open.localBranch, open.integration.head, commit),
  );
  const { branch: localBranch, checkedOut, note } = landing;
  await ctx.publish(`landed-again-${turn}`, { type: 'changes.landed', branch: localBranch, commit, checkedOut, note });
  const isPushed = commit === open.pushed || (await pushOn(services, site, remote, state, open.branch, turn, commit));
  // Somebody else was first: the next look finds what they pushed, and it is joined with this.
  if (!isPushed) return { ...open, integration, localBranch };
  await ctx.publish(`pushed-${turn}`, { type: 'branch.pushed', branch: open.branch, commit, remote: remote.webUrl });
  await ctx.publish(`updated-${turn}`, { type: 'pull_request.updated', reason, round: open.rounds + 1, commit });
  return { ...open, integration, localBranch, pushed: commit, requeues: 0, knownRemoval: null };
}

/** False when the branch holds commits of somebody else's by now. */
function pushOn(
  { forge, repository }: Services,
  { ctx }: Site,
  remote: ForgeRepository,
  { repoDir }: RepositoryState,
  branch: string,
  turn: number,
  commit: string,
): Promise<boolean> {
  return pausable(ctx, `push-${turn}`, async ({ signal }) => {
    try {
      await repository.push(repoDir, remote.cloneUrl, [{ commit, branch }], forge.gitAuthorization(), signal);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.details?.reason === 'branch_taken') return false;
      throw error;
    }
  });
}
