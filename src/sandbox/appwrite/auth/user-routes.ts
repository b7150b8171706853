import * as z from 'zod';
import * as p from '../http/params.ts';
import type { Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { wireNow } from '../http/wire.ts';
import { applyQueries, selectFields } from '../query.ts';
import type { AuthServices } from './account-routes.ts';
import { durationParam, sessionReply } from './account-routes.ts';
import { makeJwt } from './jwt.ts';
import { endSession, endSessions, listSessions, presentSession, startSession } from './sessions.ts';
import { membershipKind, membershipsOf, presentMembership } from './team-records.ts';
import type { UserRecord } from './users.ts';
import {
  addUser,
  changeEmail,
  changeUser,
  emailParam,
  hashPassword,
  makeUser,
  nameParam,
  passwordParam,
  phoneParam,
  prefsParam,
  presentUser,
  requireUser,
  userKind,
} from './users.ts';

const READ = ['users.read'];
const WRITE = ['users.write'];
const FILTERS = new Set([
  ...['name', 'email', 'phone', 'status', 'passwordUpdate', 'registration', 'emailVerification', 'phoneVerification'],
  ...['labels', 'accessedAt'],
]);
const LABEL_RULE = 'Value must be a valid string of at most 36 letters and digits';
const labelsParam = p.listParam(z.string(LABEL_RULE).regex(/^[A-Za-z0-9]{1,36}$/, LABEL_RULE), 1000);

function lifeRoutes({ store }: AuthServices): Route[] {
  return [
    route('GET /users', {
      scopes: READ,
      params: { queries: p.queriesParam, search: p.orElse(z.string(), ''), total: p.totalParam },
      handler: ({ params }) => {
        const all = store.list(userKind, '').map(({ id, value }) => presentUser(id, value));
        const text = (user: Record<string, unknown>) => [user.$id, user.email, user.phone, user.name].join(' ');
        const found = all.filter((user) => text(user).toLowerCase().includes(params.search.toLowerCase()));
        const page = applyQueries(found, params.queries, { attributes: FILTERS }, params.total);
        const users = page.items.map((user) => selectFields(user, page.select));
        return { status: 200, body: { total: page.total, users } };
      },
    }),
    route('POST /users', {
      scopes: WRITE,
      params: {
        userId: p.newIdParam,
        email: p.orElse(emailParam.nullable(), null),
        phone: p.orElse(phoneParam.nullable(), null),
        password: p.orElse(passwordParam.nullable(), null),
        name: nameParam,
      },
      handler: ({ params: { userId, email, phone, password, name } }) => {
        const user = makeUser({ email: email ?? '', phone: phone ?? '', password, name });
        addUser(store, userId, user);
        return { status: 201, body: presentUser(userId, user) };
      },
    }),
    route('GET /users/:userId', {
      scopes: READ,
      params: { userId: p.idParam },
      handler: ({ params: { userId } }) => ({ status: 200, body: presentUser(userId, requireUser(store, userId)) }),
    }),
    route('DELETE /users/:userId', {
      scopes: WRITE,
      params: { userId: p.idParam },
      handler: ({ params: { userId } }) => {
        requireUser(store, userId);
        endSessions(store, userId);
        for (const { id, parent } of membershipsOf(store, userId)) store.remove(membershipKind, parent, id);
        store.remove(userKind, '', userId);
        return { status: 204 };
      },
    }),
  ];
}

function settingsRoutes({ store }: AuthServices): Route[] {
  const userId = p.idParam;
  const changed = (id: string, change: Partial<UserRecord>): Reply => ({
    status: 200,
    body: presentUser(id, changeUser(store, id, change)),
  });
  return [
    route('PUT /users/:userId/labels', {
      scopes: WRITE,
      params: { userId, labels: labelsParam },
      handler: ({ params }) => changed(params.userId, { labels: [...new Set(params.labels)] }),
    }),
    route('PATCH /users/:userId/name', {
      scopes: WRITE,
      params: { userId, name: p.textParam(128, 0) },
      handler: ({ params }) => changed(params.userId, { name: params.name }),
    }),
    route('PATCH /users/:userId/email', {
      scopes: WRITE,
      params: { userId, email: emailParam },
      handler: ({ params }) => {
        requireUser(store, params.userId);
        return { status: 200, body: presentUser(params.userId, changeEmail(store, params.userId, params.email)) };
      },
    }),
    route('PATCH /users/:userId/phone', {
      scopes: WRITE,
      params: { userId, number: phoneParam },
      handler: ({ params }) => changed(params.userId, { phone: params.number, phoneVerification: false }),
    }),
    route('PATCH /users/:userId/password', {
      scopes: WRITE,
      params: { userId, password: passwordParam },
      handler: ({ params }) =>
        changed(params.userId, { password: hashPassword(params.password), passwordUpdate: wireNow() }),
    }),
    route('PATCH /users/:userId/status', {
      scopes: WRITE,
      params: { userId, status: p.boolParam },
      handler: ({ params }) => changed(params.userId, { status: params.status }),
    }),
    route('PATCH /users/:userId/verification', {
      scopes: WRITE,
      params: { userId, emailVerification: p.boolParam },
      handler: ({ params }) => changed(params.userId, { emailVerification: params.emailVerification }),
    }),
    route('PATCH /users/:userId/verification/phone', {
      scopes: WRITE,
      params: { userId, phoneVerification: p.boolParam },
      handler: ({ params }) => changed(params.userId, { phoneVerification: params.phoneVerification }),
    }),
    route('GET /users/:userId/prefs', {
      scopes: READ,
      params: { userId },
      handler: ({ params }) => ({ status: 200, body: requireUser(store, params.userId).prefs }),
    }),
    route('PATCH /users/:userId/prefs', {
      scopes: WRITE,
      params: { userId, prefs: prefsParam },
      handler: ({ params }) => ({
        status: 200,
        body: changeUser(store, params.userId, { prefs: params.prefs }).prefs,
      }),
    }),
  ];
}

function accessRoutes(services: AuthServices): Route[] {
  const { store } = services;
  const userId = p.idParam;
  return [
    route('POST /users/:userId/jwts', {
      scopes: WRITE,
      params: { userId, sessionId: p.orElse(p.textParam(36, 0), ''), duration: durationParam },
      handler: ({ params }) => {
        requireUser(store, params.userId);
        const sessions = listSessions(store, params.userId);
        const wanted = sessions.find(({ id }) => id === params.sessionId);
        const session = params.sessionId === 'recent' ? sessions.at(-1) : wanted;
        const exp = Math.floor(services.now() / 1000) + params.duration;
        const claims = { userId: params.userId, sessionId: session?.id ?? '', exp };
        return { status: 201, body: { jwt: makeJwt(services.signingSecret, claims) } };
      },
    }),
    route('GET /users/:userId/sessions', {
      scopes: ['users.read', 'sessions.read'],
      params: { userId },
      handler: ({ params }) => {
        requireUser(store, params.userId);
        const sessions = listSessions(store, params.userId).map(({ id, value }) => presentSession(id, value, false));
        return { status: 200, body: { total: sessions.length, sessions } };
      },
    }),
    route('POST /users/:userId/sessions', {
      scopes: ['users.write', 'sessions.write'],
      params: { userId },
      handler: ({ params, caller }) => {
        requireUser(store, params.userId);
        const how = { provider: 'server', providerUid: '', factors: ['server'] };
        const { status, body } = sessionReply(services, caller, startSession(store, params.userId, how));
        return { status, body };
      },
    }),
    route('DELETE /users/:userId/sessions', {
      scopes: ['users.write', 'sessions.write'],
      params: { userId },
      handler: ({ params }) => {
        requireUser(store, params.userId);
        endSessions(store, params.userId);
        return { status: 204 };
      },
    }),
    route('DELETE /users/:userId/sessions/:sessionId', {
      scopes: ['users.write', 'sessions.write'],
      params: { userId, sessionId: p.idParam },
      handler: ({ params }) => {
        requireUser(store, params.userId);
        endSession(store, params.userId, params.sessionId);
        return { status: 204 };
      },
    }),
    route('GET /users/:userId/memberships', {
      scopes: READ,
      params: { userId, queries: p.queriesParam, search: p.orElse(z.string(), ''), total: p.totalParam },
      handler: ({ params }) => {
        requireUser(store, params.userId);
        const all = membershipsOf(store, params.userId).map(({ id, parent, value }) =>
          presentMembership(store, parent, id, value),
        );
        const attributes = new Set(['userId', 'teamId', 'invited', 'joined', 'confirm', 'roles']);
        const page = applyQueries(all, params.queries, { attributes }, params.total);
        return { status: 200, body: { total: page.total, memberships: page.items } };
      },
    }),
  ];
}

export function userRoutes(services: AuthServices): Route[] {
  return [...lifeRoutes(services), ...settingsRoutes(services), ...accessRoutes(services)];
}
