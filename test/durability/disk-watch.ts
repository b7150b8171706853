import fs, { appendFileSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import type { DatabaseSync as Database, StatementSync as Statement } from 'node:sqlite';
import { SOON_MS } from '../../src/core/engine/flusher.ts';
import { loadSqlite } from '../../src/core/engine/sqlite.ts';

/** What a worker is to note about its disk. */
export interface DiskWatch {
  /** Empty folder for the notes; it outlives the worker. */
  dir: string;
  /** A flush of the log answers so much later: a slow disk, on which more is unflushed at any moment. */
  syncMs: number;
  /** SQLite copies the log into the database file when it holds so many pages; SQLite's own default is 1000. */
  checkpointPages: number;
  /** The process ends inside the checkpoint of this number, from 1; null: in none. */
  dieInCheckpoint: number | null;
}

/** What is certainly on the disk; the last line of `durable`. */
export interface Durable {
  /** Salts of the write-ahead log in hexadecimal: another log each time it is begun from its head again. */
  salts: string;
  /** Pages of that log. */
  frames: number;
  /** Those among them that the database file holds as well. */
  copied: number;
  /** `checkpoint-<n>.db` in the folder is the database file, which is on the disk as a whole. */
  checkpoint: number;
}

interface Position {
  salts: string;
  frames: number;
  copied: number;
}

/** Head of the index of the log: https://sqlite.org/walformat.html#the_wal_index_file_format */
const INDEX_HEAD_BYTES = 100;
/** The file of the notes on answers that nobody flushed; absent when there were none. */
export const LATE = 'late';
const ANSWER = '"type":"model.called"';
/** `PRAGMA synchronous` of a commit that flushes. */
const FULL = 2;

function readPosition(file: string): Position | null {
  if (!existsSync(`${file}-shm`)) return null;
  const descriptor = openSync(`${file}-shm`, 'r');
  const head = Buffer.alloc(INDEX_HEAD_BYTES);
  try {
    if (readSync(descriptor, head, 0, INDEX_HEAD_BYTES, 0) < INDEX_HEAD_BYTES) return null;
  } finally {
    closeSync(descriptor);
  }
  return { frames: head.readUInt32LE(16), salts: head.toString('hex', 32, 40), copied: head.readUInt32LE(96) };
}

const isBefore = (a: Position, b: Position) => a.salts !== b.salts || a.frames < b.frames || a.copied < b.copied;

/**
 * Notes, before the program hears of it, what of `state.db` has reached the disk: at the end of each flush, and at each
 * commit that flushes or copies the log into the database file. Says in `LATE` where an answer of a model was recorded and no
 * flush had begun within SOON_MS, or was to follow the one under way. To be called before the store is opened.
 */
export function watchDisk(stateDir: string, watch: DiskWatch): void {
  const file = join(stateDir, 'state.db');
  mkdirSync(watch.dir, { recursive: true });
  const statements = new WeakMap<Statement, Database>();
  let durable: Position | null = null;
  let checkpoint = 0;

  /** The end of an answer of a model whose flush must have begun, or follow the one under way. */
  let owed: Position | null = null;
  let isAnswer = false;
  let begun: Position | null = null;
  let underWay = 0;
  const checkOwed = () => {
    if (owed === null || underWay > 0) return;
    const isLate = (at: Position | null) => at === null || (at.salts === owed?.salts && at.frames < owed.frames);
    if (isLate(begun) && isLate(durable)) appendFileSync(join(watch.dir, LATE), `${JSON.stringify({ owed, begun })}\n`);
    owed = null;
  };
  // A flush for it has begun by then, however slow the machine: timers end in the order of their times, and its own is set in
  // the same turn of the loop as the record, this one in a later turn.
  const lookLater = () => {
    const of = owed;
    setImmediate(() => setTimeout(() => of === owed && checkOwed(), 5 * SOON_MS));
  };

  const note = (position: Position) => {
    if (durable !== null && !isBefore(durable, position)) return;
    durable = position;
    appendFileSync(join(watch.dir, 'durable'), `${JSON.stringify({ ...position, checkpoint } satisfies Durable)}\n`);
  };
  const keepFile = () => copyFileSync(file, join(watch.dir, `checkpoint-${checkpoint}.db`));

  const commit = <T>(run: () => T, synchronous: () => number): T => {
    const before = readPosition(file);
    if (checkpoint === 0) {
      // What a process finds at its start is what the disk has kept.
      checkpoint = 1;
      keepFile();
      if (before !== null) note(before);
    }
    const value = run();
    const after = readPosition(file);
    if (after === null || (before !== null && !isBefore(before, after))) return value;
    if (isAnswer) {
      owed = after;
      lookLater();
    }
    isAnswer = false;
    if (after.copied > 0 && (before?.salts !== after.salts || after.copied > before.copied)) {
      if (checkpoint === watch.dieInCheckpoint) process.kill(process.pid, 'SIGKILL');
      if (after.copied < after.frames) throw new Error('somebody else read beside the worker: the file is not flushed');
      // The log is flushed before the file is written, and the file after it.
      checkpoint += 1;
      keepFile();
      note(after);
    } else if (synchronous() === FULL) note(after);
    return value;
  };
  const synchronousOf = (database: Database) => () =>
    Number(prepare.call(database, 'PRAGMA synchronous').get()?.synchronous);

  const { DatabaseSync, StatementSync } = loadSqlite();
  const { exec, prepare } = DatabaseSync.prototype;
  const { run } = StatementSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    if (sql === 'PRAGMA journal_mode = WAL') {
      exec.call(this, sql);
      return exec.call(this, `PRAGMA wal_autocheckpoint = ${watch.checkpointPages}`);
    }
    if (sql !== 'COMMIT') return exec.call(this, sql);
    return commit(() => exec.call(this, sql), synchronousOf(this));
  };
  DatabaseSync.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql);
    if (sql === 'COMMIT') statements.set(statement, this);
    return statement;
  };
  StatementSync.prototype.run = function (this: Statement, ...parameters: Parameters<typeof run>) {
    const database = statements.get(this);
    const execute = () => Reflect.apply(run, this, parameters);
    if (parameters.some((value) => typeof value === 'string' && value.includes(ANSWER))) isAnswer = true;
    return database === undefined ? execute() : commit(execute, synchronousOf(database));
  } as typeof run;

  const { fdatasync } = fs;
  const watched = (descriptor: number, done: (error: Error | null) => void) => {
    const position = readPosition(file);
    begun = position;
    underWay += 1;
    fdatasync(descriptor, (error) =>
      setTimeout(() => {
        // A log that was begun again meanwhile had been flushed, and copied, before.
        const isCurrent = position !== null && position.salts === readPosition(file)?.salts;
        if (error === null && isCurrent) note(position);
        underWay -= 1;
        done(error);
        lookLater();
      }, watch.syncMs),
    );
  };
  fs.fdatasync = watched as typeof fdatasync;
  syncBuiltinESMExports();
}
