import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { ApiError, notFound } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import { newId, wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { kind } from '../store.ts';

const HASH = { costCpu: 1024, costMemory: 8, costParallel: 1, length: 64 };

export interface UserRecord {
  /** Lower case; '' for none. */
  email: string;
  phone: string;
  name: string;
  /** Null for a user who cannot sign in with one. */
  password: { salt: string; hash: string } | null;
  /** False blocks the user. */
  status: boolean;
  labels: string[];
  prefs: Record<string, unknown>;
  emailVerification: boolean;
  phoneVerification: boolean;
  passwordUpdate: string;
  accessedAt: string;
  targetId: string;
  createdAt: string;
  updatedAt: string;
}

export const userKind = kind<UserRecord>('user');

export const passwordParam = z
  .string()
  .min(8, 'Password must be between 8 and 256 characters long.')
  .max(256, 'Password must be between 8 and 256 characters long.');
const EMAIL = /^[^\s@"<>()]+@[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.[a-z]{2,}$/i;
export const emailParam = z
  .string('Value must be a valid email address')
  .max(320)
  .regex(EMAIL, 'Value must be a valid email address')
  .transform((email) => email.toLowerCase());
export const phoneParam = z
  .string()
  .regex(/^\+[1-9]\d{1,14}$/, "Phone number must start with a '+' can have a maximum of fifteen digits.");
export const nameParam = p.orElse(p.textParam(128, 0), '');
export const prefsParam = z.record(z.string(), z.unknown(), 'Value must be a valid JSON object');

export interface NewUser {
  email: string;
  phone?: string;
  password: string | null;
  name: string;
}

export function makeUser({ email, phone = '', password, name }: NewUser): UserRecord {
  const now = wireNow();
  return {
    ...{ email, phone, name, status: true, labels: [], prefs: {}, emailVerification: false, phoneVerification: false },
    password: password === null ? null : hashPassword(password),
    passwordUpdate: password === null ? '' : now,
    ...{ accessedAt: now, targetId: newId(), createdAt: now, updatedAt: now },
  };
}

export function hashPassword(password: string): { salt: string; hash: string } {
  const salt = randomBytes(16).toString('hex');
  return { salt, hash: derive(password, salt).toString('hex') };
}

function derive(password: string, salt: string): Buffer {
  const { costCpu, costMemory, costParallel, length } = HASH;
  return scryptSync(password, salt, length, { N: costCpu, r: costMemory, p: costParallel });
}

export function isPassword(user: UserRecord, password: string): boolean {
  if (user.password === null) return false;
  return timingSafeEqual(derive(password, user.password.salt), Buffer.from(user.password.hash, 'hex'));
}

/** Refuses an id, an e-mail address or a phone number that is taken. */
export function addUser(store: Store, id: string, user: UserRecord): void {
  const taken = store
    .list(userKind, '')
    .some(
      ({ value }) =>
        (user.email !== '' && value.email === user.email) || (user.phone !== '' && value.phone === user.phone),
    );
  if (taken || !store.insert(userKind, '', id, user)) {
    throw new ApiError(
      409,
      'user_already_exists',
      'A user with the same id, email, or phone already exists in this project.',
    );
  }
}

export function findByEmail(store: Store, email: string): { id: string; value: UserRecord } | null {
  return store.list(userKind, '').find(({ value }) => value.email === email) ?? null;
}

export function requireUser(store: Store, id: string): UserRecord {
  const user = store.get(userKind, '', id);
  if (user === null) throw notFound('user', id);
  return user;
}

export function changeUser(store: Store, id: string, change: Partial<UserRecord>): UserRecord {
  const changed = { ...requireUser(store, id), ...change, updatedAt: wireNow() };
  store.put(userKind, '', id, changed);
  return changed;
}

/** Refuses an address that another user has. */
export function changeEmail(store: Store, id: string, email: string): UserRecord {
  const other = findByEmail(store, email);
  if (other !== null && other.id !== id) {
    throw new ApiError(409, 'user_target_already_exists', 'A target with the same ID already exists.');
  }
  return changeUser(store, id, { email, emailVerification: false });
}

/** The user as the user sees it: without the hash of the password. */
export function presentAccount(id: string, user: UserRecord): Record<string, unknown> {
  const { password: _password, targetId, createdAt, updatedAt, ...fields } = user;
  const identifiers = { email: user.email, sms: user.phone };
  const targets = Object.entries(identifiers)
    .filter(([, identifier]) => identifier !== '')
    .map(([providerType, identifier]) => ({
      $id: providerType === 'email' ? targetId : `${targetId}-sms`,
      ...{ $createdAt: createdAt, $updatedAt: updatedAt, name: '', userId: id, providerId: null },
      ...{ providerType, identifier, expired: false },
    }));
  return {
    ...{ $id: id, $createdAt: createdAt, $updatedAt: updatedAt, registration: createdAt },
    ...fields,
    mfa: false,
    targets,
  };
}

/** The user as a key sees it. */
export function presentUser(id: string, user: UserRecord): Record<string, unknown> {
  const hash = user.password === null ? {} : { hash: 'scrypt', hashOptions: { type: 'scrypt', ...HASH } };
  return { ...presentAccount(id, user), password: user.password?.hash ?? '', ...hash };
}
