import type { RestEndpointMethodTypes } from '@octokit/rest';
import type { Owner, Repo } from './state-schema.ts';
import { USER_LOGIN } from './user-login.ts';
import type { World } from './world.ts';

/** Repositories and users as JSON of the API; see shapes.ts. */
type Types = RestEndpointMethodTypes;
export type RepositoryJson = Types['repos']['get']['response']['data'];
type NestedRepositoryJson = Types['pulls']['get']['response']['data']['head']['repo'];
type MinimalRepositoryJson = Types['repos']['getCombinedStatusForRef']['response']['data']['repository'];
type UserJson = Types['pulls']['get']['response']['data']['user'];
type PrivateUserJson = Extract<
  Types['users']['getAuthenticated']['response']['data'],
  { two_factor_authentication: boolean }
>;

export const nodeId = (kind: string, id: number | string): string =>
  Buffer.from(`${kind}:${id}`, 'utf8').toString('base64');

export const repoApi = (world: World, repo: Repo): string => `${world.apiUrl}/repos/${repo.owner}/${repo.name}`;
export const repoWeb = (world: World, repo: Repo): string => `${world.webUrl}/${repo.owner}/${repo.name}`;

export const jobPage = (world: World, repo: Repo, runId: number, jobId: number): string =>
  `${repoWeb(world, repo)}/actions/runs/${runId}/job/${jobId}`;

export function userJson(world: World, owner: Owner): UserJson {
  const url = `${world.apiUrl}/users/${owner.login}`;
  return {
    login: owner.login,
    id: owner.id,
    node_id: nodeId(owner.type, owner.id),
    avatar_url: `${world.webUrl}/avatars/${owner.login}`,
    gravatar_id: '',
    url,
    html_url: `${world.webUrl}/${owner.login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: owner.type,
    site_admin: false,
  };
}

export function privateUserJson(world: World, owner: Owner): PrivateUserJson {
  const own = world.store.state.repos.filter((repo) => repo.owner === owner.login);
  const privateCount = own.filter((repo) => repo.private).length;
  return {
    ...userJson(world, owner),
    name: owner.login === USER_LOGIN ? 'Local Developer' : owner.login,
    company: null,
    blog: '',
    location: null,
    email: `${owner.login}@users.noreply.localhost`,
    hireable: null,
    bio: null,
    public_repos: own.length - privateCount,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: '2020-01-01T00:00:00Z',
    updated_at: '2020-01-01T00:00:00Z',
    private_gists: 0,
    total_private_repos: privateCount,
    owned_private_repos: privateCount,
    disk_usage: own.reduce((sum, repo) => sum + repo.sizeKb, 0),
    collaborators: 0,
    two_factor_authentication: true,
  };
}

function repositoryUrls(world: World, repo: Repo) {
  const url = repoApi(world, repo);
  const web = repoWeb(world, repo);
  return {
    url,
    html_url: web,
    clone_url: `${web}.git`,
    git_url: `${web}.git`,
    ssh_url: `${web}.git`,
    svn_url: web,
    mirror_url: null,
    archive_url: `${url}/{archive_format}{/ref}`,
    assignees_url: `${url}/assignees{/user}`,
    blobs_url: `${url}/git/blobs{/sha}`,
    branches_url: `${url}/branches{/branch}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    comments_url: `${url}/comments{/number}`,
    commits_url: `${url}/commits{/sha}`,
    compare_url: `${url}/compare/{base}...{head}`,
    contents_url: `${url}/contents/{+path}`,
    contributors_url: `${url}/contributors`,
    deployments_url: `${url}/deployments`,
    downloads_url: `${url}/downloads`,
    events_url: `${url}/events`,
    forks_url: `${url}/forks`,
    git_commits_url: `${url}/git/commits{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    hooks_url: `${url}/hooks`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    issue_events_url: `${url}/issues/events{/number}`,
    issues_url: `${url}/issues{/number}`,
    keys_url: `${url}/keys{/key_id}`,
    labels_url: `${url}/labels{/name}`,
    languages_url: `${url}/languages`,
    merges_url: `${url}/merges`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    pulls_url: `${url}/pulls{/number}`,
    releases_url: `${url}/releases{/id}`,
    stargazers_url: `${url}/stargazers`,
    statuses_url: `${url}/statuses/{sha}`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    tags_url: `${url}/tags`,
    teams_url: `${url}/teams`,
    trees_url: `${url}/git/trees{/sha}`,
  };
}

/** A repository as it appears inside other answers. */
export function nestedRepositoryJson(world: World, repo: Repo): NestedRepositoryJson {
  const open = world.store.state.pulls.filter((pull) => pull.repoId === repo.id && pull.state === 'open').length;
  return {
    id: repo.id,
    node_id: nodeId('Repository', repo.id),
    name: repo.name,
    full_name: `${repo.owner}/${repo.name}`,
    owner: userJson(world, world.store.owner(repo.owner)),
    private: repo.private,
    description: repo.description,
    fork: false,
    ...repositoryUrls(world, repo),
    homepage: repo.homepage,
    language: null,
    license: null,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    size: repo.sizeKb,
    default_branch: repo.defaultBranch,
    open_issues: open,
    open_issues_count: open,
    is_template: false,
    topics: [],
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: false,
    has_discussions: false,
    archived: repo.archived,
    disabled: false,
    visibility: repo.private ? 'private' : 'public',
    pushed_at: repo.pushedAt,
    created_at: repo.createdAt,
    updated_at: repo.updatedAt,
    permissions: { admin: true, maintain: true, push: true, triage: true, pull: true },
    allow_forking: true,
    web_commit_signoff_required: false,
  };
}

export function minimalRepositoryJson(world: World, repo: Repo): MinimalRepositoryJson {
  const { license: _license, ...rest } = nestedRepositoryJson(world, repo);
  return rest;
}

function permissionsOf(world: World, repo: Repo, login: string): NonNullable<RepositoryJson['permissions']> {
  const role = world.accounts.role(repo, login);
  const admin = role === 'admin';
  const push = admin || role === 'write';
  return { admin, maintain: admin, push, triage: push, pull: role !== 'none' };
}

/** As one person sees it: `permissions` are that person's. */
export function repositoryJson(world: World, repo: Repo, login: string): RepositoryJson {
  const { temp_clone_token: _clone, starred_at: _starred, ...nested } = nestedRepositoryJson(world, repo);
  const owner = world.store.owner(repo.owner);
  return {
    ...nested,
    permissions: permissionsOf(world, repo, login),
    has_discussions: false,
    pushed_at: repo.pushedAt,
    created_at: repo.createdAt,
    updated_at: repo.updatedAt,
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    allow_auto_merge: repo.allowAutoMerge,
    allow_update_branch: false,
    delete_branch_on_merge: false,
    subscribers_count: 0,
    network_count: 0,
    ...(owner.type === 'Organization' ? { organization: userJson(world, owner) } : {}),
  };
}
