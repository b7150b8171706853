import * as z from 'zod';
import type { Forge, ForgeRepository } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { PullRequest } from '../../protocol/work.ts';
import type { GithubClient } from './client.ts';
import { statusOf } from './errors.ts';

const Pull = z.object({
  number: z.int(),
  html_url: z.string(),
  state: z.enum(['open', 'closed']),
  merged_at: z.string().nullable(),
  merge_commit_sha: z.string().nullable(),
  head: z.object({ ref: z.string(), sha: z.string() }),
  base: z.object({ ref: z.string() }),
  /** Only with a single pull request; null while GitHub is still finding out. */
  mergeable: z.boolean().nullish(),
  mergeable_state: z.string().optional(),
});
type Pull = z.infer<typeof Pull>;
const Ref = z.object({ object: z.object({ sha: z.string() }) });
const Merged = z.object({ sha: z.string() });

const MERGE_ATTEMPTS = 4;
const MERGE_PAUSE_MS = 2_000;

const slug = (repository: ForgeRepository): string => `${repository.owner}/${repository.name}`;
const place = (repository: ForgeRepository) => ({ owner: repository.owner, repo: repository.name });

function toPullRequest(pull: Pull): PullRequest {
  return {
    number: pull.number,
    url: pull.html_url,
    headBranch: pull.head.ref,
    baseBranch: pull.base.ref,
    state: pull.merged_at === null ? pull.state : 'merged',
  };
}

export async function ensurePullRequest(
  client: GithubClient,
  repository: ForgeRepository,
  request: Parameters<Forge['ensurePullRequest']>[1],
  signal: AbortSignal,
): Promise<PullRequest> {
  const known = await findPullRequest(client, repository, request, signal);
  if (known !== null) return known;
  try {
    const doing = `opening the pull request of ${request.head} in ${slug(repository)}`;
    const made = await client.call({ doing, kind: 'write', schema: Pull }, signal, (octokit, options) =>
      octokit.rest.pulls.create({ ...place(repository), ...request, ...options }),
    );
    return toPullRequest(made);
  } catch (error) {
    // 422 also stands for "already exists": somebody, or an attempt whose answer was lost, was first.
    if (statusOf(error) !== 422) throw error;
    const found = await findPullRequest(client, repository, request, signal);
    if (found === null) throw error;
    return found;
  }
}

/** The open one first, then one that was merged at what the head branch still is. A rejected one is not taken up again. */
async function findPullRequest(
  client: GithubClient,
  repository: ForgeRepository,
  request: { head: string; base: string },
  signal: AbortSignal,
): Promise<PullRequest | null> {
  const doing = `looking for the pull request of ${request.head} in ${slug(repository)}`;
  const listed = await client.call({ doing, kind: 'read', schema: z.array(Pull) }, signal, (octokit, options) =>
    octokit.rest.pulls.list({
      ...place(repository),
      head: `${repository.owner}:${request.head}`,
      base: request.base,
      state: 'all',
      sort: 'created',
      direction: 'desc',
      per_page: 100,
      ...options,
    }),
  );
  // The filter is left out of account when GitHub cannot read it, so the branch is compared here too.
  const pulls = listed.filter((pull) => pull.head.ref === request.head && pull.base.ref === request.base);
  const open = pulls.find((pull) => pull.state === 'open');
  if (open !== undefined) return toPullRequest(open);
  const merged = pulls.filter((pull) => pull.merged_at !== null);
  if (merged.length === 0) return null;
  const tip = await branchTip(client, repository, request.head, signal);
  const same = merged.find((pull) => tip === null || pull.head.sha === tip);
  return same === undefined ? null : toPullRequest(same);
}

async function branchTip(
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

export async function mergePullRequest(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  request: Parameters<Forge['merge']>[2],
  signal: AbortSignal,
): Promise<{ commit: string }> {
  const doing = `merging the pull request #${number} of ${slug(repository)}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const merged = await client.call({ doing, kind: 'write', schema: Merged }, signal, (octokit, options) =>
        octokit.rest.pulls.merge({
          ...place(repository),
          pull_number: number,
          sha: request.commit,
          merge_method: request.method,
          ...(request.method === 'rebase' ? {} : { commit_title: request.title }),
          ...options,
        }),
      );
      return { commit: merged.sha };
    } catch (error) {
      const status = statusOf(error);
      if (status !== 405 && status !== 409) throw error;
      const pull = await readPull(client, repository, number, signal);
      if (pull.merged_at !== null && pull.head.sha === request.commit && pull.merge_commit_sha !== null) {
        return { commit: pull.merge_commit_sha };
      }
      const refusal = refusalOf(pull, request.commit);
      if (refusal !== null) throw refused(repository, pull, refusal, error);
      // GitHub is still finding out whether it merges, or the base has just moved: both pass. A rule of the branch does not.
      if (pull.mergeable_state === 'blocked' || attempt === MERGE_ATTEMPTS) throw error;
      await client.clock.sleep(MERGE_PAUSE_MS, signal);
    }
  }
}

async function readPull(
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
  if (pull.mergeable === false) {
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
