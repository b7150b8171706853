import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import { ApiError } from './api-error.ts';

export interface Caller {
  kind: 'key' | 'guest';
  scopes: ReadonlySet<string>;
  /** Roles for permission checks; keys skip those. */
  roles: readonly string[];
}

export const ALL_SCOPES: readonly string[] = [
  ...['databases', 'tables', 'columns', 'indexes', 'rows', 'collections', 'attributes', 'documents', 'functions'],
  ...['executions', 'execution', 'sites', 'log', 'rules', 'users', 'sessions', 'teams', 'files', 'buckets', 'tokens'],
]
  .flatMap((area) => [`${area}.read`, `${area}.write`])
  .concat('health.read');

const GUEST_SCOPES = ['rows.read', 'rows.write', 'documents.read', 'documents.write', 'executions.write'];

export interface Credentials {
  projectId: string;
  apiKey: string;
  scopes: readonly string[];
  /** Signs the keys that are handed to function executions. */
  signingSecret: string;
}

const KeyClaims = z.object({ projectId: z.string(), scopes: z.array(z.string()), exp: z.number() });

/** Checks project, then credentials. */
export function identify(credentials: Credentials, headers: IncomingHttpHeaders): Caller {
  const project = headers['x-appwrite-project'];
  if (project !== credentials.projectId) {
    throw new ApiError(
      404,
      'project_not_found',
      'Project with the requested ID could not be found. Please check the value of the X-Appwrite-Project header to ensure the correct project ID is being used.',
    );
  }
  const key = headers['x-appwrite-key'];
  if (typeof key !== 'string' || key === '') {
    return { kind: 'guest', scopes: new Set(GUEST_SCOPES), roles: ['any', 'guests'] };
  }
  if (sameText(key, credentials.apiKey)) return { kind: 'key', scopes: new Set(credentials.scopes), roles: [] };
  const claims = readDynamicKey(credentials, key);
  if (claims === null) {
    throw new ApiError(
      401,
      'general_unauthorized_scope',
      'User (role: guests) missing scopes: the API key is not known.',
    );
  }
  if (claims.exp * 1000 < Date.now()) {
    throw new ApiError(401, 'project_key_expired', 'The project key has expired. Please generate a new key.');
  }
  return { kind: 'key', scopes: new Set(claims.scopes), roles: [] };
}

export function requireScope(caller: Caller, scopes: readonly string[]): void {
  if (scopes.length === 0 || scopes.some((scope) => caller.scopes.has(scope))) return;
  const role = caller.kind === 'key' ? 'applications' : 'guests';
  throw new ApiError(
    401,
    'general_unauthorized_scope',
    `User (role: ${role}) missing scopes (${JSON.stringify(scopes.slice(0, 1))})`,
  );
}

/** A key that lives as long as one execution may take and carries the function's scopes. */
export function makeDynamicKey(credentials: Credentials, scopes: readonly string[], lifeSeconds: number): string {
  const header = encode({ typ: 'JWT', alg: 'HS256' });
  const payload = encode({
    projectId: credentials.projectId,
    scopes,
    exp: Math.ceil(Date.now() / 1000) + lifeSeconds,
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
