import * as z from 'zod';
import type { ForgeRepository, MergeHeld } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { GithubClient } from './client.ts';
import { statusOf } from './errors.ts';
import { slug } from './places.ts';
import type { Pull } from './pulls.ts';

/** The last of them: while it is that it was put in, GitHub has not said yet how it came out. */
const REMOVAL = `query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      timelineItems(last: 1, itemTypes: [ADDED_TO_MERGE_QUEUE_EVENT, REMOVED_FROM_MERGE_QUEUE_EVENT]) {
        nodes { __typename ... on RemovedFromMergeQueueEvent { reason beforeCommit { oid } } }
      }
    }
  }
}`;
const Event = z.object({
  __typename: z.string(),
  /** Such as `failed_checks`, `manual`, `merged`; GitHub does not list them. */
  reason: z.string().nullish(),
  beforeCommit: z.object({ oid: z.string() }).nullish(),
});
const Answer = z.object({
  repository: z.object({ pullRequest: z.object({ timelineItems: z.object({ nodes: z.array(Event) }) }) }),
});

/** How it came out of the queue; null when it was merged by it, or while GitHub has not said. */
export async function readRemoval(
  client: GithubClient,
  repository: ForgeRepository,
  { number }: Pull,
  signal: AbortSignal,
): Promise<MergeHeld | null> {
  const doing = `asking why the pull request #${number} of ${slug(repository)} is not in the merge queue any more`;
  const variables = { owner: repository.owner, name: repository.name, number };
  try {
    const answer = await client.graphql({ doing, kind: 'read', schema: Answer }, signal, REMOVAL, variables);
    const [last] = answer.repository.pullRequest.timelineItems.nodes;
    if (last?.__typename !== 'RemovedFromMergeQueueEvent') return null;
    const reason = last.reason ?? '';
    return /^merged?$/i.test(reason) ? null : removal(reason, last.beforeCommit?.oid ?? null);
  } catch (error) {
    // It is out of the queue, whether the token may read why or not.
    const isRefusal =
      error instanceof AppError && ['not_found', 'forge_failed', 'auth', 'malformed'].includes(error.code);
    if (isRefusal && statusOf(error) !== 401) return null;
    throw error;
  }
}

export function removal(reason: string, group: string | null): MergeHeld {
  const words = reason.replaceAll('_', ' ').toLowerCase();
  return {
    held: `thrown out of the merge queue (${words === '' ? 'GitHub does not say why' : words})`,
    state: 'removed',
    group,
    byPerson: /\bmanual/.test(words),
  };
}
