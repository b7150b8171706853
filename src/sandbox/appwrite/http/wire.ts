import { randomBytes } from 'node:crypto';

/** Appwrite's date form: milliseconds and `+00:00`, never `Z`. */
export function toWireDate(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '+00:00');
}

export function wireNow(): string {
  return toWireDate(Date.now());
}

let latest = 0;

/** Milliseconds since the epoch with fractions; each answer is later than the one before. */
export function preciseNow(): number {
  latest = Math.max(performance.timeOrigin + performance.now(), latest + 0.001);
  return latest;
}

/** 20 hex characters, as ID.unique() makes them: time first, so that ids sort by age. */
export function newId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return seconds + randomBytes(6).toString('hex');
}

/** An integer literal beyond 2^53 that JSON.stringify writes unchanged. */
export function int64(literal: string): unknown {
  // Not yet in TypeScript's library files; in V8 since Node 21.
  const rawJson: unknown = Reflect.get(JSON, 'rawJSON');
  return typeof rawJson === 'function' ? rawJson(literal) : Number(literal);
}
