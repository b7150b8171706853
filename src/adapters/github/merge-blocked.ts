import * as z from 'zod';
import type { ForgeRepository } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { readChecks } from './checks.ts';
import type { GithubClient } from './client.ts';
import { statusOf } from './errors.ts';
import { slug } from './places.ts';
import type { Pull } from './pulls.ts';

const QUERY = `query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { viewerCanMergeAsAdmin reviewDecision }
  }
}`;

const Decision = z.object({ viewerCanMergeAsAdmin: z.boolean(), reviewDecision: z.string().nullable() });
type Decision = z.infer<typeof Decision>;
const Answer = z.object({ repository: z.object({ pullRequest: Decision }) });

/**
 * What a pull request that GitHub calls blocked waits for; null when merging may be tried, because GitHub would refuse it and
 * say why. It would not refuse an administrator, so for one, and where nothing may be tried, the words are made of what can be
 * read.
 */
export async function blockedBecause(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  { mayTry }: { mayTry: boolean },
  signal: AbortSignal,
): Promise<string | null> {
  const decision = await decisionOf(client, repository, pull, signal);
  if (mayTry && decision?.viewerCanMergeAsAdmin === false) return null;
  const { runs } = await readChecks(client, repository, pull.head.sha, signal);
  const open = runs.filter((run) => run.state !== 'passed').map((run) => `${run.name} (${run.state})`);
  const reasons = [
    ...reviewReasons(decision),
    ...(open.length === 0 ? [] : [`checks have not passed: ${open.join(', ')}`]),
  ];
  return held(pull, reasons.length > 0 ? reasons : ['a review or a check is required that is not there yet']);
}

/** The review that keeps it from being merged, in words; null when none does, or nobody can tell. */
export async function missingReview(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  signal: AbortSignal,
): Promise<string | null> {
  const reasons = reviewReasons(await decisionOf(client, repository, pull, signal));
  return reasons.length === 0 ? null : held(pull, reasons);
}

const held = ({ base }: Pull, reasons: string[]): string =>
  `the rules of ${base.ref} hold it back: ${reasons.join('; ')}`;

const reviewReasons = (decision: Decision | null): string[] => [
  ...(decision?.reviewDecision === 'REVIEW_REQUIRED' ? ['an approving review is required'] : []),
  ...(decision?.reviewDecision === 'CHANGES_REQUESTED' ? ['a reviewer has requested changes'] : []),
];

/** Null where GraphQL cannot be asked. */
async function decisionOf(
  client: GithubClient,
  repository: ForgeRepository,
  { number }: Pull,
  signal: AbortSignal,
): Promise<Decision | null> {
  const doing = `reading what the pull request #${number} of ${slug(repository)} waits for`;
  const variables = { owner: repository.owner, name: repository.name, number };
  try {
    return (await client.graphql({ doing, kind: 'read', schema: Answer }, signal, QUERY, variables)).repository
      .pullRequest;
  } catch (error) {
    const isRefusal =
      error instanceof AppError && ['not_found', 'forge_failed', 'auth', 'malformed'].includes(error.code);
    if (isRefusal && statusOf(error) !== 401) return null;
    throw error;
  }
}
