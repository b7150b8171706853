import type { RestEndpointMethodTypes } from '@octokit/rest';
import { type Call, notFound } from './http.ts';
import { labelsOf } from './pulls.ts';
import { labelJson } from './shapes.ts';
import { pullUrls } from './shapes-pulls.ts';
import { nodeId, repoApi, repoWeb, userJson } from './shapes-repository.ts';
import type { Issue, Pull, Repo } from './state-schema.ts';
import type { World } from './world.ts';

export type IssueJson = RestEndpointMethodTypes['issues']['get']['response']['data'];

/** What has a number in a repository: GitHub serves every pull request as an issue too. */
export type Thread = Issue | Pull;
export const isPull = (thread: Thread): thread is Pull => 'headRef' in thread;

/** All of a repository, by number. */
export function threadsOf(world: World, repo: Repo): Thread[] {
  const { issues, pulls } = world.store.state;
  return [...issues, ...pulls].filter(({ repoId }) => repoId === repo.id).sort((a, b) => a.number - b.number);
}

/** The issue or pull request that a call names, or GitHub's 404. */
export function threadOf(world: World, repo: Repo, call: Call): Thread {
  const number = Number(call.params.number);
  const thread = threadsOf(world, repo).find((entry) => entry.number === number);
  if (thread === undefined) throw notFound();
  return thread;
}

export function issueJson(world: World, repo: Repo, thread: Thread): IssueJson {
  const url = `${repoApi(world, repo)}/issues/${thread.number}`;
  const person = (login: string) => userJson(world, world.store.account(login, 'User'));
  const closer = isPull(thread) ? (thread.mergedAt === null ? thread.login : thread.mergedBy) : thread.closedBy;
  return {
    id: thread.id,
    node_id: nodeId(isPull(thread) ? 'PullRequest' : 'Issue', thread.id),
    url,
    repository_url: repoApi(world, repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: `${repoWeb(world, repo)}/${isPull(thread) ? 'pull' : 'issues'}/${thread.number}`,
    number: thread.number,
    state: thread.state,
    state_reason: isPull(thread) ? null : thread.stateReason,
    title: thread.title,
    body: thread.body,
    user: person(thread.login),
    labels: labelsOf(world, repo, thread.labels).map((label) => labelJson(world, repo, label)),
    assignee: thread.assignees[0] === undefined ? null : person(thread.assignees[0]),
    assignees: thread.assignees.map(person),
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: world.store.state.comments.filter((entry) => entry.repoId === repo.id && entry.number === thread.number)
      .length,
    closed_at: thread.closedAt,
    created_at: thread.createdAt,
    updated_at: thread.updatedAt,
    closed_by: thread.closedAt === null || closer === null ? null : person(closer),
    author_association: world.accounts.association(repo, thread.login),
    ...(isPull(thread) ? pullPart(world, repo, thread) : {}),
  };
}

function pullPart(world: World, repo: Repo, pull: Pull): Pick<IssueJson, 'pull_request' | 'draft'> {
  const { url, html_url, diff_url, patch_url } = pullUrls(world, repo, pull);
  return { pull_request: { url, html_url, diff_url, patch_url, merged_at: pull.mergedAt }, draft: pull.draft };
}
