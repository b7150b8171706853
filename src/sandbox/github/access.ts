import { hasRepositoryScope } from './accounts.ts';
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

/**
 * Refuses as GitHub does: what a person may not even see, and what a token has no scope for, is not there (404). Who can see a
 * repository and lacks the right is told (403), where GitHub tells.
 */
export function guard(world: World, route: Route, call: Call): void {
  const writes = route.method !== 'GET' && route.path !== '/graphql';
  if (!route.path.startsWith('/repos/')) {
    if (writes && !hasRepositoryScope(call.user, false)) throw notFound();
    return;
  }
  const repo = repoOf(world, call);
  const role = world.accounts.role(repo, call.user.login);
  if (role === 'none' || (repo.private && !hasRepositoryScope(call.user, true))) throw notFound();
  const access = route.access ?? (writes ? 'write' : 'read');
  if (writes && !hasRepositoryScope(call.user, repo.private)) throw notFound();
  if (writes && repo.archived && route.path !== '/repos/:owner/:repo') {
    throw new ApiError(403, 'Repository was archived so is read-only.');
  }
  if (access === 'read' || role === 'admin') return;
  if (access !== 'admin' && role === 'write') return;
  // GitHub says "admin" of every right that is missing.
  throw access === 'write' ? notFound() : new ApiError(403, 'Must have admin rights to Repository.');
}
