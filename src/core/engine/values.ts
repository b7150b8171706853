import { AppError } from '../../protocol/errors.ts';
import { createBlobFiles } from './blobs.ts';
import type { Store } from './store.ts';

/** Values above this go to files, because a long row makes every page around it slow. */
const MAX_INLINE_BYTES = 65_536;

/** Marks a stored text as the hash of a blob; no JSON text begins with it. */
const BLOB_MARK = '@';

/** JSON text, or null for undefined. Throws `engine_conflict` when the value is not JSON. */
export function toJson(value: unknown, what: string): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch (thrown) {
    throw new AppError({
      code: 'engine_conflict',
      message: `${what} is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      userMessage: `This program has an error: ${what} cannot be stored.`,
      cause: thrown,
    });
  }
}

export const fromJson = (json: string | null): unknown => (json === null ? undefined : JSON.parse(json));

/** Text for a column; moves a long value to a file. Must be called inside a write transaction. */
export function packValue(store: Store, json: string | null, rootRunId: string): string | null {
  if (json === null || Buffer.byteLength(json) <= MAX_INLINE_BYTES) return json;
  const hash = createBlobFiles(store.stateDir).put(json);
  store.prepare('INSERT OR IGNORE INTO blob_refs (hash, root_id) VALUES (?, ?)').run(hash, rootRunId);
  return BLOB_MARK + hash;
}

/** The value of a column; undefined for SQL NULL. */
export function unpackValue(store: Store, text: string | null): unknown {
  if (text?.startsWith(BLOB_MARK)) return JSON.parse(createBlobFiles(store.stateDir).get(text.slice(1)));
  return fromJson(text);
}
