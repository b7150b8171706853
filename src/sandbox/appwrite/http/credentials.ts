import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import { ApiError } from './api-error.ts';

interface Rights {
  scopes: ReadonlySet<string>;
  /** Roles for permission checks; keys skip those. */
  roles: readonly string[];
}

export interface User {
  userId: string;
  /** Shown in refusals. */
  email: string;
  /** The session behind the request; null for a JWT that was made without one. */
  sessionId: string | null;
  /** `users`, `user:<id>`, `label:x`, `team:<id>/<role>` and the like; `any` is added. */
  roles: readonly string[];
}

export type Caller =
  | (Rights & { kind: 'guest' })
  | (Rights & { kind: 'key' })
  | (Rights & User & { kind: 'user'; by: UserCredential['by'] });

interface UserCredential {
  by: 'session' | 'jwt';
  text: string;
}

/** The user of a session secret or a JWT; null when there is none. May throw an ApiError that says more. */
export type ResolveUser = (credential: UserCredential) => User | null;

export const ALL_SCOPES: readonly string[] = [
  ...['databases', 'tables', 'columns', 'indexes', 'rows', 'collections', 'attributes', 'documents', 'functions'],
  ...['executions', 'execution', 'sites', 'log', 'rules', 'users', 'sessions', 'teams', 'files', 'buckets', 'tokens'],
]
  .flatMap((area) => [`${area}.read`, `${area}.write`])
  .concat('health.read');

const GUEST_SCOPES: readonly string[] = [
  ...['rows.read', 'rows.write', 'documents.read', 'documents.write', 'files.read', 'files.write'],
  ...['sessions.write', 'executions.write', 'execution.write'],
];
const USER_SCOPES: readonly string[] = [
  ...GUEST_SCOPES,
  ...['account', 'teams.read', 'teams.write', 'executions.read', 'execution.read'],
];

interface ApiKey {
  secret: string;
  scopes: readonly string[];
  /** Milliseconds since the epoch; null never expires. */
  expiresAtMs: number | null;
}

export interface Credentials {
  projectId: string;
  keys: readonly ApiKey[];
  /** Signs the keys that are handed to function executions. */
  signingSecret: string;
  resolveUser: ResolveUser;
  /** Milliseconds since the epoch. */
  now(): number;
}

const KeyClaims = z.object({ projectId: z.string(), scopes: z.array(z.string()), exp: z.number() });

/** A caller without credentials. */
export function guest(): Caller {
  return { kind: 'guest', scopes: new Set(GUEST_SCOPES), roles: ['any', 'guests'] };
}

/** Who asks, within the project that the request names. */
export function identify(credentials: Credentials, headers: IncomingHttpHeaders): Caller {
  const key = headerText(headers, 'x-appwrite-key');
  const session = headerText(headers, 'x-appwrite-session') || sessionCookie(credentials.projectId, headers);
  const jwt = headerText(headers, 'x-appwrite-jwt');
  if (session !== '' && jwt !== '') {
    throw new ApiError(403, 'user_jwt_and_cookie_set', 'JWT and cookie set in the same request.');
  }
  const user = identifyUser(credentials, session, jwt);
  if (key === '') return user ?? guest();
  if (user !== null) {
    throw new ApiError(403, 'user_api_key_and_session_set', 'API key and session used in the same request.');
  }
  return identifyKey(credentials, key);
}

/** A session that is not known, or no longer, makes a guest; a JWT has to be good. */
function identifyUser(credentials: Credentials, session: string, jwt: string): Caller | null {
  if (session === '' && jwt === '') return null;
  const by = session === '' ? 'jwt' : 'session';
  const user = credentials.resolveUser({ by, text: session === '' ? jwt : session });
  if (user !== null) {
    return { ...user, kind: 'user', by, scopes: new Set(USER_SCOPES), roles: ['any', ...user.roles] };
  }
  if (by === 'session') return null;
  throw new ApiError(401, 'user_jwt_invalid', 'Failed to verify JWT. Invalid token.');
}

function identifyKey(credentials: Credentials, key: string): Caller {
  const known = credentials.keys.find(({ secret }) => sameText(key, secret));
  const claims = known === undefined ? readDynamicKey(credentials, key) : null;
  const found =
    known ?? (claims === null ? null : { scopes: claims.scopes, expiresAtMs: claims.exp * 1000, secret: key });
  if (found === null) {
    throw new ApiError(
      401,
      'general_unauthorized_scope',
      'User (role: guests) missing scopes: the API key is not known.',
    );
  }
  if (found.expiresAtMs !== null && found.expiresAtMs < credentials.now()) {
    throw new ApiError(401, 'project_key_expired', 'The project key has expired. Please generate a new key.');
  }
  return { kind: 'key', scopes: new Set(found.scopes), roles: [] };
}

function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** Of the cookie, or of the header that stands in for it where cookies of another site are blocked. */
function sessionCookie(projectId: string, headers: IncomingHttpHeaders): string {
  const name = `a_session_${projectId}`;
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [key = '', ...rest] = pair.trim().split('=');
    if (key === name) return decodeURIComponent(rest.join('='));
  }
  const fallback = headerText(headers, 'x-fallback-cookies');
  if (fallback === '') return '';
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(fallback))[name] ?? '';
  } catch {
    return '';
  }
}

export function requireScope(caller: Caller, scopes: readonly string[]): void {
  if (scopes.length === 0 || scopes.some((scope) => caller.scopes.has(scope))) return;
  const name = caller.kind === 'user' ? caller.email : 'User';
  const role = { key: 'applications', guest: 'guests', user: 'users' }[caller.kind];
  throw new ApiError(
    401,
    'general_unauthorized_scope',
    `${name} (role: ${role}) missing scopes (${JSON.stringify(scopes)})`,
  );
}

/** A key that lives as long as one execution may take and carries the function's scopes. */
export function makeDynamicKey(credentials: Credentials, scopes: readonly string[], lifeSeconds: number): string {
  const header = encode({ typ: 'JWT', alg: 'HS256' });
  const payload = encode({
    projectId: credentials.projectId,
    scopes,
    exp: Math.ceil(credentials.now() / 1000) + lifeSeconds,
  });
  return `dynamic_${header}.${payload}.${sign(credentials, `${header}.${payload}`)}`;
}

function readDynamicKey(credentials: Credentials, key: string): z.infer<typeof KeyClaims> | null {
  const [header = '', payload = '', signature = ''] = key.replace(/^dynamic_/, '').split('.');
  if (!key.startsWith('dynamic_') || !sameText(signature, sign(credentials, `${header}.${payload}`))) return null;
  const claims = KeyClaims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  return claims.success && claims.data.projectId === credentials.projectId ? claims.data : null;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function sign(credentials: Credentials, text: string): string {
  return createHmac('sha256', credentials.signingSecret).update(text).digest('base64url');
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
