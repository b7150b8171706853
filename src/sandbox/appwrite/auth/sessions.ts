import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { ApiError, notFound } from '../http/api-error.ts';
import type { ResolveUser, User } from '../http/credentials.ts';
import { newId, toWireDate, wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { kind } from '../store.ts';
import { readJwt } from './jwt.ts';
import { memberRoles } from './team-records.ts';
import type { UserRecord } from './users.ts';
import { userKind } from './users.ts';

const SESSION_LIFE_MS = 365 * 24 * 3600 * 1000;

export interface SessionRecord {
  userId: string;
  /** Of the secret, which nobody but its holder has. */
  secretHash: string;
  expire: string;
  provider: string;
  providerUid: string;
  factors: string[];
  createdAt: string;
  updatedAt: string;
}

/** The parent is the user's id. */
const sessionKind = kind<SessionRecord>('session');

const Handle = z.object({ id: z.string(), secret: z.string() });

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export interface NewSession {
  id: string;
  record: SessionRecord;
  /** What the holder sends, as a cookie or a header. */
  secret: string;
}

export function startSession(
  store: Store,
  userId: string,
  how: Pick<SessionRecord, 'provider' | 'providerUid' | 'factors'>,
): NewSession {
  const secret = randomBytes(32).toString('hex');
  const now = wireNow();
  const record: SessionRecord = {
    ...{ userId, ...how, secretHash: hash(secret), createdAt: now, updatedAt: now },
    expire: toWireDate(Date.now() + SESSION_LIFE_MS),
  };
  const id = newId();
  store.insert(sessionKind, userId, id, record);
  return { id, record, secret: Buffer.from(JSON.stringify({ id: userId, secret })).toString('base64') };
}

export function listSessions(store: Store, userId: string): { id: string; value: SessionRecord }[] {
  return store.list(sessionKind, userId);
}

export function requireSession(store: Store, userId: string, id: string): SessionRecord {
  const session = store.get(sessionKind, userId, id);
  if (session === null) throw notFound('user_session', id);
  return session;
}

/** Pushes the end of a session away by its whole life. */
export function renewSession(store: Store, userId: string, id: string): SessionRecord {
  const session = requireSession(store, userId, id);
  const renewed = { ...session, expire: toWireDate(Date.now() + SESSION_LIFE_MS), updatedAt: wireNow() };
  store.put(sessionKind, userId, id, renewed);
  return renewed;
}

export function endSession(store: Store, userId: string, id: string): void {
  requireSession(store, userId, id);
  store.remove(sessionKind, userId, id);
}

export function endSessions(store: Store, userId: string): void {
  store.removeAll(sessionKind, userId);
}

/** `secret` is '' unless the caller may have it. */
export function presentSession(
  id: string,
  session: SessionRecord,
  current: boolean,
  secret = '',
): Record<string, unknown> {
  const { secretHash: _hash, createdAt, updatedAt, ...fields } = session;
  const unknown = [
    ...['providerAccessToken', 'providerAccessTokenExpiry', 'providerRefreshToken', 'osCode', 'osName', 'osVersion'],
    ...['clientType', 'clientCode', 'clientName', 'clientVersion', 'clientEngine', 'clientEngineVersion', 'deviceName'],
    ...['deviceBrand', 'deviceModel', 'mfaUpdatedAt'],
  ];
  return {
    ...{ $id: id, $createdAt: createdAt, $updatedAt: updatedAt },
    ...Object.fromEntries(unknown.map((name) => [name, ''])),
    ...fields,
    ...{ ip: '127.0.0.1', countryCode: '--', countryName: 'Unknown', current, secret },
  };
}

/** Headers that hand a session to a browser; the second stands in where its cookies are blocked. */
export function sessionHeaders(projectId: string, session: NewSession): Record<string, string | readonly string[]> {
  const name = `a_session_${projectId}`;
  const expires = new Date(session.record.expire).toUTCString();
  const cookie = (key: string, more: string) =>
    `${key}=${encodeURIComponent(session.secret)}; Expires=${expires}; Path=/; HttpOnly${more}`;
  return {
    'set-cookie': [cookie(`${name}_legacy`, ''), cookie(name, '; SameSite=None')],
    'x-fallback-cookies': JSON.stringify({ [name]: session.secret }),
  };
}

/** Finds the user of a session's secret or of a JWT. */
export function userResolver(store: Store, signingSecret: string, now: () => number): ResolveUser {
  return ({ by, text }) => (by === 'jwt' ? ofJwt(store, signingSecret, text, now()) : ofSecret(store, text, now()));
}

function ofSecret(store: Store, text: string, nowMs: number): User | null {
  const handle = readHandle(text);
  if (handle === null) return null;
  const wanted = hash(handle.secret);
  const found = store.list(sessionKind, handle.id).find(({ value }) => value.secretHash === wanted);
  if (found === undefined || Date.parse(found.value.expire) < nowMs) return null;
  return asUser(store, handle.id, found.id);
}

function readHandle(text: string): z.infer<typeof Handle> | null {
  try {
    return Handle.parse(JSON.parse(Buffer.from(text, 'base64').toString('utf8')));
  } catch {
    return null;
  }
}

function ofJwt(store: Store, signingSecret: string, text: string, nowMs: number): User | null {
  const claims = readJwt(signingSecret, text);
  if (claims === null) return null;
  if (claims.exp * 1000 <= nowMs) {
    throw new ApiError(401, 'user_jwt_invalid', 'Failed to verify JWT. Invalid token: Expired');
  }
  const { userId, sessionId } = claims;
  if (sessionId !== '' && store.get(sessionKind, userId, sessionId) === null) return null;
  return asUser(store, userId, sessionId === '' ? null : sessionId);
}

function asUser(store: Store, userId: string, sessionId: string | null): User | null {
  const user = store.get(userKind, '', userId);
  if (user === null) return null;
  if (!user.status) throw blocked();
  return { userId, email: user.email, sessionId, roles: rolesOf(store, userId, user) };
}

export function blocked(): ApiError {
  return new ApiError(403, 'user_blocked', 'The current user has been blocked.');
}

function rolesOf(store: Store, userId: string, user: UserRecord): string[] {
  const verified = user.emailVerification || user.phoneVerification ? 'verified' : 'unverified';
  return [
    ...[`user:${userId}`, `user:${userId}/${verified}`, 'users', `users/${verified}`],
    ...user.labels.map((label) => `label:${label}`),
    ...memberRoles(store, userId),
  ];
}
