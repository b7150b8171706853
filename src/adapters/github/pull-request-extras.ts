import * as z from 'zod';
import type { ForgeRepository, PullRequestRequest } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { GithubClient } from './client.ts';
import { limitWaitMs, statusOf, wordsOf } from './errors.ts';
import { place, slug } from './places.ts';
import type { Pull } from './pulls.ts';
import { readReviews } from './reviews.ts';

/** GitHub's own colour for a label that nobody chose one for. */
const LABEL_COLOR = 'ededed';

const includes = (list: readonly string[], wanted: string): boolean =>
  list.some((entry) => entry.toLowerCase() === wanted.toLowerCase());

export async function addLabels(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  labels: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const present = pull.labels.map((label) => label.name);
  const missing = labels.filter((label) => !includes(present, label));
  if (missing.length === 0) return;
  for (const label of missing) await ensureLabel(client, repository, label, signal);
  const doing = `labelling the pull request #${pull.number} of ${slug(repository)}`;
  await client.call({ doing, kind: 'write', schema: z.unknown() }, signal, (octokit, options) =>
    octokit.rest.issues.addLabels({ ...place(repository), issue_number: pull.number, labels: missing, ...options }),
  );
}

async function ensureLabel(
  client: GithubClient,
  repository: ForgeRepository,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const doing = `making the label ${name} in ${slug(repository)}`;
  try {
    await client.call({ doing, kind: 'read', schema: z.unknown() }, signal, (octokit, options) =>
      octokit.rest.issues.getLabel({ ...place(repository), name, ...options }),
    );
  } catch (missing) {
    if (statusOf(missing) !== 404) throw missing;
    try {
      await client.call({ doing, kind: 'write', schema: z.unknown() }, signal, (octokit, options) =>
        octokit.rest.issues.createLabel({ ...place(repository), name, color: LABEL_COLOR, ...options }),
      );
    } catch (error) {
      // Somebody made it in the meantime, or GitHub says later what it does not like about the name.
      if (statusOf(error) !== 422) throw error;
    }
  }
}

interface Reviewers {
  reviewers: string[];
  team_reviewers: string[];
}

/** Who was asked once, and has reviewed since, is not asked again. */
export async function askReviewers(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  request: PullRequestRequest,
  signal: AbortSignal,
): Promise<void> {
  const asked = (pull.requested_reviewers ?? []).map(({ login }) => login);
  const askedTeams = (pull.requested_teams ?? []).map((team) => team.slug);
  const missing = request.reviewers.filter((reviewer) => !includes(asked, reviewer));
  const missingTeams = request.teamReviewers.filter((team) => !includes(askedTeams, team));
  if (missing.length + missingTeams.length === 0) return;
  const reviews = await readReviews(client, repository, pull.number, signal);
  const author = pull.user?.login ?? '';
  const seen = reviews.flatMap(({ user }) => (user === null || user.login === author ? [] : user.login));
  const reviewers = missing.filter((reviewer) => !includes(seen, reviewer) && !isAuthor(client, author, reviewer));
  // A team leaves the list with the first review of a member, and GitHub does not say whose member that was.
  const teams = seen.length > 0 ? [] : missingTeams;
  if (reviewers.length + teams.length === 0) return;
  if (await ask(client, repository, pull, { reviewers, team_reviewers: teams }, signal, false)) return;
  // One who cannot review makes GitHub refuse all of them.
  for (const reviewer of reviewers) {
    await ask(client, repository, pull, { reviewers: [reviewer], team_reviewers: [] }, signal, true);
  }
  for (const team of teams) {
    await ask(client, repository, pull, { reviewers: [], team_reviewers: [team] }, signal, true);
  }
}

function isAuthor(client: GithubClient, author: string, reviewer: string): boolean {
  if (author.toLowerCase() !== reviewer.toLowerCase()) return false;
  client.log.warn('A reviewer was left out: nobody reviews a pull request of their own.', { reviewer });
  return true;
}

/** False when GitHub refuses; which fails nothing. */
async function ask(
  client: GithubClient,
  repository: ForgeRepository,
  pull: Pull,
  whom: Reviewers,
  signal: AbortSignal,
  isLast: boolean,
): Promise<boolean> {
  const doing = `asking for reviews of the pull request #${pull.number} of ${slug(repository)}`;
  try {
    await client.call({ doing, kind: 'write', schema: z.unknown() }, signal, (octokit, options) =>
      octokit.rest.pulls.requestReviewers({ ...place(repository), pull_number: pull.number, ...whom, ...options }),
    );
    return true;
  } catch (error) {
    const isRefusal = error instanceof AppError && [403, 404, 422].includes(statusOf(error) ?? 0);
    if (!isRefusal || limitWaitMs(error) !== null) throw error;
    if (isLast) {
      const [reviewer = whom.team_reviewers[0] ?? ''] = whom.reviewers;
      client.log.warn('A reviewer was left out: GitHub refused to ask them.', { reviewer, said: wordsOf(error) });
    }
    return false;
  }
}
