import type { RestEndpointMethodTypes } from '@octokit/rest';
import { diffFiles, type FileDiff } from './diff.ts';
import { branchTip, isAncestor, listRefs, mergeBase, readCommits } from './git.ts';
import { type Call, notFound } from './http.ts';
import { makeMergeCommit, type Person } from './merging.ts';
import { labelJson } from './shapes.ts';
import { nestedRepositoryJson, nodeId, repoApi, repoWeb, userJson } from './shapes-repository.ts';
import { type Label, type Pull, type Repo, USER_LOGIN } from './state.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

export type PullJson = RestEndpointMethodTypes['pulls']['get']['response']['data'];
type SimplePullJson = RestEndpointMethodTypes['pulls']['list']['response']['data'][number];
export type FileJson = RestEndpointMethodTypes['pulls']['listFiles']['response']['data'][number];
export type IssueJson = RestEndpointMethodTypes['issues']['get']['response']['data'];

export const PERSON: Person = { name: 'Local Developer', email: `${USER_LOGIN}@users.noreply.localhost` };

/** Brings what is recorded about a repository in line with its refs: after a push, a merge, a start. */
export async function refreshRepository(world: World, repo: Repo): Promise<void> {
  const { git, store } = world;
  const repoDir = store.repoDir(repo);
  const branches = await listRefs(git, repoDir, 'refs/heads/');
  const first = branches[0];
  if (first !== undefined && !branches.some(({ ref }) => ref === `refs/heads/${repo.defaultBranch}`)) {
    // The first branch that is pushed becomes the default one.
    repo.defaultBranch = first.ref.slice('refs/heads/'.length);
    await git.text(repoDir, ['symbolic-ref', 'HEAD', first.ref]);
  }
  const counts = await git.text(repoDir, ['count-objects', '-v']);
  repo.sizeKb = [...counts.matchAll(/^size(?:-pack)?: (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
  for (const pull of store.state.pulls) {
    if (pull.repoId === repo.id && pull.state === 'open') await refreshPull(world, repo, pull);
  }
  store.save();
}

async function refreshPull(world: World, repo: Repo, pull: Pull): Promise<void> {
  const { git, store, clock } = world;
  const repoDir = store.repoDir(repo);
  const head = await branchTip(git, repoDir, pull.headRef);
  const base = await branchTip(git, repoDir, pull.baseRef);
  if (head === null || base === null) {
    closePull(pull, timestamp(clock));
    return;
  }
  if (await isAncestor(git, repoDir, head, base)) {
    // Somebody pushed the head into the base: GitHub calls that merged too.
    closePull(pull, timestamp(clock));
    pull.mergedAt = pull.closedAt;
    pull.mergeSha = base;
    pull.headSha = head;
    return;
  }
  if (head !== pull.headSha) {
    pull.headSha = head;
    pull.updatedAt = timestamp(clock);
  }
  pull.baseSha = base;
  // Keeps the commits of the head when its branch is deleted.
  await git.text(repoDir, ['update-ref', `refs/pull/${pull.number}/head`, head]);
  world.checks.add(repo, head, pull.headRef);
}

export function closePull(pull: Pull, at: string): void {
  pull.state = 'closed';
  pull.closedAt = at;
  pull.updatedAt = at;
}

/** The pull request that a call names, or GitHub's 404. */
export function pullOf(world: World, repo: Repo, call: Call): Pull {
  const number = Number(call.params.number);
  const pull = world.store.state.pulls.find((entry) => entry.repoId === repo.id && entry.number === number);
  if (pull === undefined) throw notFound();
  return pull;
}

export async function pullFiles(world: World, repo: Repo, pull: Pull): Promise<FileDiff[]> {
  const repoDir = world.store.repoDir(repo);
  const from = await mergeBase(world.git, repoDir, pull.baseSha, pull.headSha);
  return from === null ? [] : diffFiles(world.git, repoDir, from, pull.headSha);
}

/** Oldest first, as GitHub lists them. */
export const pullCommits = (world: World, repo: Repo, pull: Pull) =>
  readCommits(world.git, world.store.repoDir(repo), ['--reverse', '--topo-order', `${pull.baseSha}..${pull.headSha}`]);

/** Commit of a trial merge, or null when it conflicts. Always the same commit for the same base and head. */
async function trialMerge(world: World, repo: Repo, pull: Pull): Promise<string | null> {
  const repoDir = world.store.repoDir(repo);
  const request = { repoDir, base: pull.baseSha, head: pull.headSha, person: PERSON, atSeconds: 0 };
  return makeMergeCommit(world.git, request, `Merge ${pull.headSha} into ${pull.baseSha}`);
}

export function labelsOf(world: World, repo: Repo, pull: Pull): Label[] {
  return world.store.state.labels.filter((label) => label.repoId === repo.id && pull.labels.includes(label.name));
}

function pullUrls(world: World, repo: Repo, pull: Pull) {
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
  const user = userJson(world, world.store.owner(USER_LOGIN));
  const owner = userJson(world, world.store.owner(repo.owner));
  const place = nestedRepositoryJson(world, repo);
  return {
    ...pullUrls(world, repo, pull),
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user,
    body: pull.body,
    labels: labelsOf(world, repo, pull).map((label) => ({ ...labelJson(world, repo, label), description: '' })),
    milestone: null,
    active_lock_reason: null,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeSha,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: { label: `${repo.owner}:${pull.headRef}`, ref: pull.headRef, sha: pull.headSha, user: owner, repo: place },
    base: { label: `${repo.owner}:${pull.baseRef}`, ref: pull.baseRef, sha: pull.baseSha, user: owner, repo: place },
    author_association: 'OWNER' as const,
    auto_merge: null,
    draft: pull.draft,
  };
}

export function simplePullJson(world: World, repo: Repo, pull: Pull): SimplePullJson {
  return pullFields(world, repo, pull);
}

export async function pullJson(world: World, repo: Repo, pull: Pull): Promise<PullJson> {
  const trial = pull.state === 'open' ? await trialMerge(world, repo, pull) : null;
  const files = await pullFiles(world, repo, pull);
  const commits = await pullCommits(world, repo, pull);
  const mergeable = pull.state === 'open' ? trial !== null : null;
  const comments = world.store.state.comments.filter(
    (comment) => comment.repoId === repo.id && comment.number === pull.number,
  );
  return {
    ...pullFields(world, repo, pull),
    merge_commit_sha: pull.mergeSha ?? trial,
    merged: pull.mergedAt !== null,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: mergeableState(world, repo, pull, mergeable),
    merged_by: pull.mergedAt === null ? null : userJson(world, world.store.owner(USER_LOGIN)),
    comments: comments.length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: commits.length,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: files.length,
  };
}

function mergeableState(world: World, repo: Repo, pull: Pull, mergeable: boolean | null): string {
  if (mergeable === null) return 'unknown';
  if (!mergeable) return 'dirty';
  if (pull.draft) return 'draft';
  const { checkRuns } = world.store.state;
  const runs = checkRuns.filter((run) => run.repoId === repo.id && run.sha === pull.headSha);
  return runs.every((run) => run.conclusion === 'success') ? 'clean' : 'unstable';
}

export function issueJson(world: World, repo: Repo, pull: Pull): IssueJson {
  const { url, html_url, diff_url, patch_url, issue_url } = pullUrls(world, repo, pull);
  const user = userJson(world, world.store.owner(USER_LOGIN));
  return {
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    url: issue_url,
    repository_url: repoApi(world, repo),
    labels_url: `${issue_url}/labels{/name}`,
    comments_url: `${issue_url}/comments`,
    events_url: `${issue_url}/events`,
    html_url,
    number: pull.number,
    state: pull.state,
    state_reason: null,
    title: pull.title,
    body: pull.body,
    user,
    labels: labelsOf(world, repo, pull).map((label) => labelJson(world, repo, label)),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: world.store.state.comments.filter((entry) => entry.repoId === repo.id && entry.number === pull.number)
      .length,
    pull_request: { url, html_url, diff_url, patch_url, merged_at: pull.mergedAt },
    closed_at: pull.closedAt,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    draft: pull.draft,
    closed_by: pull.closedAt === null ? null : user,
    author_association: 'OWNER',
  };
}
