import { AppError } from '../../protocol/errors.ts';
import type { Database } from './sqlite.ts';

/** Raised with every change of the tables; a newer file is refused, because an older program would misread it. */
const SCHEMA_VERSION = 3;

/** How far the records of each run have been sent to a shared database, and which program sends them. */
const RECORD_TABLES = `
CREATE TABLE record_cursors (
  destination TEXT NOT NULL, run_id TEXT NOT NULL, sent_seq INTEGER NOT NULL,
  PRIMARY KEY (destination, run_id)
) WITHOUT ROWID;
CREATE TABLE record_mirrors (
  destination TEXT PRIMARY KEY, holder TEXT, lease_until INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER, trouble TEXT, trouble_since INTEGER
) WITHOUT ROWID;
`;

const TABLES = `
CREATE TABLE owners (
  owner_id TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, process_start TEXT NOT NULL,
  label TEXT NOT NULL, lease_until INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, parent_id TEXT, root_id TEXT NOT NULL, definition TEXT NOT NULL,
  status TEXT NOT NULL, owner_id TEXT, epoch INTEGER NOT NULL,
  input TEXT, output TEXT, error TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
);
CREATE INDEX runs_by_root ON runs (root_id);
CREATE INDEX runs_by_parent ON runs (parent_id, created_at);

-- state: open, ok, error. attempts: tries begun; failures: tries that ended in an error that is tried again;
-- interruptions: tries cut short by an orderly stop. What is left are tries that ended together with the process.
CREATE TABLE journal (
  run_id TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL, failures INTEGER NOT NULL, interruptions INTEGER NOT NULL,
  value TEXT, deadline INTEGER, started_at INTEGER NOT NULL, ended_at INTEGER,
  PRIMARY KEY (run_id, position)
) WITHOUT ROWID;

CREATE TABLE inbox (
  message_id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, topic TEXT NOT NULL, dedup_key TEXT NOT NULL,
  value TEXT, taken_by TEXT, sent_at INTEGER NOT NULL,
  UNIQUE (run_id, dedup_key)
);

CREATE TABLE events (
  run_id TEXT NOT NULL, seq INTEGER NOT NULL, dedup_key TEXT NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL,
  PRIMARY KEY (run_id, seq), UNIQUE (run_id, dedup_key)
);

CREATE TABLE blob_refs (
  hash TEXT NOT NULL, root_id TEXT NOT NULL,
  PRIMARY KEY (hash, root_id)
) WITHOUT ROWID;
CREATE INDEX blob_refs_by_root ON blob_refs (root_id);

-- Money in whole billionths of a US dollar, so that sums are exact.
CREATE TABLE budgets (
  root_id TEXT PRIMARY KEY, cap_nano INTEGER NOT NULL, settled_nano INTEGER NOT NULL, reserved_nano INTEGER NOT NULL,
  calls INTEGER NOT NULL, paused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE charges (
  charge_id INTEGER PRIMARY KEY, root_id TEXT NOT NULL, call_key TEXT NOT NULL, state TEXT NOT NULL,
  amount_nano INTEGER NOT NULL
);
CREATE INDEX charges_by_call ON charges (root_id, call_key);
${RECORD_TABLES}`;

/** What brings a file of the version to the next one. */
const CHANGES: Record<number, string> = {
  1: 'ALTER TABLE budgets ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;',
  2: RECORD_TABLES,
};

/**
 * Makes the tables in a new file, brings those of an old one up to date, and refuses a newer one; to be called inside an
 * IMMEDIATE transaction.
 */
export function ensureSchema(db: Database, file: string): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION) {
    throw new AppError({
      code: 'storage_failed',
      message: `${file} has schema version ${version}, this program knows ${SCHEMA_VERSION}`,
      userMessage: `${file} was written by a newer version of this program. Update the program, or use another state folder.`,
    });
  }
  let sql = version === 0 ? TABLES : '';
  for (let from = version; from > 0 && from < SCHEMA_VERSION; from += 1) sql += CHANGES[from] ?? '';
  db.exec(`${sql} PRAGMA user_version = ${SCHEMA_VERSION};`);
}
