import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { ApiError, invalidArgument, notFound } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { newId, wireNow } from '../http/wire.ts';
import { applyQueries, selectFields } from '../query.ts';
import type { AuthServices } from './account-routes.ts';
import { sessionHeaders, startSession } from './sessions.ts';
import type { MembershipRecord } from './team-records.ts';
import { membershipKind, newMembership, presentMembership, requireMembership, requireTeam } from './team-records.ts';
import { isOwner, openTeam, requireOwner, TEAM_READ, TEAM_WRITE, teamRolesParam } from './team-routes.ts';
import {
  addUser,
  changeUser,
  emailParam,
  findByEmail,
  makeUser,
  nameParam,
  phoneParam,
  requireUser,
  userKind,
} from './users.ts';

const MEMBERSHIPS = '/teams/:teamId/memberships';
const MEMBERSHIP = `${MEMBERSHIPS}/:membershipId`;

/** Only pages of a registered platform may receive people; here those are the pages on this machine. */
function checkUrl(url: string): void {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  if (host === 'localhost' || host === '127.0.0.1' || host.endsWith('.localhost')) return;
  throw invalidArgument('Invalid `url` param: URL host must be one of: localhost, 127.0.0.1, *.localhost');
}

interface Invited {
  userId: string;
  email: string;
  phone: string;
  name: string;
}

/** Who is meant; an e-mail address or a phone number that nobody has makes a new user. */
function findInvited({ store }: AuthServices, { userId, email, phone, name }: Invited): string {
  if (userId !== '') {
    const user = store.get(userKind, '', userId);
    if (user === null) throw new ApiError(404, 'user_not_found', "User with given userId doesn't exist.");
    if (email !== '' && user.email !== email) {
      throw new ApiError(409, 'user_already_exists', "Given userId and email doesn't match");
    }
    return userId;
  }
  const byPhone = store.list(userKind, '').find(({ value }) => value.phone === phone);
  const found = email === '' ? byPhone : findByEmail(store, email);
  if (found !== undefined && found !== null) return found.id;
  const id = newId();
  addUser(store, id, makeUser({ email, phone, password: null, name: name === '' ? email : name }));
  return id;
}

/** A key lets people in at once; a member of the team invites them by mail. */
function join(
  services: AuthServices,
  caller: Caller,
  teamId: string,
  userId: string,
  init: { roles: string[]; url: string },
): Reply {
  const { store } = services;
  const byKey = caller.kind === 'key';
  const secret = byKey ? '' : randomBytes(32).toString('hex');
  const earlier = store.list(membershipKind, teamId).find(({ value }) => value.userId === userId);
  if (earlier?.value.confirm === true) {
    throw new ApiError(409, 'membership_already_confirmed', 'Membership is already confirmed.');
  }
  const id = earlier?.id ?? newId();
  const fresh = newMembership(userId, init.roles, byKey, secret);
  if (earlier === undefined) store.insert(membershipKind, teamId, id, fresh);
  else {
    const { invited, joined, confirm } = fresh;
    store.put(membershipKind, teamId, id, { ...earlier.value, invited, joined, confirm, secret, updatedAt: wireNow() });
  }
  if (!byKey) {
    const url = new URL(init.url);
    const { name } = requireTeam(store, teamId);
    const query = { membershipId: id, userId, secret, teamId, teamName: name };
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    services.sendMail({ to: requireUser(store, userId).email, url: url.href });
  }
  return { status: 201, body: presentMembership(store, teamId, id, requireMembership(store, teamId, id)) };
}

function createMembership(services: AuthServices): Route {
  return route(`POST ${MEMBERSHIPS}`, {
    scopes: TEAM_WRITE,
    params: {
      teamId: p.idParam,
      email: p.orElse(emailParam, ''),
      userId: p.orElse(p.idParam, ''),
      phone: p.orElse(phoneParam, ''),
      roles: teamRolesParam,
      url: p.orElse(z.string(), ''),
      name: nameParam,
    },
    handler: ({ params, caller }) => {
      if (params.url !== '') checkUrl(params.url);
      else if (caller.kind !== 'key') throw invalidArgument('URL is required');
      if (params.userId === '' && params.email === '' && params.phone === '') {
        throw invalidArgument('At least one of userId, email, or phone is required');
      }
      openTeam(services.store, params.teamId, caller);
      requireOwner(caller, params.teamId, 'User is not allowed to send invitations for this team');
      return join(services, caller, params.teamId, findInvited(services, params), params);
    },
  });
}

/** Accepts an invitation; whoever has its secret is the person who was invited, and is signed in. */
function acceptInvitation(services: AuthServices): Route {
  const { store, projectId } = services;
  return route(`PATCH ${MEMBERSHIP}/status`, {
    scopes: [],
    params: { teamId: p.idParam, membershipId: p.idParam, userId: p.idParam, secret: p.textParam(256) },
    handler: ({ params: { teamId, membershipId, userId, secret }, caller }) => {
      requireTeam(store, teamId);
      const membership = requireMembership(store, teamId, membershipId);
      if (membership.confirm) {
        throw new ApiError(409, 'membership_already_confirmed', 'Membership is already confirmed.');
      }
      if (membership.secret === '' || secret !== membership.secret) {
        throw new ApiError(401, 'team_invalid_secret', 'The team invitation secret is invalid.');
      }
      if (userId !== membership.userId || (caller.kind === 'user' && caller.userId !== userId)) {
        throw new ApiError(401, 'team_invite_mismatch', 'The invite does not belong to the current user.');
      }
      const accepted: MembershipRecord = { ...membership, confirm: true, joined: wireNow(), updatedAt: wireNow() };
      store.put(membershipKind, teamId, membershipId, accepted);
      const { email } = changeUser(store, userId, { emailVerification: true });
      const body = presentMembership(store, teamId, membershipId, accepted);
      if (caller.kind === 'user') return { status: 200, body };
      const session = startSession(store, userId, { provider: 'email', providerUid: email, factors: ['email'] });
      return { status: 200, body, headers: sessionHeaders(projectId, session) };
    },
  });
}

export function membershipRoutes(services: AuthServices): Route[] {
  const { store } = services;
  const ids = { teamId: p.idParam, membershipId: p.idParam };
  return [
    createMembership(services),
    acceptInvitation(services),
    route(`GET ${MEMBERSHIPS}`, {
      scopes: TEAM_READ,
      params: { teamId: p.idParam, queries: p.queriesParam, search: p.orElse(z.string(), ''), total: p.totalParam },
      handler: ({ params, caller }) => {
        openTeam(store, params.teamId, caller);
        const all = store
          .list(membershipKind, params.teamId)
          .map(({ id, value }) => presentMembership(store, params.teamId, id, value));
        const found = all.filter((one) => `${String(one.$id)} ${String(one.userId)}`.includes(params.search));
        const attributes = new Set(['userId', 'teamId', 'invited', 'joined', 'confirm', 'roles']);
        const page = applyQueries(found, params.queries, { attributes }, params.total);
        const memberships = page.items.map((one) => selectFields(one, page.select));
        return { status: 200, body: { total: page.total, memberships } };
      },
    }),
    route(`GET ${MEMBERSHIP}`, {
      scopes: TEAM_READ,
      params: ids,
      handler: ({ params: { teamId, membershipId }, caller }) => {
        openTeam(store, teamId, caller);
        const membership = requireMembership(store, teamId, membershipId);
        return { status: 200, body: presentMembership(store, teamId, membershipId, membership) };
      },
    }),
    route(`PATCH ${MEMBERSHIP}`, {
      scopes: TEAM_WRITE,
      params: { ...ids, roles: teamRolesParam },
      handler: ({ params: { teamId, membershipId, roles }, caller }) => {
        openTeam(store, teamId, caller);
        const membership = requireMembership(store, teamId, membershipId);
        requireOwner(caller, teamId, 'User is not allowed to modify roles');
        const changed: MembershipRecord = { ...membership, roles, updatedAt: wireNow() };
        store.put(membershipKind, teamId, membershipId, changed);
        return { status: 200, body: presentMembership(store, teamId, membershipId, changed) };
      },
    }),
    route(`DELETE ${MEMBERSHIP}`, {
      scopes: TEAM_WRITE,
      params: ids,
      handler: ({ params: { teamId, membershipId }, caller }) => {
        const { userId } = requireMembership(store, teamId, membershipId);
        const leaves = caller.kind === 'user' && caller.userId === userId;
        if (!leaves && !isOwner(caller, teamId)) throw notFound('membership', membershipId);
        store.remove(membershipKind, teamId, membershipId);
        return { status: 204 };
      },
    }),
  ];
}
