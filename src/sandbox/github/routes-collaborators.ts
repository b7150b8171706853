import type { RestEndpointMethodTypes } from '@octokit/rest';
import { type Call, notFound, type Reply, type Route, reply } from './http.ts';
import { repoOf } from './routes-repos.ts';
import { userJson } from './shapes-repository.ts';
import { same } from './state.ts';
import type { World } from './world.ts';

type PermissionJson = RestEndpointMethodTypes['repos']['getCollaboratorPermissionLevel']['response']['data'];

/** What a person may do, which everybody who may push may ask. */
function getPermission(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const login = call.params.login ?? '';
  const owner = world.store.state.owners.find((entry) => entry.type === 'User' && same(entry.login, login));
  if (owner === undefined) throw notFound();
  const role = world.accounts.role(repo, login);
  const user = userJson(world, owner);
  const rights = { admin: role === 'admin', push: role === 'admin' || role === 'write', pull: role !== 'none' };
  const body: PermissionJson = {
    permission: role,
    role_name: role,
    user: {
      ...user,
      role_name: role,
      permissions: { ...rights, maintain: rights.admin, triage: rights.push },
    },
  };
  return reply(200, body);
}

function isCollaborator(world: World, call: Call): Reply {
  const role = world.accounts.role(repoOf(world, call), call.params.login ?? '');
  if (role !== 'admin' && role !== 'write') throw notFound();
  return reply(204, undefined);
}

export function collaboratorRoutes(world: World): Route[] {
  const one = '/repos/:owner/:repo/collaborators/:login';
  return [
    { method: 'GET', path: one, access: 'push', handle: (call) => isCollaborator(world, call) },
    { method: 'GET', path: `${one}/permission`, access: 'push', handle: (call) => getPermission(world, call) },
  ];
}
