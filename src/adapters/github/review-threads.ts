import * as z from 'zod';
import type { ForgeRepository } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { GithubClient } from './client.ts';
import { statusOf } from './errors.ts';
import { slug } from './places.ts';

const QUERY = `query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { isResolved comments(first: 100) { nodes { databaseId } } }
      }
    }
  }
}`;

const Threads = z.object({
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  nodes: z.array(
    z.object({
      isResolved: z.boolean(),
      comments: z.object({ nodes: z.array(z.object({ databaseId: z.int().nullable() })) }),
    }),
  ),
});
type Threads = z.infer<typeof Threads>;
const Answer = z.object({ repository: z.object({ pullRequest: z.object({ reviewThreads: Threads }) }) });

const MOST_PAGES = 10;
/** A token that may read a pull request may not everywhere ask GraphQL; then every remark counts as open. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['not_found', 'forge_failed', 'auth', 'malformed']);

/** Ids of the remarks in threads that somebody has resolved. Only GraphQL knows them. */
export async function resolvedComments(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  signal: AbortSignal,
): Promise<Set<number>> {
  const resolved = new Set<number>();
  try {
    let after: string | null = null;
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const threads: Threads = await readThreads(client, repository, number, after, signal);
      for (const thread of threads.nodes.filter((node) => node.isResolved)) {
        for (const { databaseId } of thread.comments.nodes) if (databaseId !== null) resolved.add(databaseId);
      }
      if (!threads.pageInfo.hasNextPage) break;
      after = threads.pageInfo.endCursor;
    }
  } catch (error) {
    if (!(error instanceof AppError) || !UNAVAILABLE.has(error.code) || statusOf(error) === 401) throw error;
    client.log.warn('Resolved threads are not known: every remark of a review counts as open.', {
      repository: slug(repository),
      why: error.message,
    });
  }
  return resolved;
}

async function readThreads(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  after: string | null,
  signal: AbortSignal,
): Promise<Threads> {
  const doing = `reading the threads of the pull request #${number} of ${slug(repository)}`;
  const variables = { owner: repository.owner, name: repository.name, number, after };
  const answer = await client.graphql({ doing, kind: 'read', schema: Answer }, signal, QUERY, variables);
  return answer.repository.pullRequest.reviewThreads;
}
