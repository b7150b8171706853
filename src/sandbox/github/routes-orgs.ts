import type { RestEndpointMethodTypes } from '@octokit/rest';
import { ApiError, type Call, notFound, paginate, type Reply, type Route, reply } from './http.ts';
import { createRepository } from './routes-repos.ts';
import { minimalRepositoryJson, nodeId } from './shapes-repository.ts';
import { same } from './state.ts';
import type { Owner } from './state-schema.ts';
import type { World } from './world.ts';

type OrganizationJson = RestEndpointMethodTypes['orgs']['get']['response']['data'];

function organizationOf(world: World, call: Call): Owner {
  const login = call.params.org ?? '';
  const found = world.store.state.owners.find((owner) => same(owner.login, login));
  if (found?.type !== 'Organization') throw notFound();
  return found;
}

function organizationJson(world: World, owner: Owner): OrganizationJson {
  const url = `${world.apiUrl}/orgs/${owner.login}`;
  const repos = world.store.state.repos.filter((repo) => same(repo.owner, owner.login) && !repo.private).length;
  return {
    login: owner.login,
    id: owner.id,
    node_id: nodeId('Organization', owner.id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${world.webUrl}/avatars/${owner.login}`,
    description: null,
    name: owner.login,
    html_url: `${world.webUrl}/${owner.login}`,
    created_at: '2020-01-01T00:00:00Z',
    updated_at: '2020-01-01T00:00:00Z',
    archived_at: null,
    type: 'Organization',
    has_organization_projects: false,
    has_repository_projects: false,
    public_repos: repos,
    public_gists: 0,
    followers: 0,
    following: 0,
    members_can_create_repositories: true,
  };
}

/** Organizations that the stand-in was not told of are made with their first repository, by the default user. */
async function createOrganizationRepository(world: World, call: Call): Promise<Reply> {
  const login = call.params.org ?? '';
  const { owners } = world.store.state;
  const known = owners.find((owner) => same(owner.login, login));
  if (known?.type === 'User' || (known === undefined && !world.accounts.mayFoundOrganizations(call.user.login))) {
    throw notFound();
  }
  const refusal = world.accounts.refusalToCreate(login, call.user.login);
  if (refusal !== null) throw new ApiError(403, refusal);
  return createRepository(world, login, call);
}

function listRepositories(world: World, call: Call): Reply {
  const owner = organizationOf(world, call);
  const seen = world.store.state.repos.filter(
    (repo) => same(repo.owner, owner.login) && world.accounts.role(repo, call.user.login) !== 'none',
  );
  const page = paginate(call, seen);
  return reply(
    200,
    page.items.map((repo) => minimalRepositoryJson(world, repo)),
    page.headers,
  );
}

export const organizationRoutes = (world: World): Route[] => [
  {
    method: 'GET',
    path: '/orgs/:org',
    handle: (call) => reply(200, organizationJson(world, organizationOf(world, call))),
  },
  { method: 'GET', path: '/orgs/:org/repos', handle: (call) => listRepositories(world, call) },
  { method: 'POST', path: '/orgs/:org/repos', handle: (call) => createOrganizationRepository(world, call) },
];
