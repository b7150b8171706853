import { createHash } from 'node:crypto';
import type { Json } from '../engine/port.ts';

/** How long what is shared may be. The columns of `tables.ts` have room for it. */
export const MAX = {
  /** JSON text of an `object` or `array` field, in bytes: the server's database counts those of long texts. */
  json: 60_000,
  /** JSON text of an activity's `input` and of its `output`, in bytes. */
  activityJson: 4_000,
  /** Ids, names of people and projects, actions; in characters, as the next. */
  name: 128,
  /** Web addresses. */
  address: 1_024,
} as const;

const ROW_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$/;
const ROW_ID_CHARS = 36;

/** An id that Appwrite takes: the text itself, or the beginning of its SHA-256 when it is too long or has other characters. */
export function rowId(text: string): string {
  if (ROW_ID.test(text)) return text;
  return createHash('sha256').update(text).digest('hex').slice(0, ROW_ID_CHARS);
}

const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));

/** At most `max` characters, without half of a character pair. */
export function cut(text: string, max: number): string {
  return (text.length > max ? `${text.slice(0, max - 1)}…` : text).toWellFormed();
}

/** What is left of texts and lists, step by step, until the whole fits. */
const STEPS = [
  { chars: 2_000, items: 100 },
  { chars: 500, items: 60 },
  { chars: 120, items: 50 },
  { chars: 40, items: 20 },
] as const;

/**
 * The value when its JSON text has at most `maxBytes`; otherwise a value of the same shape with texts and lists cut, and when
 * that is still too long `{ "cut": "<beginning of the JSON text>" }`, in a list for a list.
 */
export function bounded(value: Json, maxBytes: number): Json {
  const fits = (candidate: Json) => bytesOf(candidate) <= maxBytes;
  if (fits(value)) return value;
  for (const step of STEPS) {
    const shorter = shortened(value, step);
    if (fits(shorter)) return shorter;
  }
  // Quotes and backslashes of the text double in a text of JSON, and a character has up to three bytes.
  const beginning = { cut: cut(JSON.stringify(value), Math.floor(maxBytes / 3) - 20) };
  return Array.isArray(value) ? [beginning] : beginning;
}

function shortened(value: Json, step: { chars: number; items: number }): Json {
  if (typeof value === 'string') return cut(value, step.chars);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, step.items).map((item) => shortened(item, step));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shortened(item, step)]));
}

/** The last lines whose JSON text fits; a longer line is cut. */
export function lastLines(text: string, maxBytes: number): string[] {
  const lines: string[] = [];
  let left = maxBytes - 2;
  for (const line of text.split('\n').reverse()) {
    const kept = cut(line, 1_000);
    left -= bytesOf(kept) + 1;
    if (left < 0) break;
    lines.unshift(kept);
  }
  return lines.length === 1 && lines[0] === '' ? [] : lines;
}
