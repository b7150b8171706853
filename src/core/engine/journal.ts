import type { HistoryEntry } from './port.ts';
import type { Store } from './store.ts';

/**
 * What a run has done, by position of the call. All functions that change something must be called inside a write
 * transaction that has checked the run's fence.
 *
 * 1. A closed entry (`ok`, `error`) never changes.
 * 2. An attempt is counted before it begins.
 */
export type CallKind = HistoryEntry['kind'];

export interface Entry {
  position: number;
  name: string;
  kind: CallKind;
  state: 'open' | 'ok' | 'error';
  attempts: number;
  failures: number;
  interruptions: number;
  value: string | null;
  /** Milliseconds since the epoch: end of a wait, or earliest start of the next try of a step. */
  deadline: number | null;
  startedAt: number;
  endedAt: number | null;
}

const COLUMNS = `position, name, kind, state, attempts, failures, interruptions, value, deadline,
  started_at AS startedAt, ended_at AS endedAt`;

export function readJournal(store: Store, runId: string): Entry[] {
  return store
    .prepare(`SELECT ${COLUMNS} FROM journal WHERE run_id = ? ORDER BY position`)
    .all(runId) as unknown as Entry[];
}

/** Where a call stands in its run. */
export interface CallSite {
  runId: string;
  position: number;
  name: string;
  kind: CallKind;
}

const INSERT = `INSERT INTO journal (run_id, position, name, kind, state, attempts, failures, interruptions, value,
  deadline, started_at, ended_at) VALUES (?, ?, ?, ?, ?, 1, 0, 0, ?, ?, ?, ?)`;

/** Opens an entry: a wait with its deadline, or a step's first attempt. */
export function openEntry(store: Store, site: CallSite, deadline: number | null): void {
  store
    .prepare(INSERT)
    .run(site.runId, site.position, site.name, site.kind, 'open', null, deadline, store.clock.now(), null);
}

/** Writes a call that needs no open entry, or closes its open entry. `value` is column text, already packed. */
export function closeEntry(
  store: Store,
  site: CallSite,
  end: { state: 'ok' | 'error'; value: string | null; startedAt: number },
): void {
  store
    .prepare(
      `${INSERT} ON CONFLICT (run_id, position) DO UPDATE SET state = excluded.state, value = excluded.value,
       deadline = NULL, ended_at = excluded.ended_at WHERE state = 'open'`,
    )
    .run(site.runId, site.position, site.name, site.kind, end.state, end.value, null, end.startedAt, store.clock.now());
}

export function countAttempt(store: Store, site: CallSite): void {
  store
    .prepare('UPDATE journal SET attempts = attempts + 1, deadline = NULL WHERE run_id = ? AND position = ?')
    .run(site.runId, site.position);
}

export function countFailure(store: Store, site: CallSite, retryAt: number): void {
  store
    .prepare('UPDATE journal SET failures = failures + 1, deadline = ? WHERE run_id = ? AND position = ?')
    .run(retryAt, site.runId, site.position);
}

/** Tries that are cut short by an orderly stop do not count as tries that ended the process. */
export function countInterruption(store: Store, runId: string, position: number): void {
  store
    .prepare(
      `UPDATE journal SET interruptions = interruptions + 1 WHERE run_id = ? AND position = ? AND state = 'open'`,
    )
    .run(runId, position);
}

export function readHistory(store: Store, runId: string): HistoryEntry[] {
  return readJournal(store, runId)
    .filter((entry) => entry.state !== 'open')
    .map((entry) => ({
      name: entry.name,
      kind: entry.kind,
      attempts: entry.attempts,
      ok: entry.state === 'ok',
      startedAt: entry.startedAt,
      endedAt: entry.endedAt ?? entry.startedAt,
    }));
}
