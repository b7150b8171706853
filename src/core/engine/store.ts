import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { AppError } from '../../protocol/errors.ts';
import type { Clock } from '../ports.ts';
import { createFlusher } from './flusher.ts';
import { ensureSchema } from './schema.ts';
import { type Database, isBusy, loadSqlite, toStorageError } from './sqlite.ts';
import { createWakes, type Wakes } from './wakes.ts';

/**
 * One SQLite file, shared by all processes that use the state folder.
 *
 * 1. Every change happens in a BEGIN IMMEDIATE transaction: it reads what it decides on under the write lock.
 * 2. A `full` commit is on the disk when `write` returns. A `process` commit survives the end of the process but perhaps
 *    not a power failure, until `flush` has resolved or a full commit has followed. What the power takes is always the newest.
 * 3. Wakes asked for in a transaction happen after its commit, and not at all when it is rolled back.
 */
export interface Store {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly wakes: Wakes;
  /** Compiled once per text. To be run inside `read` or `write`. */
  prepare(sql: string): StatementSync;
  /** Runs a query; SQLite's errors become `storage_failed`. */
  read<T>(query: () => T): T;
  /** Runs a change in a transaction (or in the one that is open) and rolls back when it throws. */
  write<T>(change: () => T, durability?: Durability): T;
  /** Resolves when all commits so far are on the disk; the program's own thread does not wait for it. */
  flush(): Promise<void>;
  /** The same, in a moment: usually with the flush of somebody who is in a hurry. */
  flushSoon(): Promise<void>;
  /** Wakes the topic's listeners once the open transaction has been committed. */
  wake(topic: string): void;
  /** Idempotent. */
  close(): void;
}

export type Durability = 'full' | 'process';

const BUSY_TIMEOUT_MS = 5_000;
const BUSY_PAUSE_MS = 10;

/** Switching a new file to WAL ignores SQLite's own busy handler, so windows that open it together try again here. */
function retryWhileBusy(action: () => void): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      action();
      return;
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() > deadline) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS);
    }
  }
}

function openDatabase(stateDir: string, file: string): Database {
  const { DatabaseSync } = loadSqlite();
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw new AppError({
      code: 'storage_failed',
      message: `making ${stateDir}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      userMessage: `The state folder ${stateDir} cannot be made. Check the path and your permissions, or choose another one.`,
      cause: thrown,
    });
  }
  let db: Database | null = null;
  try {
    const opened = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    db = opened;
    retryWhileBusy(() => opened.exec('PRAGMA journal_mode = WAL'));
    opened.exec('PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
    ensureSchema(opened, file);
    opened.exec('COMMIT');
    return opened;
  } catch (thrown) {
    db?.close();
    throw toStorageError(thrown, file);
  }
}

interface Transactions {
  prepare(sql: string): StatementSync;
  isOpen(): boolean;
  /** Runs the change between BEGIN IMMEDIATE and COMMIT; rolls back when it throws. */
  run<T>(change: () => T, durability: Durability): T;
}

function createTransactions(db: Database, file: string): Transactions {
  const statements = new Map<string, StatementSync>();
  let durabilityNow: Durability = 'full';
  let open = false;

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = db.prepare(sql);
    statements.set(sql, made);
    return made;
  };

  const rollback = () => {
    try {
      db.exec('ROLLBACK');
    } catch {
      // After some errors (a full disk) SQLite has rolled back by itself. Were it still open, the next BEGIN would say so.
    }
  };

  return {
    prepare,
    isOpen: () => open,
    run(change, durability) {
      try {
        if (durability !== durabilityNow) db.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
        durabilityNow = durability;
        prepare('BEGIN IMMEDIATE').run();
        open = true;
        const value = change();
        prepare('COMMIT').run();
        return value;
      } catch (thrown) {
        if (open) rollback();
        throw toStorageError(thrown, file);
      } finally {
        open = false;
      }
    },
  };
}

/**
 * Opens (or makes) `state.db` in the folder. Throws `storage_failed` when the folder cannot be written, the file is damaged,
 * or a newer version of the program wrote it.
 */
export function openStore(stateDir: string, clock: Clock): Store {
  const file = join(stateDir, 'state.db');
  const db = openDatabase(stateDir, file);
  const transactions = createTransactions(db, file);
  // SQLite keeps this file, and writes nothing else at a commit, as long as a connection is open.
  const flusher = createFlusher(`${file}-wal`);
  const pendingWakes = new Set<string>();
  let closed = false;

  const assertOpen = () => {
    if (!closed) return;
    throw new AppError({
      code: 'storage_failed',
      message: `${file} has been closed`,
      userMessage: 'The orchestrator has been stopped. Start it again, then resume the run.',
    });
  };
  const brought = async (flush: () => Promise<void>): Promise<void> => {
    assertOpen();
    try {
      await flush();
    } catch (thrown) {
      throw new AppError({
        code: 'storage_failed',
        message: `flushing ${file}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        userMessage: `${file} could not be written to the disk. Check the disk, then resume.`,
        cause: thrown,
      });
    }
  };
  const dataVersion = () => Number(transactions.prepare('PRAGMA data_version').get()?.data_version);
  const wakes = createWakes(dataVersion);

  return {
    stateDir,
    clock,
    wakes,
    prepare: transactions.prepare,
    read(query) {
      assertOpen();
      try {
        return query();
      } catch (thrown) {
        throw toStorageError(thrown, file);
      }
    },
    write(change, durability = 'full') {
      assertOpen();
      if (transactions.isOpen()) return change();
      // What a change that failed has left here was for a commit that did not happen.
      pendingWakes.clear();
      const value = transactions.run(change, durability);
      if (durability === 'process') flusher.note();
      const topics = [...pendingWakes];
      pendingWakes.clear();
      wakes.emit(topics);
      return value;
    },
    flush: () => brought(() => flusher.flush()),
    flushSoon: () => brought(() => flusher.flushSoon()),
    wake: (topic) => {
      pendingWakes.add(topic);
    },
    close() {
      if (closed) return;
      closed = true;
      wakes.close();
      flusher.close();
      db.close();
    },
  };
}
