import { AppError } from '../../protocol/errors.ts';
import { bringInBase } from './bring-in-base.ts';
import type { Site } from './build-subtasks.ts';
import { checksText, findingLines, reviewText } from './forge-words.ts';
import { pausable, waitAt } from './pause.ts';
import { pullRequestTitle } from './pull-request-text.ts';
import { pushWork } from './remote.ts';
import type { Services } from './services.ts';
import { accept, type Open, type Opened, offsetOf, push, revise } from './update-pull-request.ts';
import { type Seen, watchPullRequest } from './watch-pull-request.ts';

/** Things done about one pull request: revisions, updates from the base branch, pushes. */
const MAX_TURNS = 40;
/** How often one head is put into the merge queue again that threw it out without failed checks. */
const MOST_REQUEUES = 2;

/**
 * Sees a pull request through to its merge. Failed checks and what trusted people ask for go to an agent as a revision, as
 * often as is configured; a base branch that has moved, and what somebody pushes on top of ours, is brought in and checked;
 * what an agent wrote passes the diff gate before it is pushed. Returns the merge commit, the head that was merged, and what of
 * the base branch that held.
 */
export async function seeThrough(
  site: Site,
  services: Services,
  opened: Opened,
): Promise<{ commit: string; head: string; base: string; pullRequest: Open['pullRequest'] }> {
  const { ctx, input } = site;
  const { remote, state, work } = opened;
  let open: Open = {
    pullRequest: opened.pullRequest,
    integration: { repoDir: state.repoDir, head: work.commit, evidence: work.evidence },
    branch: opened.branch,
    localBranch: work.branch,
    answered: [],
    noted: [],
    rounds: 0,
    requeues: 0,
    knownRemoval: null,
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
          title: `${pullRequestTitle(input.brief.name)} (#${current.pullRequest.number})`,
          answered: current.answered,
          noted: current.noted,
          knownRemoval: current.knownRemoval,
          rounds: current.rounds,
          deadlineMs: input.policy.forgeChecksDeadlineMs,
        }),
      { waits: true },
    );
    if (seen.kind === 'merged') {
      const { integration, base } = open;
      return { commit: seen.commit, head: integration.head, base, pullRequest: mergedInto(open, seen) };
    }
    if (seen.kind === 'merged_elsewhere') {
      const { pullRequest, integration, base } = open;
      await waitFor(ctx, `merged-elsewhere-${turn}`, {
        message: `Somebody merged the pull request ${pullRequest.url} at ${seen.head.slice(0, 7)}, while the checked work is at ${integration.head.slice(0, 7)}. Resume the run to go on with what was merged, or cancel it.`,
      });
      // Their head need not be anywhere to be fetched from; ours is here.
      const head = seen.commit === seen.head ? seen.head : integration.head;
      return { commit: seen.commit, head, base, pullRequest: mergedInto(open, seen) };
    }
    open = { ...open, noted: [...open.noted, ...(seen.noted ?? [])] };
    open = await answer(site, services, opened, open, turn, seen);
  }
}

/** Its base branch may have got another name, or been changed for another, while it was open. */
function mergedInto({ pullRequest }: Open, { into }: { into?: string }): Open['pullRequest'] {
  return { ...pullRequest, baseBranch: into ?? pullRequest.baseBranch };
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
    case 'queueable':
      return { ...open, knownRemoval: seen.lastRemoval };
    case 'unqueued': {
      const knownRemoval = seen.removal || open.knownRemoval;
      return answerQueue(site, services, opened, { ...open, knownRemoval }, turn, seen);
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
      return { ...open, branch: pushed, pushed: open.integration.head, pullRequest, knownRemoval: null };
    }
  }
}

/** Failed checks are mended on what they ran on; otherwise it is put in again, which the next watch does, or waits. */
async function answerQueue(
  site: Site,
  services: Services,
  opened: Opened,
  open: Open,
  turn: number,
  seen: Extract<Seen, { kind: 'unqueued' }>,
): Promise<Open> {
  const { ctx } = site;
  const hasFailed = seen.logs.length > 0;
  if (hasFailed && seen.canAct) {
    const { base } = seen;
    if (base === null) return revise(site, services, opened, open, turn, 'checks', checksText(seen.logs));
    const update = { branch: opened.remote.defaultBranch, base, round: turn, offset: offsetOf(site, turn) };
    const { integration } = await bringInBase(site, services, open.integration, update);
    return revise(site, services, opened, { ...open, base }, turn, 'checks', checksText(seen.logs), integration);
  }
  if (!hasFailed && !seen.byPerson && open.requeues < MOST_REQUEUES) {
    const requeues = open.requeues + 1;
    const reason = `${seen.reason}; it is put in again (${requeues} of ${MOST_REQUEUES})`;
    await ctx.publish(`requeue-${turn}`, { type: 'pull_request.held', reason });
    return { ...open, requeues };
  }
  const failed = hasFailed ? `Checks failed there: ${seen.logs.map(({ name }) => name).join(', ')}. ` : '';
  await waitFor(ctx, `unqueued-${turn}`, {
    message: `The pull request ${open.pullRequest.url} is not in the merge queue any more: ${seen.reason}. ${failed}See to it, then resume the run: it is put in again.`,
  });
  return { ...open, requeues: 0 };
}

async function waitFor(ctx: Site['ctx'], name: string, { message }: { message: string }): Promise<void> {
  const wait = { gate: 'resume' as const, topic: `resume:${name}`, message, code: 'forge_failed' as const };
  if ((await waitAt(ctx, name, wait)) !== null) return;
  throw new AppError({ code: 'timeout', message: `nobody resumed after ${name}`, userMessage: message });
}
