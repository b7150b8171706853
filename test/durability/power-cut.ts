import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Durable } from './disk-watch.ts';

/**
 * What the disk may hold of `state.db` after the power of a killed worker was cut. Of the log: everything up to the last
 * flush, and any part of what was written after it. Of the database file: what the last checkpoint left; when another one had
 * begun, the whole log (SQLite flushes it first) and any of the pages that were being copied.
 *
 * Objects, refs and worktrees of git are as they were written: their durability is git's own.
 */
export type CutKind = 'nothing' | 'flushed' | 'boundary' | 'torn' | 'hole' | 'checkpoint';

export interface Cut {
  kind: CutKind;
  /** Commits that the disk does not hold. */
  lostCommits: number;
}

/** https://sqlite.org/fileformat.html#the_wal_file_format */
const LOG_HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
const SECTOR_BYTES = 512;

interface WrittenLog {
  bytes: Buffer;
  salts: string;
  frameBytes: number;
  pageBytes: number;
  /** For each frame of the newest log, whether it ends a commit. */
  commits: boolean[];
}

function readLog(file: string): WrittenLog {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  if (bytes.length < LOG_HEAD_BYTES) return { bytes, salts: '', frameBytes: 0, pageBytes: 0, commits: [] };
  const pageBytes = bytes.readUInt32BE(8);
  const frameBytes = FRAME_HEAD_BYTES + pageBytes;
  const salts = bytes.toString('hex', 16, 24);
  const commits: boolean[] = [];
  for (let at = LOG_HEAD_BYTES; at + frameBytes <= bytes.length; at += frameBytes) {
    if (bytes.toString('hex', at + 8, at + 16) !== salts) break;
    commits.push(bytes.readUInt32BE(at + 4) !== 0);
  }
  return { bytes, salts, frameBytes, pageBytes, commits };
}

function lastNote(watchDir: string): Durable {
  const lines = readFileSync(join(watchDir, 'durable'), 'utf8').split('\n').slice(0, -1);
  return JSON.parse(lines.at(-1) ?? '') as Durable;
}

/** Puts `state.db` of the folder into a state that a power cut may have left; every choice comes from `random`. */
export function cutPower(stateDir: string, watchDir: string, random: () => number): Cut {
  const file = join(stateDir, 'state.db');
  const durable = lastNote(watchDir);
  const kept = readFileSync(join(watchDir, `checkpoint-${durable.checkpoint}.db`));
  const log = readLog(`${file}-wal`);
  // It is made anew from the log by whoever comes next.
  rmSync(`${file}-shm`, { force: true });
  const now = readFileSync(file);
  if (!now.equals(kept)) {
    writeFileSync(file, mixedPages(kept, now, log.pageBytes, random));
    return { kind: 'checkpoint', lostCommits: 0 };
  }
  const isSameLog = log.salts === durable.salts;
  if (!isSameLog && durable.copied < durable.frames) throw new Error('a log was begun again that was not copied');
  const least = isSameLog ? durable.frames : 0;
  if (log.commits.length < least) throw new Error(`${log.commits.length} pages are written, ${least} are flushed`);
  if (log.commits.length === least) return { kind: 'nothing', lostCommits: 0 };
  return cutLog(`${file}-wal`, log, least, random);
}

const CUTS = ['flushed', 'boundary', 'torn', 'hole'] as const;

function cutLog(file: string, log: WrittenLog, least: number, random: () => number): Cut {
  const kind = CUTS[Math.floor(random() * CUTS.length)] ?? 'flushed';
  const unflushed = log.commits.length - least;
  const endOf = (frames: number) => LOG_HEAD_BYTES + frames * log.frameBytes;
  const lostFrom = (frames: number): Cut => ({ kind, lostCommits: log.commits.slice(frames).filter(Boolean).length });
  // One frame of those that are not certain; what comes before it is there.
  const frames = least + (kind === 'flushed' ? 0 : Math.floor(random() * unflushed));
  if (kind === 'flushed' || kind === 'boundary') {
    writeFileSync(file, log.bytes.subarray(0, endOf(frames)));
    return lostFrom(frames);
  }
  const inside = Math.floor(random() * log.frameBytes);
  if (kind === 'torn') {
    writeFileSync(file, log.bytes.subarray(0, endOf(frames) + inside));
    return lostFrom(frames);
  }
  const bytes = Buffer.from(log.bytes.subarray(0, endOf(log.commits.length)));
  const sector = Math.floor((endOf(frames) + inside) / SECTOR_BYTES) * SECTOR_BYTES;
  const hole = bytes.subarray(Math.max(sector, endOf(least)), sector + SECTOR_BYTES);
  const wasEmpty = hole.every((byte) => byte === 0);
  hole.fill(0);
  writeFileSync(file, bytes);
  return wasEmpty ? { kind, lostCommits: 0 } : lostFrom(frameAt(Math.max(sector, endOf(least)), log.frameBytes));
}

const frameAt = (offset: number, frameBytes: number) => Math.floor((offset - LOG_HEAD_BYTES) / frameBytes);

/** Each page as it was before or as it was being written. */
function mixedPages(before: Buffer, after: Buffer, pageBytes: number, random: () => number): Buffer {
  if (pageBytes === 0) throw new Error('the database file has changed without a log');
  const bytes = Buffer.alloc(after.length);
  for (let at = 0; at < after.length; at += pageBytes) {
    const from = random() < 0.5 && at < before.length ? before : after;
    from.copy(bytes, at, at, at + pageBytes);
  }
  return bytes;
}

/** A copy of `state.db` to look into, so that the one of the folder stays as the power left it. */
export function copyState(stateDir: string, into: string): void {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  for (const name of ['state.db', 'state.db-wal']) {
    if (existsSync(join(stateDir, name))) copyFileSync(join(stateDir, name), join(into, name));
  }
}
