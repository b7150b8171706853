import type { RestEndpointMethodTypes } from '@octokit/rest';
import { AppError } from '../../protocol/errors.ts';
import type { FileDiff } from './diff.ts';
import type { CommitInfo } from './git.ts';
import { jobPage, minimalRepositoryJson, nodeId, repoApi, repoWeb, userJson } from './shapes-repository.ts';
import type { CheckRun, CommitStatus } from './state-checks.ts';
import type { Comment, Label, Repo } from './state-schema.ts';
import type { World } from './world.ts';

/** JSON of the API. The types are GitHub's own description of its answers, so a missing field does not compile. */
type Types = RestEndpointMethodTypes;
export type CommitJson = Types['repos']['getCommit']['response']['data'];
export type CheckRunJson = Types['checks']['get']['response']['data'];
export type CheckSuiteJson = Types['checks']['getSuite']['response']['data'];
type StatusJson = Types['repos']['createCommitStatus']['response']['data'];
type SimpleStatusJson = Types['repos']['getCombinedStatusForRef']['response']['data']['statuses'][number];
export type CommentJson = Types['issues']['getComment']['response']['data'];
type DiffEntryJson = Types['pulls']['listFiles']['response']['data'][number];
type LabelJson = Types['issues']['getLabel']['response']['data'];
export type RefJson = Types['git']['getRef']['response']['data'];

export function commitJson(world: World, repo: Repo, commit: CommitInfo): CommitJson {
  const url = `${repoApi(world, repo)}/commits/${commit.sha}`;
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url,
    html_url: `${repoWeb(world, repo)}/commit/${commit.sha}`,
    comments_url: `${url}/comments`,
    commit: {
      url: `${repoApi(world, repo)}/git/commits/${commit.sha}`,
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: `${repoApi(world, repo)}/git/trees/${commit.tree}` },
      verification: { verified: false, reason: 'unsigned', payload: null, signature: null, verified_at: null },
    },
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${repoApi(world, repo)}/commits/${sha}`,
      html_url: `${repoWeb(world, repo)}/commit/${sha}`,
    })),
  };
}

/** GitHub's own app runs workflows. */
function actionsAppJson(world: World): CheckRunJson['app'] {
  return {
    id: 15_368,
    client_id: 'local-actions',
    slug: 'github-actions',
    node_id: nodeId('App', 15_368),
    owner: userJson(world, { id: 3, login: 'github', type: 'Organization' }),
    name: 'GitHub Actions',
    description: 'Runs the workflows of a repository.',
    external_url: world.webUrl,
    html_url: world.webUrl,
    created_at: '2020-01-01T00:00:00Z',
    updated_at: '2020-01-01T00:00:00Z',
    permissions: { actions: 'write', checks: 'write', contents: 'read', metadata: 'read' },
    events: ['check_run', 'check_suite'],
  };
}

function appJson(world: World, run: CheckRun): CheckRunJson['app'] {
  if (run.workflowRunId !== null) return actionsAppJson(world);
  return {
    id: 1,
    slug: 'local-checks',
    node_id: nodeId('App', 1),
    owner: userJson(world, { id: 2, login: 'local-checks', type: 'Organization' }),
    name: 'Local checks',
    description: 'Runs npm test of the head of a pull request.',
    external_url: world.webUrl,
    html_url: world.webUrl,
    created_at: '2020-01-01T00:00:00Z',
    updated_at: '2020-01-01T00:00:00Z',
    permissions: { checks: 'write', contents: 'read', metadata: 'read' },
    events: ['check_run', 'check_suite'],
  };
}

export function pullReferences(world: World, repo: Repo, sha: string): CheckRunJson['pull_requests'] {
  const place = { id: repo.id, url: repoApi(world, repo), name: repo.name };
  return world.store.state.pulls
    .filter((pull) => pull.repoId === repo.id && pull.headSha === sha && pull.state === 'open')
    .map((pull) => ({
      id: pull.id,
      number: pull.number,
      url: `${repoApi(world, repo)}/pulls/${pull.number}`,
      head: { ref: pull.headRef, sha: pull.headSha, repo: place },
      base: { ref: pull.baseRef, sha: pull.baseSha, repo: place },
    }));
}

export function checkRunJson(world: World, repo: Repo, run: CheckRun): CheckRunJson {
  const url = `${repoApi(world, repo)}/check-runs/${run.id}`;
  const isJob = run.workflowRunId !== null;
  const page =
    run.workflowRunId === null
      ? `${repoWeb(world, repo)}/runs/${run.id}`
      : jobPage(world, repo, run.workflowRunId, run.id);
  return {
    id: run.id,
    head_sha: run.sha,
    node_id: nodeId('CheckRun', run.id),
    external_id: '',
    url,
    html_url: page,
    details_url: page,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      // A job says what it has to say in its log.
      title: isJob ? null : run.title,
      summary: isJob ? null : run.summary,
      text: null,
      annotations_count: 0,
      annotations_url: `${url}/annotations`,
    },
    name: run.name,
    check_suite: { id: run.suiteId },
    app: appJson(world, run),
    pull_requests: pullReferences(world, repo, run.sha),
  };
}

const isFailed = ({ conclusion }: CheckRun): boolean => conclusion !== 'success' && conclusion !== 'skipped';

/** Of the runs of one suite, at least one. */
export function checkSuiteJson(world: World, repo: Repo, runs: readonly CheckRun[], head: CommitInfo): CheckSuiteJson {
  const run = runs.find(({ status }) => status !== 'completed') ?? runs.find(isFailed) ?? runs[0];
  if (run === undefined) throw new AppError({ code: 'internal', message: 'A check suite without a run.' });
  const url = `${repoApi(world, repo)}/check-suites/${run.suiteId}`;
  return {
    id: run.suiteId,
    node_id: nodeId('CheckSuite', run.suiteId),
    head_branch: run.branch,
    head_sha: run.sha,
    status: run.status,
    conclusion: run.conclusion,
    url,
    before: head.parents[0] ?? null,
    after: run.sha,
    pull_requests: pullReferences(world, repo, run.sha),
    app: appJson(world, run),
    repository: minimalRepositoryJson(world, repo),
    created_at: run.createdAt,
    updated_at: run.completedAt ?? run.startedAt ?? run.createdAt,
    head_commit: {
      id: head.sha,
      tree_id: head.tree,
      message: head.message,
      timestamp: head.committer.date,
      author: { name: head.author.name, email: head.author.email },
      committer: { name: head.committer.name, email: head.committer.email },
    },
    latest_check_runs_count: runs.length,
    check_runs_url: `${url}/check-runs`,
  };
}

export function simpleStatusJson(world: World, repo: Repo, status: CommitStatus): SimpleStatusJson {
  return {
    id: status.id,
    node_id: nodeId('Status', status.id),
    url: `${repoApi(world, repo)}/statuses/${status.sha}`,
    avatar_url: null,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
  };
}

export function statusJson(world: World, repo: Repo, status: CommitStatus): StatusJson {
  const creator = userJson(world, world.store.account(status.login, 'User'));
  return { ...simpleStatusJson(world, repo, status), creator };
}

export function commentJson(world: World, repo: Repo, comment: Comment): CommentJson {
  const issue = `${repoApi(world, repo)}/issues/${comment.number}`;
  const { pulls } = world.store.state;
  const isOfPull = pulls.some((pull) => pull.repoId === repo.id && pull.number === comment.number);
  const kind = isOfPull ? 'pull' : 'issues';
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url: `${repoApi(world, repo)}/issues/comments/${comment.id}`,
    html_url: `${repoWeb(world, repo)}/${kind}/${comment.number}#issuecomment-${comment.id}`,
    issue_url: issue,
    body: comment.body,
    user: userJson(world, world.store.account(comment.login, 'User')),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: world.accounts.association(repo, comment.login),
  };
}

export function labelJson(world: World, repo: Repo, label: Label): LabelJson {
  return {
    id: label.id,
    node_id: nodeId('Label', label.id),
    url: `${repoApi(world, repo)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    description: label.description,
    color: label.color,
    default: false,
  };
}

/** A file of a pull request, of a commit or of a comparison. */
export function diffEntryJson(world: World, repo: Repo, file: FileDiff, sha: string): DiffEntryJson {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  return {
    sha: file.blob,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${repoWeb(world, repo)}/blob/${sha}/${path}`,
    raw_url: `${repoWeb(world, repo)}/raw/${sha}/${path}`,
    contents_url: `${repoApi(world, repo)}/contents/${path}?ref=${sha}`,
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  };
}

export function refJson(world: World, repo: Repo, entry: { ref: string; sha: string; type: string }): RefJson {
  const kind = entry.type === 'tag' ? 'tags' : 'commits';
  return {
    ref: entry.ref,
    node_id: nodeId('Ref', `${repo.id}:${entry.ref}`),
    url: `${repoApi(world, repo)}/git/${entry.ref}`,
    object: { type: entry.type, sha: entry.sha, url: `${repoApi(world, repo)}/git/${kind}/${entry.sha}` },
  };
}
