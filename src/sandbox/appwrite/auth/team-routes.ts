import * as z from 'zod';
import { ApiError, alreadyExists, notFound } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { newId, wireNow } from '../http/wire.ts';
import { applyQueries, selectFields } from '../query.ts';
import type { Store } from '../store.ts';
import { requireUserCaller } from './account-routes.ts';
import type { TeamRecord } from './team-records.ts';
import { membershipKind, newMembership, presentTeam, requireTeam, teamKind } from './team-records.ts';
import { prefsParam } from './users.ts';

export const TEAM_READ = ['teams.read'];
export const TEAM_WRITE = ['teams.write'];
const ROLE_RULE = 'Role must contain at most 81 chars. Valid chars are a-z, A-Z, 0-9, period, hyphen, and underscore';
export const teamRolesParam = p.listParam(z.string(ROLE_RULE).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/, ROLE_RULE));

export function isOwner(caller: Caller, teamId: string): boolean {
  return caller.kind === 'key' || caller.roles.includes(`team:${teamId}/owner`);
}

export function requireOwner(caller: Caller, teamId: string, refusal: string): void {
  if (!isOwner(caller, teamId)) throw new ApiError(401, 'user_unauthorized', refusal);
}

/** Teams are there for their members only. */
export function openTeam(store: Store, id: string, caller: Caller): TeamRecord {
  const team = requireTeam(store, id);
  if (caller.kind === 'key' || caller.roles.includes(`team:${id}`)) return team;
  throw notFound('team', id);
}

const NOT_OWNER = 'The current user is not authorized to perform the requested action.';

function createTeam(store: Store): Route {
  return route('POST /teams', {
    scopes: TEAM_WRITE,
    params: { teamId: p.newIdParam, name: p.textParam(128), roles: p.orElse(teamRolesParam, ['owner']) },
    handler: ({ params: { teamId, name, roles }, caller }) => {
      const team: TeamRecord = { name, prefs: {}, createdAt: wireNow(), updatedAt: wireNow() };
      if (!store.insert(teamKind, '', teamId, team)) throw alreadyExists('team', teamId);
      // A key is nobody who could be a member.
      if (caller.kind !== 'key') {
        const { userId } = requireUserCaller(caller);
        const member = newMembership(userId, [...new Set([...roles, 'owner'])], true);
        store.insert(membershipKind, teamId, newId(), member);
      }
      return { status: 201, body: presentTeam(store, teamId, team) };
    },
  });
}

export function teamRoutes(store: Store): Route[] {
  const teamId = p.idParam;
  const change = (id: string, caller: Caller, fields: Partial<TeamRecord>): TeamRecord => {
    const team = openTeam(store, id, caller);
    requireOwner(caller, id, NOT_OWNER);
    const changed = { ...team, ...fields, updatedAt: wireNow() };
    store.put(teamKind, '', id, changed);
    return changed;
  };
  return [
    createTeam(store),
    route('GET /teams', {
      scopes: TEAM_READ,
      params: { queries: p.queriesParam, search: p.orElse(z.string(), ''), total: p.totalParam },
      handler: ({ params, caller }) => {
        const all = store
          .list(teamKind, '')
          .filter(({ id }) => caller.kind === 'key' || caller.roles.includes(`team:${id}`))
          .map(({ id, value }) => presentTeam(store, id, value))
          .filter((team) => `${String(team.$id)} ${String(team.name)}`.includes(params.search));
        const page = applyQueries(all, params.queries, { attributes: new Set(['name', 'total']) }, params.total);
        const teams = page.items.map((team) => selectFields(team, page.select));
        return { status: 200, body: { total: page.total, teams } };
      },
    }),
    route('GET /teams/:teamId', {
      scopes: TEAM_READ,
      params: { teamId },
      handler: ({ params, caller }) => ({
        status: 200,
        body: presentTeam(store, params.teamId, openTeam(store, params.teamId, caller)),
      }),
    }),
    route('PUT /teams/:teamId', {
      scopes: TEAM_WRITE,
      params: { teamId, name: p.textParam(128) },
      handler: ({ params, caller }) => {
        const team = change(params.teamId, caller, { name: params.name });
        return { status: 200, body: presentTeam(store, params.teamId, team) };
      },
    }),
    route('DELETE /teams/:teamId', {
      scopes: TEAM_WRITE,
      params: { teamId },
      handler: ({ params, caller }) => {
        openTeam(store, params.teamId, caller);
        requireOwner(caller, params.teamId, NOT_OWNER);
        store.remove(teamKind, '', params.teamId);
        store.removeAll(membershipKind, params.teamId);
        return { status: 204 };
      },
    }),
    route('GET /teams/:teamId/prefs', {
      scopes: TEAM_READ,
      params: { teamId },
      handler: ({ params, caller }) => ({ status: 200, body: openTeam(store, params.teamId, caller).prefs }),
    }),
    route('PUT /teams/:teamId/prefs', {
      scopes: TEAM_WRITE,
      params: { teamId, prefs: prefsParam },
      handler: ({ params, caller }) => ({
        status: 200,
        body: change(params.teamId, caller, { prefs: params.prefs }).prefs,
      }),
    }),
  ];
}
