import * as z from 'zod';
import type { Issue, IssuePlace } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { GithubClient } from './client.ts';
import { statusOf } from './errors.ts';
import { PAGE_SIZE, place, slug } from './places.ts';

const IssueAnswer = z.object({
  number: z.int(),
  title: z.string(),
  body: z.string().nullish(),
  html_url: z.string(),
  state: z.enum(['open', 'closed']),
  labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])),
  /** GitHub lists pull requests as issues too. */
  pull_request: z.unknown().optional(),
  repository_url: z.string().optional(),
});
type IssueAnswer = z.infer<typeof IssueAnswer>;

const MOST_ISSUES = 50;
/** Pages that are read to find so many issues among pull requests. */
const MOST_PAGES = 3;

export async function readIssue(client: GithubClient, asked: IssuePlace, signal: AbortSignal): Promise<Issue> {
  const where = `${slug(asked)}#${asked.number}`;
  const request = { doing: `reading the issue ${where}`, kind: 'read', schema: IssueAnswer } as const;
  let found: IssueAnswer;
  try {
    found = await client.call(request, signal, (octokit, options) =>
      octokit.rest.issues.get({ ...place(asked), issue_number: asked.number, ...options }),
    );
  } catch (error) {
    if (statusOf(error) !== 410) throw error;
    throw noIssue(where, 'was deleted, or issues are turned off in its repository', error);
  }
  if (found.pull_request !== undefined) throw noIssue(where, 'is a pull request and no issue');
  return toIssue(asked, found);
}

export async function listIssues(
  client: GithubClient,
  repository: { owner: string; name: string },
  signal: AbortSignal,
): Promise<Issue[]> {
  const issues: Issue[] = [];
  for (let page = 1; page <= MOST_PAGES && issues.length < MOST_ISSUES; page += 1) {
    const listed = await openPage(client, repository, page, signal);
    issues.push(
      ...listed.filter((entry) => entry.pull_request === undefined).map((entry) => toIssue(repository, entry)),
    );
    if (listed.length < PAGE_SIZE) break;
  }
  return issues.slice(0, MOST_ISSUES);
}

async function openPage(
  client: GithubClient,
  repository: { owner: string; name: string },
  page: number,
  signal: AbortSignal,
): Promise<IssueAnswer[]> {
  const doing = `reading the issues of ${slug(repository)}`;
  const order = { state: 'open', sort: 'updated', direction: 'desc', per_page: PAGE_SIZE, page } as const;
  try {
    return await client.call({ doing, kind: 'read', schema: z.array(IssueAnswer) }, signal, (octokit, options) =>
      octokit.rest.issues.listForRepo({ ...place(repository), ...order, ...options }),
    );
  } catch (error) {
    // Issues are turned off in this repository.
    if (statusOf(error) === 410) return [];
    throw error;
  }
}

/** An issue that was moved, or whose repository has a new name, is given with where it is now. */
function toIssue(asked: { owner: string; name: string }, found: IssueAnswer): Issue {
  const now = /\/repos\/([^/]+)\/([^/]+)$/.exec(found.repository_url ?? '');
  return {
    owner: now?.[1] ?? asked.owner,
    name: now?.[2] ?? asked.name,
    number: found.number,
    title: found.title,
    body: found.body ?? '',
    url: found.html_url,
    labels: found.labels.flatMap((label) => (typeof label === 'string' ? label : (label.name ?? []))),
    state: found.state,
  };
}

function noIssue(where: string, why: string, cause?: unknown): AppError {
  return new AppError({
    code: 'not_found',
    message: `${where} ${why}`,
    userMessage: `${where} ${why}. Check the number.`,
    cause,
  });
}
