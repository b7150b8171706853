import * as z from 'zod';
import type { ForgeRepository, PullRequestState } from '../../core/ports.ts';
import type { PullRequest } from '../../protocol/work.ts';
import type { GithubClient } from './client.ts';
import { statusOf } from './errors.ts';
import { place, slug } from './places.ts';

const Login = z.object({ login: z.string() });

/** What is read of a pull request, in lists and alone. */
export const Pull = z.object({
  number: z.int(),
  /** By which GraphQL knows it. */
  node_id: z.string().default(''),
  html_url: z.string(),
  state: z.enum(['open', 'closed']),
  draft: z.boolean().default(false),
  merged_at: z.string().nullable(),
  merge_commit_sha: z.string().nullable(),
  head: z.object({ ref: z.string(), sha: z.string() }),
  base: z.object({ ref: z.string() }),
  user: Login.nullish(),
  labels: z.array(z.object({ name: z.string() })).default([]),
  requested_reviewers: z.array(Login).nullish(),
  requested_teams: z.array(z.object({ slug: z.string() })).nullish(),
  /** Only with a single pull request; null while GitHub is still finding out. */
  mergeable: z.boolean().nullish(),
  mergeable_state: z.string().optional(),
});
export type Pull = z.infer<typeof Pull>;
const Ref = z.object({ object: z.object({ sha: z.string() }) });

export function toPullRequest(pull: Pull): PullRequest {
  return {
    number: pull.number,
    url: pull.html_url,
    headBranch: pull.head.ref,
    baseBranch: pull.base.ref,
    state: pull.merged_at === null ? pull.state : 'merged',
  };
}

export function readPull(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  signal: AbortSignal,
): Promise<Pull> {
  const doing = `reading the pull request #${number} of ${slug(repository)}`;
  return client.call({ doing, kind: 'read', schema: Pull }, signal, (octokit, options) =>
    octokit.rest.pulls.get({ ...place(repository), pull_number: number, ...options }),
  );
}

export async function pullRequestState(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  signal: AbortSignal,
): Promise<PullRequestState> {
  const pull = await readPull(client, repository, number, signal);
  const tip = await branchTip(client, repository, pull.head.ref, signal);
  return {
    pullRequest: toPullRequest(pull),
    headCommit: pull.head.sha,
    mergeCommit: pull.merged_at === null ? null : pull.merge_commit_sha,
    hasHeadBranch: tip !== null,
    mergeable: mergeability(pull),
  };
}

/** `draft`, `unstable` and `has_hooks` are no hindrance: merging makes a draft ready, and what is required shows as `blocked`. */
export function mergeability(pull: Pull): PullRequestState['mergeable'] {
  const state = pull.mergeable_state;
  if (pull.mergeable === false || state === 'dirty') return 'conflict';
  if (pull.mergeable !== true || state === 'unknown') return 'unknown';
  return state === 'behind' || state === 'blocked' ? state : 'yes';
}

/** Null when there is no such branch. */
export async function branchTip(
  client: GithubClient,
  repository: ForgeRepository,
  branch: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const doing = `reading the branch ${branch} of ${slug(repository)}`;
    const ref = await client.call({ doing, kind: 'read', schema: Ref }, signal, (octokit, options) =>
      octokit.rest.git.getRef({ ...place(repository), ref: `heads/${branch}`, ...options }),
    );
    return ref.object.sha;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}
