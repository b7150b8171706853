import { AppError } from '../../protocol/errors.ts';
import type { PullRequest } from '../../protocol/work.ts';
import type { ForgeRepository, RepositoryState } from '../ports.ts';
import { acceptDiff, DIFF_VERSIONS, revisionSubtask } from './accept-diff.ts';
import { bringInBase } from './bring-in-base.ts';
import { buildSubtasks, type Integration, type Site } from './build-subtasks.ts';
import type { CommitInput } from './commit-input.ts';
import { checksText, findingLines, reviewText, type Wanted } from './forge-words.ts';
import { pausable, waitAt } from './pause.ts';
import { pushWork } from './remote.ts';
import type { Services } from './services.ts';
import { type Seen, watchPullRequest } from './watch-pull-request.ts';

/** Things done about one pull request: revisions, updates from the base branch, pushes. */
const MAX_TURNS = 40;

interface Open {
  pullRequest: PullRequest;
  integration: Integration;
  /** Branch on the forge. */
  branch: string;
  /** Branch in the user's repository. */
  localBranch: string;
  answered: string[];
  rounds: number;
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

/**
 * Sees a pull request through to its merge. Failed checks and the comments of trusted reviewers go to an agent as a revision,
 * as often as is configured; a base branch that has moved, and what somebody pushes on top of ours, is brought in and checked;
 * what an agent wrote passes the diff gate before it is pushed. Returns the merge commit, the head that was merged, and what of
 * the base branch that held.
 */
export async function seeThrough(
  site: Site,
  services: Services,
  opened: Opened,
): Promise<{ commit: string; head: string; base: string; pullRequest: PullRequest }> {
  const { ctx, input } = site;
  const { remote, state, work } = opened;
  let open: Open = {
    pullRequest: opened.pullRequest,
    integration: { repoDir: state.repoDir, head: work.commit, evidence: work.evidence },
    branch: opened.branch,
    localBranch: work.branch,
    answered: [],
    rounds: 0,
    base: state.baseCommit,
    pushed: work.commit,
  };
  for (let turn = 0; ; turn += 1) {
    const current = open;
    if (turn > 0 && turn % MAX_TURNS === 0) {
      await waitFor(ctx, `turns-${turn}`, {
        message: `The pull request ${open.pullRequest.url} was changed ${turn} times and is still not merged. The work is on its branch. See what holds it up, then resume the run.`,
      });
    }
    const seen = await pausable(
      ctx,
      `pull-request-${turn}`,
      (s) =>
        watchPullRequest(services, s, {
          repoDir: state.repoDir,
          remote,
          number: current.pullRequest.number,
          commit: current.integration.head,
          pushed: current.pushed,
          title: `${input.brief.name} (#${current.pullRequest.number})`,
          answered: current.answered,
          rounds: current.rounds,
          deadlineMs: input.policy.forgeChecksDeadlineMs,
        }),
      { waits: true },
    );
    if (seen.kind === 'merged') {
      const { pullRequest, integration, base } = open;
      return { commit: seen.commit, head: integration.head, base, pullRequest };
    }
    if (seen.kind === 'merged_elsewhere') {
      const { pullRequest, integration, base } = open;
      await waitFor(ctx, `merged-elsewhere-${turn}`, {
        message: `Somebody merged the pull request ${pullRequest.url} at ${seen.head.slice(0, 7)}, while the checked work is at ${integration.head.slice(0, 7)}. Resume the run to go on with what was merged, or cancel it.`,
      });
      // Their head need not be anywhere to be fetched from; ours is here.
      const head = seen.commit === seen.head ? seen.head : integration.head;
      return { commit: seen.commit, head, base, pullRequest };
    }
    open = await answer(site, services, opened, open, turn, seen);
  }
}

async function answer(
  site: Site,
  services: Services,
  opened: Opened,
  open: Open,
  turn: number,
  seen: Exclude<Seen, { kind: 'merged' | 'merged_elsewhere' }>,
): Promise<Open> {
  const { ctx } = site;
  switch (seen.kind) {
    case 'checks_failed':
      return revise(site, services, opened, open, turn, 'checks', checksText(seen.logs));
    case 'reviewed': {
      const answered = [...open.answered, ...seen.ids];
      if (seen.canAct) {
        const next = await revise(site, services, opened, open, turn, 'review', reviewText(seen.findings));
        return { ...next, answered };
      }
      await waitFor(ctx, `reviewed-${turn}`, {
        message: `Reviewers of ${open.pullRequest.url} ask for changes, and the work was sent back as often as is configured (remote.revisionRounds):\n${findingLines(seen.findings)}\nSettle it with them, then resume the run: it goes on as the work is.`,
      });
      return { ...open, answered };
    }
    case 'base_moved':
    case 'head_moved': {
      const isBase = seen.kind === 'base_moved';
      const moved = isBase
        ? { branch: opened.remote.defaultBranch, base: seen.base }
        : { branch: open.branch, base: seen.head };
      const update = { ...moved, round: turn, offset: offsetOf(site, turn) };
      const joined = await bringInBase(site, services, open.integration, update);
      const now = { ...open, base: seen.base, pushed: isBase ? open.pushed : seen.head };
      const head = joined.needsReview
        ? await accept(site, services, opened, now, joined.integration, turn)
        : joined.integration;
      return push(site, services, opened, now, turn, 'base', head);
    }
    case 'branch_gone': {
      await waitFor(ctx, `gone-${turn}`, {
        message: `Somebody deleted the branch ${open.branch} of ${opened.remote.owner}/${opened.remote.name}, and with it the pull request was closed. Resume the run to push it again and open another, or cancel the run; the work is on ${open.localBranch}.`,
      });
      const pushed = await pushWork(ctx, services, opened.remote, {
        ...opened,
        name: `push-again-${turn}`,
        commit: open.integration.head,
        branch: open.branch,
      });
      const pullRequest = await opened.open(`pull-request-again-${turn}`, pushed);
      return { ...open, branch: pushed, pushed: open.integration.head, pullRequest };
    }
  }
}

async function waitFor(ctx: Site['ctx'], name: string, { message }: { message: string }): Promise<void> {
  const wait = { gate: 'resume' as const, topic: `resume:${name}`, message, code: 'forge_failed' as const };
  if ((await waitAt(ctx, name, wait)) !== null) return;
  throw new AppError({ code: 'timeout', message: `nobody resumed after ${name}`, userMessage: message });
}

/** Names, ports and steps of what is done in one turn are apart from those of every other. */
function offsetOf({ plan }: Site, turn: number): number {
  return plan.subtasks.length + (turn + 1) * (DIFF_VERSIONS + 2);
}

async function revise(
  site: Site,
  services: Services,
  opened: Opened,
  open: Open,
  turn: number,
  reason: 'checks' | 'review',
  { description, criterion }: Wanted,
): Promise<Open> {
  const title = reason === 'checks' ? 'Mend the checks of the pull request' : 'Answer the review of the pull request';
  const revision = revisionSubtask(site.plan, `revision-${reason}-${turn}`, title, description, criterion);
  const work = { subtasks: [revision], restrictPaths: false, offset: offsetOf(site, turn) };
  const built = await buildSubtasks(site, open.integration, work);
  const accepted = await accept(site, services, opened, open, built, turn);
  return { ...(await push(site, services, opened, open, turn, reason, accepted)), rounds: open.rounds + 1 };
}

/** What an agent wrote after the diff was accepted is seen by the person too; not what came with the base branch. */
async function accept(
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

async function push(
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
  return { ...open, integration, localBranch, pushed: commit };
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
