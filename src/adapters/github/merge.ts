import * as z from 'zod';
import type { ForgeRepository, MergeHeld, MergeRequest } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { GithubClient } from './client.ts';
import { statusOf, wordsOf } from './errors.ts';
import { blockedBecause, missingReview } from './merge-blocked.ts';
import { enqueue, hasMergeQueue } from './merge-queue.ts';
import { unexplainedRemoval } from './merge-queue-removal.ts';
import { place, slug } from './places.ts';
import { mergeability, type Pull, readPull } from './pulls.ts';

type Request = MergeRequest;
type Outcome = { commit: string } | MergeHeld;

const Merged = z.object({ sha: z.string() });
const Ready = z.object({ markPullRequestReadyForReview: z.unknown() });

const DRAFT = 'somebody made it a draft; mark it as ready for review to go on';
const MERGE_ATTEMPTS = 4;
const MERGE_PAUSE_MS = 2_000;

const READY = `mutation($id: ID!) {
  markPullRequestReadyForReview(input: { pullRequestId: $id }) { pullRequest { isDraft } }
}`;

/** Looks before it merges: the right to pass over the rules of a branch, which an administrator's token has, is never used. */
export async function mergePullRequest(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  request: Request,
  signal: AbortSignal,
): Promise<Outcome> {
  let cause: unknown = null;
  for (let attempt = 1; ; attempt += 1) {
    const pull = await readPull(client, repository, number, signal);
    const commit = settledCommit(repository, pull, request.commit, cause);
    if (commit !== null) return { commit };
    if (pull.draft && !request.makeReady) return { held: DRAFT, state: 'waiting' };
    if (pull.draft && attempt < MERGE_ATTEMPTS) {
      await makeReady(client, repository, pull, signal);
      continue;
    }
    const hindered = await hindrance(client, repository, pull, request, signal);
    if (hindered !== 'unknown') {
      if (hindered !== null) return hindered;
      const tried = await tryMerge(client, repository, pull, request, signal);
      if (!('refusal' in tried)) return tried;
      cause = tried.refusal;
    }
    if (attempt >= MERGE_ATTEMPTS)
      return request.wasQueued ? unexplainedRemoval() : { held: heldWords(cause), state: 'waiting' };
    await client.clock.sleep(MERGE_PAUSE_MS, signal);
  }
}

function heldWords(cause: unknown): string {
  return cause instanceof AppError ? wordsOf(cause) : 'GitHub is still finding out whether it can be merged';
}

/**
 * Why it is not merged now; null when merging may be tried, `unknown` while GitHub is finding out and trying would be a guess.
 * Puts it into the merge queue where the branch has one.
 */
async function hindrance(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  request: Request,
  signal: AbortSignal,
): Promise<MergeHeld | null | 'unknown'> {
  if (await hasMergeQueue(client, repository, pull.base.ref, signal)) {
    return (await enqueue(client, repository, pull, request, signal)) ?? 'unknown';
  }
  const { head, base } = pull;
  const state = mergeability(pull);
  if (state === 'unknown') return 'unknown';
  if (state === 'blocked') {
    const held = await blockedBecause(client, repository, pull, { mayTry: request.holdsBase }, signal);
    if (held !== null) return { held, state: 'waiting' };
  }
  if (state === 'behind' && request.holdsBase) {
    return { held: `${head.ref} is behind ${base.ref} and has to be brought up to date first`, state: 'waiting' };
  }
  if (request.holdsBase) return null;
  // A push would cost the approvals that there are, and it is not wanted before the last one.
  const review = state === 'behind' ? await missingReview(client, repository, pull, signal) : null;
  if (review !== null) return { held: review, state: 'waiting' };
  return { held: `${base.ref} has moved and is brought in first`, state: 'ready' };
}

/** `refusal`: GitHub said no, in a way that may pass or that the pull request explains. */
async function tryMerge(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  request: Request,
  signal: AbortSignal,
): Promise<Outcome | { refusal: AppError }> {
  const { commit, method, title } = request;
  const doing = `merging the pull request #${pull.number} of ${slug(repository)}`;
  try {
    const merged = await client.once(
      { doing, kind: 'write', schema: Merged },
      signal,
      (octokit, options) =>
        octokit.rest.pulls.merge({
          ...place(repository),
          pull_number: pull.number,
          sha: commit,
          merge_method: method,
          ...(method === 'rebase' ? {} : { commit_title: title }),
          ...options,
        }),
      async () => {
        const now = await readPull(client, repository, pull.number, signal);
        const sha = settledCommit(repository, now, commit, null);
        return sha === null ? null : { sha };
      },
    );
    return { commit: merged.sha };
  } catch (error) {
    if (!(error instanceof AppError) || ![405, 409].includes(statusOf(error) ?? 0)) throw error;
    if (/merge queue/i.test(wordsOf(error))) {
      return (await enqueue(client, repository, pull, request, signal)) ?? { refusal: error };
    }
    // A method that the repository does not allow stays so.
    if (/not (an )?allowed/i.test(wordsOf(error))) throw error;
    return isRule(error) ? { held: wordsOf(error), state: 'waiting' } : { refusal: error };
  }
}

/** Told from "not mergeable" and "base branch was modified", which pass or which the pull request explains. */
const isRule = (error: AppError): boolean =>
  /required|rule violation|approving|requested by|protected branch|not authorized/i.test(wordsOf(error)) &&
  statusOf(error) === 405;

async function makeReady(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  signal: AbortSignal,
): Promise<void> {
  const doing = `making the draft #${pull.number} of ${slug(repository)} ready`;
  await client.graphql({ doing, kind: 'write', schema: Ready }, signal, READY, { id: pull.node_id });
}

/** Commit of the merge when it was merged at `commit`; null while it can be; throws when asking again does not help. */
function settledCommit(repository: ForgeRepository, pull: Pull, commit: string, cause: unknown): string | null {
  if (pull.merged_at !== null && pull.head.sha === commit && pull.merge_commit_sha !== null) {
    return pull.merge_commit_sha;
  }
  const refusal = refusalOf(pull, commit);
  if (refusal !== null) throw refused(repository, pull, refusal, cause);
  return null;
}

interface Refusal {
  reason: 'merged_elsewhere' | 'closed' | 'head_moved' | 'conflict';
  text: string;
}

function refusalOf(pull: Pull, commit: string): Refusal | null {
  const head = pull.head.sha.slice(0, 7);
  const wanted = commit.slice(0, 7);
  if (pull.merged_at !== null) {
    return { reason: 'merged_elsewhere', text: `it was merged at ${head} and not at ${wanted}` };
  }
  if (pull.state === 'closed') return { reason: 'closed', text: 'somebody closed it; open it again to go on' };
  if (pull.head.sha !== commit) {
    return { reason: 'head_moved', text: `its branch is at ${head} now and not at ${wanted}; look at what was pushed` };
  }
  if (mergeability(pull) === 'conflict') {
    return {
      reason: 'conflict',
      text: `it is not mergeable: ${pull.head.ref} conflicts with ${pull.base.ref}; bring ${pull.base.ref} in first`,
    };
  }
  return null;
}

function refused(repository: ForgeRepository, pull: Pull, refusal: Refusal, cause: unknown): AppError {
  return new AppError({
    code: 'forge_failed',
    message: `Pull request #${pull.number} of ${slug(repository)} was not merged: ${refusal.text}.`,
    userMessage: `GitHub did not merge the pull request ${pull.html_url}: ${refusal.text}.`,
    cause,
    details: { status: statusOf(cause), reason: refusal.reason, url: pull.html_url },
  });
}
