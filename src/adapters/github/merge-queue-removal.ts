import * as z from 'zod';
import type { ForgeRepository, MergeHeld } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { GithubClient } from './client.ts';
import { statusOf } from './errors.ts';
import { slug } from './places.ts';
import type { Pull } from './pulls.ts';

type Removed = Extract<MergeHeld, { state: 'removed' }>;

/** The last of them: while it is that it was put in, GitHub has not said yet how it came out. */
const QUERY = `query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      last: timelineItems(last: 1, itemTypes: [ADDED_TO_MERGE_QUEUE_EVENT, REMOVED_FROM_MERGE_QUEUE_EVENT]) {
        nodes { __typename }
      }
      removals: timelineItems(last: 1, itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT]) {
        nodes { ... on RemovedFromMergeQueueEvent { id reason beforeCommit { oid } } }
      }
    }
  }
}`;
const Removal = z.object({
  id: z.string(),
  /** Free text, such as `failed_checks`, `manual`, `merged`: GitHub does not list what it can be. */
  reason: z.string().nullish(),
  beforeCommit: z.object({ oid: z.string() }).nullish(),
});
const nodesOf = <T extends z.ZodType>(node: T) => z.object({ nodes: z.array(node) });
const PullRequest = z.object({ last: nodesOf(z.object({ __typename: z.string() })), removals: nodesOf(Removal) });
const Answer = z.object({ repository: z.object({ pullRequest: PullRequest }) });

/** What GitHub tells of how a pull request came out of the merge queue. */
export interface QueueHistory {
  /** Id of the last removal, for whatever reason; empty when there was none, or the token may not read it. */
  lastRemoval: string;
  /** It was put in after that, so that GitHub has still to say how it came out. */
  isOpen: boolean;
  /** What the last removal was; null when it was merged by it, or there was none. */
  removed: Removed | null;
}

const UNREADABLE: QueueHistory = { lastRemoval: '', isOpen: false, removed: null };

export async function queueHistory(
  client: GithubClient,
  repository: ForgeRepository,
  { number }: Pull,
  signal: AbortSignal,
): Promise<QueueHistory> {
  const doing = `reading how the pull request #${number} of ${slug(repository)} came out of the merge queue`;
  const variables = { owner: repository.owner, name: repository.name, number };
  try {
    const answer = await client.graphql({ doing, kind: 'read', schema: Answer }, signal, QUERY, variables);
    const { last, removals } = answer.repository.pullRequest;
    const [removal] = removals.nodes;
    const isOpen = last.nodes[0]?.__typename === 'AddedToMergeQueueEvent';
    if (removal === undefined) return { lastRemoval: '', isOpen, removed: null };
    const reason = removal.reason ?? '';
    const isMerge = /^merged?$/i.test(reason);
    const removed = isMerge ? null : removedFor(reason, removal.beforeCommit?.oid ?? null, removal.id);
    return { lastRemoval: removal.id, isOpen, removed };
  } catch (error) {
    // It is out of the queue, whether the token may read why or not.
    const isRefusal =
      error instanceof AppError && ['not_found', 'forge_failed', 'auth', 'malformed'].includes(error.code);
    if (isRefusal && statusOf(error) !== 401) return UNREADABLE;
    throw error;
  }
}

/** It is out, and GitHub does not say why. */
export const unexplainedRemoval = (): Removed => removedFor('', null, '');

function removedFor(reason: string, group: string | null, removal: string): Removed {
  const words = reason.replaceAll('_', ' ').toLowerCase();
  return {
    held: `thrown out of the merge queue (${words === '' ? 'GitHub does not say why' : words})`,
    state: 'removed',
    group,
    byPerson: /\bmanual/.test(words),
    removal,
  };
}
