import type { RestEndpointMethodTypes } from '@octokit/rest';
import { makeMergeCommit } from './merging.ts';
import { labelsOf, personOf, pullCommits, pullFiles } from './pulls.ts';
import { mergeableState } from './requirements.ts';
import { labelJson } from './shapes.ts';
import { nestedRepositoryJson, nodeId, repoApi, repoWeb, userJson } from './shapes-repository.ts';
import type { Pull, Repo } from './state-schema.ts';
import { USER_LOGIN } from './user-login.ts';
import type { World } from './world.ts';

export type PullJson = RestEndpointMethodTypes['pulls']['get']['response']['data'];
type SimplePullJson = RestEndpointMethodTypes['pulls']['list']['response']['data'][number];
export type FileJson = RestEndpointMethodTypes['pulls']['listFiles']['response']['data'][number];
type TeamJson = NonNullable<SimplePullJson['requested_teams']>[number];

/** Commit of a trial merge, or null when it conflicts. Always the same commit for the same base and head. */
export async function trialMerge(world: World, repo: Repo, pull: Pull): Promise<string | null> {
  const repoDir = world.store.repoDir(repo);
  const request = { repoDir, base: pull.baseSha, head: pull.headSha, person: personOf(USER_LOGIN), atSeconds: 0 };
  return makeMergeCommit(world.git, request, `Merge ${pull.headSha} into ${pull.baseSha}`);
}

export function teamJson(world: World, repo: Repo, slug: string): TeamJson {
  const url = `${world.apiUrl}/orgs/${repo.owner}/teams/${slug}`;
  return {
    id: [...slug].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003, 7),
    node_id: nodeId('Team', slug),
    url,
    html_url: `${world.webUrl}/orgs/${repo.owner}/teams/${slug}`,
    name: slug,
    slug,
    description: null,
    permission: 'push',
    privacy: 'closed',
    notification_setting: 'notifications_enabled',
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    parent: null,
    type: 'organization',
    organization_id: world.store.owner(repo.owner).id,
  };
}

export function pullUrls(world: World, repo: Repo, pull: Pull) {
  const url = `${repoApi(world, repo)}/pulls/${pull.number}`;
  const issue = `${repoApi(world, repo)}/issues/${pull.number}`;
  const page = `${repoWeb(world, repo)}/pull/${pull.number}`;
  const statuses = `${repoApi(world, repo)}/statuses/${pull.headSha}`;
  const reviewComment = `${repoApi(world, repo)}/pulls/comments{/number}`;
  return {
    url,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issue,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: reviewComment,
    comments_url: `${issue}/comments`,
    statuses_url: statuses,
    _links: {
      self: { href: url },
      html: { href: page },
      issue: { href: issue },
      comments: { href: `${issue}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: reviewComment },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses },
    },
  };
}

function pullFields(world: World, repo: Repo, pull: Pull) {
  const owner = userJson(world, world.store.owner(repo.owner));
  const person = (login: string) => userJson(world, world.store.account(login, 'User'));
  const place = nestedRepositoryJson(world, repo);
  return {
    ...pullUrls(world, repo, pull),
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: person(pull.login),
    body: pull.body,
    labels: labelsOf(world, repo, pull.labels).map((label) => ({
      ...labelJson(world, repo, label),
      description: label.description ?? '',
    })),
    milestone: null,
    active_lock_reason: null,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeSha,
    assignee: pull.assignees[0] === undefined ? null : person(pull.assignees[0]),
    assignees: pull.assignees.map(person),
    requested_reviewers: pull.reviewers.map(person),
    requested_teams: pull.teams.map((slug) => teamJson(world, repo, slug)),
    head: { label: `${repo.owner}:${pull.headRef}`, ref: pull.headRef, sha: pull.headSha, user: owner, repo: place },
    base: { label: `${repo.owner}:${pull.baseRef}`, ref: pull.baseRef, sha: pull.baseSha, user: owner, repo: place },
    author_association: world.accounts.association(repo, pull.login),
    auto_merge:
      pull.autoMerge === null
        ? null
        : {
            enabled_by: person(pull.autoMerge.login),
            merge_method: pull.autoMerge.method,
            commit_title: pull.autoMerge.title ?? '',
            commit_message: pull.autoMerge.text ?? '',
          },
    draft: pull.draft,
  };
}

export function simplePullJson(world: World, repo: Repo, pull: Pull): SimplePullJson {
  return pullFields(world, repo, pull);
}

export async function pullJson(world: World, repo: Repo, pull: Pull): Promise<PullJson> {
  // GitHub finds out in the background whether a pull request merges, and says null until it knows.
  const isKnown = pull.state === 'open' && world.mergeability.isKnown();
  const trial = isKnown ? await trialMerge(world, repo, pull) : null;
  const files = await pullFiles(world, repo, pull);
  const commits = await pullCommits(world, repo, pull);
  const mergeable = isKnown ? trial !== null : null;
  const comments = world.store.state.comments.filter(
    (comment) => comment.repoId === repo.id && comment.number === pull.number,
  );
  return {
    ...pullFields(world, repo, pull),
    merge_commit_sha: pull.mergeSha ?? trial,
    merged: pull.mergedAt !== null,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: await mergeableState(world, repo, pull, mergeable),
    merged_by: pull.mergedAt === null ? null : userJson(world, world.store.account(pull.mergedBy, 'User')),
    comments: comments.length,
    review_comments: world.store.state.reviewComments.filter(
      (comment) => comment.repoId === repo.id && comment.number === pull.number,
    ).length,
    maintainer_can_modify: false,
    commits: commits.length,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: files.length,
  };
}
