import * as z from 'zod';
import type { ForgeRepository, MergeHeld, MergeRequest } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { GithubClient } from './client.ts';
import { limitWaitMs, statusOf, wordsOf } from './errors.ts';
import { queueHistory } from './merge-queue-removal.ts';
import { place, slug } from './places.ts';
import type { Pull } from './pulls.ts';

const Rules = z.array(z.object({ type: z.string() }));

const Commit = z.object({ oid: z.string() }).nullish();
/** `headCommit`: what the queue tests, once it does. */
const Entry = z.object({ position: z.int(), state: z.string().optional(), headCommit: Commit }).nullable();
type Entry = z.infer<typeof Entry>;

const ENTRY = `query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { mergeQueueEntry { position state headCommit { oid } } }
  }
}`;
const EntryAnswer = z.object({ repository: z.object({ pullRequest: z.object({ mergeQueueEntry: Entry }) }) });

const ENQUEUE = `mutation($id: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: { pullRequestId: $id, expectedHeadOid: $head }) {
    mergeQueueEntry { position state headCommit { oid } }
  }
}`;
const EnqueueAnswer = z.object({ enqueuePullRequest: z.object({ mergeQueueEntry: Entry }) });

/** False too where rules do not exist (older servers) or are not part of the plan (private repositories of free accounts). */
export async function hasMergeQueue(
  client: GithubClient,
  repository: ForgeRepository,
  branch: string,
  signal: AbortSignal,
): Promise<boolean> {
  const doing = `reading the rules of ${branch} in ${slug(repository)}`;
  try {
    const rules = await client.call({ doing, kind: 'read', schema: Rules }, signal, (octokit, options) =>
      octokit.rest.repos.getBranchRules({ ...place(repository), branch, per_page: 100, ...options }),
    );
    return rules.some((rule) => rule.type === 'merge_queue');
  } catch (error) {
    if (limitWaitMs(error) === null && [403, 404].includes(statusOf(error) ?? 0)) return false;
    throw error;
  }
}

/**
 * Puts the pull request into the queue unless it is in it; why it is not merged yet, in words. Asked twice, it is in once. Null
 * while GitHub has not said why it is out of the queue: it may be about to be merged.
 */
export async function enqueue(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  request: MergeRequest,
  signal: AbortSignal,
): Promise<MergeHeld | null> {
  const known = await entryOf(client, repository, pull, signal);
  if (known !== null) return inQueue(known);
  const out = await whyOut(client, repository, pull, request, signal);
  return out === 'never' ? putIn(client, repository, pull, request.commit, signal) : out;
}

/** `never`: nothing of this head is known to have been in the queue, and not to be answered yet. */
async function whyOut(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  { wasQueued, knownRemoval }: MergeRequest,
  signal: AbortSignal,
): Promise<MergeHeld | null | 'never'> {
  const { lastRemoval, isOpen, removed } = await queueHistory(client, repository, pull, signal);
  // Somebody put it in, perhaps an attempt of ours that was killed, and GitHub has not said how it came out.
  if (isOpen) return null;
  const isNew = lastRemoval !== '' && lastRemoval !== knownRemoval;
  if (wasQueued) return isNew ? removed : null;
  if (knownRemoval === null) return { held: 'not in the merge queue', state: 'queueable', lastRemoval };
  return isNew ? removed : 'never';
}

async function putIn(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  commit: string,
  signal: AbortSignal,
): Promise<MergeHeld> {
  const doing = `putting the pull request #${pull.number} of ${slug(repository)} into the merge queue`;
  const variables = { id: pull.node_id, head: commit };
  try {
    const request = { doing, kind: 'write', schema: EnqueueAnswer } as const;
    const answer = await client.graphql(request, signal, ENQUEUE, variables);
    return inQueue(answer.enqueuePullRequest.mergeQueueEntry);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'forge_failed') throw error;
    // An attempt whose answer was lost has put it in, or GitHub says what is required first.
    const entry = await entryOf(client, repository, pull, signal);
    return entry === null ? { held: wordsOf(error), state: 'waiting' } : inQueue(entry);
  }
}

async function entryOf(
  client: GithubClient,
  repository: ForgeRepository,
  { number }: Pull,
  signal: AbortSignal,
): Promise<Entry> {
  const doing = `looking for the pull request #${number} of ${slug(repository)} in the merge queue`;
  const variables = { owner: repository.owner, name: repository.name, number };
  const answer = await client.graphql({ doing, kind: 'read', schema: EntryAnswer }, signal, ENTRY, variables);
  return answer.repository.pullRequest.mergeQueueEntry;
}

const inQueue = (entry: Entry): MergeHeld => ({
  held: entry === null ? 'in the merge queue' : `in the merge queue (position ${entry.position})`,
  state: 'queued',
  group: entry?.headCommit?.oid ?? null,
});
