import { hasPermission, hasRepositoryScope } from './accounts.ts';
import { ApiError, type Call, notFound, type Route } from './http.ts';
import { repoOf } from './routes-repos.ts';
import type { World } from './world.ts';

const WRITE_SCOPES = 'public_repo, repo';

/** The scopes that GitHub names in `x-accepted-oauth-scopes`. */
export function acceptedScopes(route: Route, isPrivate: boolean): string {
  if (route.path.startsWith('/repos/')) return route.method === 'GET' || isPrivate ? 'repo' : WRITE_SCOPES;
  if (route.path.startsWith('/orgs/')) return 'admin:org, read:org, repo, user, write:org';
  return route.method === 'GET' || route.path === '/graphql' ? '' : WRITE_SCOPES;
}

/** The permission of a fine-grained token that a route of a repository takes, by the end of its path. */
const PERMISSIONS: readonly [RegExp, string][] = [
  [/\/merge$|\/update-branch$|\/(git|contents|commits|compare|branches)(\/|$)/, 'contents'],
  [/\/pulls(\/|$)/, 'pull_requests'],
  [/\/(issues|labels)(\/|$)/, 'issues'],
  [/\/actions\//, 'actions'],
  [/\/statuses\//, 'statuses'],
  [/\/check-runs\//, 'checks'],
];

export function acceptedPermission(route: Route): { name: string; level: 'read' | 'write' } {
  const level = route.method === 'GET' ? 'read' : 'write';
  if (route.access === 'admin') return { name: 'administration', level };
  if (/\/commits\/:ref\/check-/.test(route.path)) return { name: 'checks', level };
  if (/\/commits\/:ref\/status/.test(route.path)) return { name: 'statuses', level };
  const found = PERMISSIONS.find(([pattern]) => pattern.test(route.path));
  return { name: found?.[1] ?? (level === 'write' ? 'administration' : 'metadata'), level };
}

/**
 * Refuses as GitHub does: what a person may not even see, and what a token has no scope for, is not there (404). Who can see a
 * repository and lacks the right is told (403), where GitHub tells.
 */
export function guard(world: World, route: Route, call: Call): void {
  const { name, level } = acceptedPermission(route);
  const isPermitted = (): boolean => hasPermission(call.user, name, level) || name === 'metadata';
  const writes = route.method !== 'GET' && route.path !== '/graphql';
  if (!route.path.startsWith('/repos/')) {
    if (writes && !hasRepositoryScope(call.user, false)) throw notFound();
    if (writes && !isPermitted()) throw notAccessible();
    return;
  }
  const repo = repoOf(world, call);
  const role = world.accounts.role(repo, call.user.login);
  if (role === 'none' || (repo.private && !hasRepositoryScope(call.user, true))) throw notFound();
  const access = route.access ?? (writes ? 'write' : 'read');
  if (writes && !hasRepositoryScope(call.user, repo.private)) throw notFound();
  // What is public can be read without any permission.
  if ((writes || repo.private) && !isPermitted()) throw notAccessible();
  if (writes && repo.archived && route.path !== '/repos/:owner/:repo') {
    throw new ApiError(403, 'Repository was archived so is read-only.');
  }
  if (access === 'read' || role === 'admin') return;
  if (access !== 'admin' && role === 'write') return;
  // GitHub says "admin" of every right that is missing.
  throw access === 'write' ? notFound() : new ApiError(403, 'Must have admin rights to Repository.');
}

const notAccessible = (): ApiError => new ApiError(403, 'Resource not accessible by personal access token');
