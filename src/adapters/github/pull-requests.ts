import * as z from 'zod';
import type { ForgeRepository, PullRequestRequest } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { PullRequest } from '../../protocol/work.ts';
import type { GithubClient } from './client.ts';
import { statusOf, wordsOf } from './errors.ts';
import { place, slug } from './places.ts';
import { addLabels, askReviewers } from './pull-request-extras.ts';
import { branchTip, Pull, toPullRequest } from './pulls.ts';

export async function ensurePullRequest(
  client: GithubClient,
  repository: ForgeRepository,
  request: PullRequestRequest,
  signal: AbortSignal,
): Promise<PullRequest> {
  const known = await findPullRequest(client, repository, request, signal);
  const pull = known ?? (await open(client, repository, request, signal));
  if (pull.state === 'open') {
    await addLabels(client, repository, pull, request.labels, signal);
    await askReviewers(client, repository, pull, request, signal);
  }
  return toPullRequest(pull);
}

async function open(
  client: GithubClient,
  repository: ForgeRepository,
  request: PullRequestRequest,
  signal: AbortSignal,
): Promise<Pull> {
  const { head, base, title, body, draft } = request;
  const doing = `opening the pull request of ${head} in ${slug(repository)}`;
  const make = (asDraft: boolean) =>
    client.once(
      { doing, kind: 'write', schema: Pull },
      signal,
      (octokit, options) =>
        octokit.rest.pulls.create({ ...place(repository), head, base, title, body, draft: asDraft, ...options }),
      // Somebody, or an attempt whose answer was lost, was first.
      () => findPullRequest(client, repository, request, signal),
    );
  try {
    return await make(draft);
  } catch (error) {
    const hasNoDrafts = error instanceof AppError && statusOf(error) === 422 && /draft/i.test(wordsOf(error));
    if (!draft || !hasNoDrafts) throw error;
    client.log.warn('This repository has no drafts: the pull request is opened as a ready one.', {
      repository: slug(repository),
    });
    return make(false);
  }
}

/** The open one first, then one that was merged at what the head branch still is. A rejected one is not taken up again. */
async function findPullRequest(
  client: GithubClient,
  repository: ForgeRepository,
  request: { head: string; base: string },
  signal: AbortSignal,
): Promise<Pull | null> {
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
  const isOpen = pulls.find((pull) => pull.state === 'open');
  if (isOpen !== undefined) return isOpen;
  const merged = pulls.filter((pull) => pull.merged_at !== null);
  if (merged.length === 0) return null;
  const tip = await branchTip(client, repository, request.head, signal);
  return merged.find((pull) => tip === null || pull.head.sha === tip) ?? null;
}
