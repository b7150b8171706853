import { ApiError } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { makeJwt } from './jwt.ts';
import type { NewSession } from './sessions.ts';
import {
  blocked,
  endSession,
  endSessions,
  listSessions,
  presentSession,
  renewSession,
  requireSession,
  sessionHeaders,
  startSession,
} from './sessions.ts';
import type { UserRecord } from './users.ts';
import {
  addUser,
  changeEmail,
  changeUser,
  emailParam,
  findByEmail,
  hashPassword,
  isPassword,
  makeUser,
  nameParam,
  passwordParam,
  prefsParam,
  presentAccount,
  requireUser,
} from './users.ts';

export interface AuthServices {
  store: Store;
  projectId: string;
  /** Signs JWTs. */
  signingSecret: string;
  /** Milliseconds since the epoch, for what expires. */
  now(): number;
  /** Takes what a real server would mail. */
  sendMail(mail: Mail): void;
}

export interface Mail {
  to: string;
  /** The link in it, with everything that accepting it needs. */
  url: string;
}

const ACCOUNT = ['account'];
export const durationParam = p.orElse(p.intParam(0, 3600), 900);

type UserCaller = Caller & { kind: 'user' };

/** Scopes let only users through to these routes. */
export function requireUserCaller(caller: Caller): UserCaller {
  if (caller.kind === 'user') return caller;
  throw new ApiError(401, 'user_unauthorized', 'The current user is not authorized to perform the requested action.');
}

function wrongCredentials(): ApiError {
  return new ApiError(401, 'user_invalid_credentials', 'Invalid credentials. Please check the email and password.');
}

/** The new session, with its secret for keys only, and in the headers for browsers. */
export function sessionReply(services: AuthServices, caller: Caller, session: NewSession): Reply {
  const shown = caller.kind === 'key' && caller.scopes.has('sessions.write') ? session.secret : '';
  return {
    status: 201,
    body: presentSession(session.id, session.record, true, shown),
    headers: sessionHeaders(services.projectId, session),
  };
}

function signInRoutes(services: AuthServices): Route[] {
  const { store } = services;
  return [
    route('POST /account', {
      scopes: ['sessions.write'],
      params: { userId: p.newIdParam, email: emailParam, password: passwordParam, name: nameParam },
      handler: ({ params: { userId, ...fields } }) => {
        const user = makeUser(fields);
        addUser(store, userId, user);
        return { status: 201, body: presentAccount(userId, user) };
      },
    }),
    route('POST /account/sessions/email', {
      scopes: ['sessions.write'],
      params: { email: emailParam, password: passwordParam },
      handler: ({ params: { email, password }, caller }) => {
        if (caller.kind === 'user') {
          throw new ApiError(
            401,
            'user_session_already_exists',
            'Creation of a session is prohibited when a session is active.',
          );
        }
        const found = findByEmail(store, email);
        if (found === null || !isPassword(found.value, password)) throw wrongCredentials();
        if (!found.value.status) throw blocked();
        changeUser(store, found.id, { accessedAt: wireNow() });
        const how = { provider: 'email', providerUid: email, factors: ['password'] };
        return sessionReply(services, caller, startSession(store, found.id, how));
      },
    }),
    route('POST /account/jwts', {
      scopes: ACCOUNT,
      params: { duration: durationParam },
      handler: ({ params, caller }) => {
        const { userId, sessionId, by } = requireUserCaller(caller);
        if (by === 'jwt') {
          throw new ApiError(
            403,
            'user_jwt_creation_denied',
            'A JWT cannot be created from a request that is authorized with a JWT.',
          );
        }
        const exp = Math.floor(services.now() / 1000) + params.duration;
        const jwt = makeJwt(services.signingSecret, { userId, sessionId: sessionId ?? '', exp });
        return { status: 201, body: { jwt } };
      },
    }),
  ];
}

function settingsRoutes({ store }: AuthServices): Route[] {
  const shown = (caller: Caller, change: (id: string, user: UserRecord) => UserRecord): Reply => {
    const { userId } = requireUserCaller(caller);
    return { status: 200, body: presentAccount(userId, change(userId, requireUser(store, userId))) };
  };
  return [
    route('GET /account', {
      scopes: ACCOUNT,
      params: {},
      handler: ({ caller }) => shown(caller, (_id, user) => user),
    }),
    route('PATCH /account/name', {
      scopes: ACCOUNT,
      params: { name: p.textParam(128) },
      handler: ({ params, caller }) => shown(caller, (id) => changeUser(store, id, params)),
    }),
    route('PATCH /account/email', {
      scopes: ACCOUNT,
      params: { email: emailParam, password: passwordParam },
      handler: ({ params, caller }) =>
        shown(caller, (id, user) => {
          if (!isPassword(user, params.password)) throw wrongCredentials();
          return changeEmail(store, id, params.email);
        }),
    }),
    route('PATCH /account/password', {
      scopes: ACCOUNT,
      params: { password: passwordParam, oldPassword: p.orElse(p.textParam(256, 0), '') },
      handler: ({ params, caller }) =>
        shown(caller, (id, user) => {
          if (user.passwordUpdate !== '' && !isPassword(user, params.oldPassword)) throw wrongCredentials();
          return changeUser(store, id, { password: hashPassword(params.password), passwordUpdate: wireNow() });
        }),
    }),
    route('GET /account/prefs', {
      scopes: ACCOUNT,
      params: {},
      handler: ({ caller }) => ({ status: 200, body: requireUser(store, requireUserCaller(caller).userId).prefs }),
    }),
    route('PATCH /account/prefs', {
      scopes: ACCOUNT,
      params: { prefs: prefsParam },
      handler: ({ params, caller }) => shown(caller, (id) => changeUser(store, id, params)),
    }),
    route('PATCH /account/status', {
      scopes: ACCOUNT,
      params: {},
      handler: ({ caller }) => shown(caller, (id) => changeUser(store, id, { status: false })),
    }),
  ];
}

function sessionRoutes({ store }: AuthServices): Route[] {
  /** `current` is the session that asks. */
  const named = (caller: Caller, sessionId: string) => {
    const user = requireUserCaller(caller);
    return {
      userId: user.userId,
      id: sessionId === 'current' ? (user.sessionId ?? '') : sessionId,
      own: user.sessionId,
    };
  };
  return [
    route('GET /account/sessions', {
      scopes: ACCOUNT,
      params: {},
      handler: ({ caller }) => {
        const { userId, sessionId } = requireUserCaller(caller);
        const all = listSessions(store, userId);
        const sessions = all.map(({ id, value }) => presentSession(id, value, id === sessionId));
        return { status: 200, body: { total: sessions.length, sessions } };
      },
    }),
    route('DELETE /account/sessions', {
      scopes: ACCOUNT,
      params: {},
      handler: ({ caller }) => {
        endSessions(store, requireUserCaller(caller).userId);
        return { status: 204 };
      },
    }),
    route('GET /account/sessions/:sessionId', {
      scopes: ACCOUNT,
      params: { sessionId: p.idParam },
      handler: ({ params, caller }) => {
        const { userId, id, own } = named(caller, params.sessionId);
        return { status: 200, body: presentSession(id, requireSession(store, userId, id), id === own) };
      },
    }),
    route('PATCH /account/sessions/:sessionId', {
      scopes: ACCOUNT,
      params: { sessionId: p.idParam },
      handler: ({ params, caller }) => {
        const { userId, id, own } = named(caller, params.sessionId);
        return { status: 200, body: presentSession(id, renewSession(store, userId, id), id === own) };
      },
    }),
    route('DELETE /account/sessions/:sessionId', {
      scopes: ACCOUNT,
      params: { sessionId: p.idParam },
      handler: ({ params, caller }) => {
        const { userId, id } = named(caller, params.sessionId);
        endSession(store, userId, id);
        return { status: 204 };
      },
    }),
  ];
}

export function accountRoutes(services: AuthServices): Route[] {
  return [...signInRoutes(services), ...settingsRoutes(services), ...sessionRoutes(services)];
}
