import type { DomainEvent, EventRecord } from '../../protocol/events.ts';
import type { EventLog } from './port.ts';
import type { Store } from './store.ts';
import { packValue, toJson, unpackValue } from './values.ts';

/**
 * The one ordered table of events, on the store.
 *
 * 1. (run, dedupKey) is unique; the sequence number is given in the transaction that appends, so there are no gaps.
 * 2. A subscriber sees every record after its start once and in order, from whichever process it came, and never inside the
 *    call that subscribes or appends. The same holds for a watcher of all runs, which goes by the row number.
 * 3. The highest row number never goes down (see `forgetEvents`): SQLite would give a freed one again, and a watcher would
 *    take the new row for one that it has seen.
 */
const eventsTopic = (runId: string) => `events:${runId}`;
/** Woken by every event of any run. */
export const ALL_EVENTS = 'events';
const DEFAULT_LIMIT = 1_000;
/** Run id of the row that holds the place of deleted ones; no run has an empty id. */
const NO_RUN = '';

/** To be called inside a write transaction; false when the key was there already. */
export function appendEvent(store: Store, runId: string, event: DomainEvent, dedupKey: string): boolean {
  const known = store.prepare('SELECT 1 FROM events WHERE run_id = ? AND dedup_key = ?').get(runId, dedupKey);
  if (known !== undefined) return false;
  const text = packValue(store, toJson(event, `event ${event.type}`), runId);
  store
    .prepare(
      `INSERT INTO events (run_id, seq, dedup_key, at, event)
       VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM events WHERE run_id = ?), ?, ?, ?)`,
    )
    .run(runId, runId, dedupKey, new Date(store.clock.now()).toISOString(), text);
  store.wake(eventsTopic(runId));
  store.wake(ALL_EVENTS);
  return true;
}

/** Deletes the events of a run; to be called inside a write transaction. The last row stays as an empty place holder. */
export function forgetEvents(store: Store, runId: string): void {
  store.prepare('DELETE FROM events WHERE run_id = ? AND rowid < (SELECT MAX(rowid) FROM events)').run(NO_RUN);
  store.prepare('DELETE FROM events WHERE run_id = ? AND rowid < (SELECT MAX(rowid) FROM events)').run(runId);
  store
    .prepare(`UPDATE events SET run_id = ?, seq = rowid, dedup_key = rowid, event = 'null' WHERE run_id = ?`)
    .run(NO_RUN, runId);
}

type EventRow = { run_id: string; seq: number; at: string; event: string };

const toRecord = (store: Store, { run_id: runId, seq, at, event }: EventRow): EventRecord => ({
  v: 1,
  runId,
  seq,
  at,
  event: unpackValue(store, event) as DomainEvent,
});

/** Calls `take` after every wake of the topic, and once at the beginning; never inside another call. */
function onWakes(store: Store, topic: string, take: (isEnded: () => boolean) => void): () => void {
  let scheduled = false;
  let ended = false;
  const pump = () => {
    scheduled = false;
    if (!ended) take(() => ended);
  };
  const schedule = () => {
    if (scheduled || ended) return;
    scheduled = true;
    queueMicrotask(pump);
  };
  const off = store.wakes.on([topic], schedule);
  schedule();
  return () => {
    ended = true;
    off();
  };
}

/** A failure of a listener, or of the store under it, is told to nobody else: neither the appender nor the other listeners. */
function warned<T>(fallback: T, act: () => T, isEnded: () => boolean = () => false): T {
  try {
    return act();
  } catch (thrown) {
    if (!isEnded()) process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
    return fallback;
  }
}

function watchAll(store: Store, onRecords: (records: EventRecord[]) => void): () => void {
  const last = store.prepare('SELECT COALESCE(MAX(rowid), 0) AS row FROM events');
  let row = store.read(() => Number(last.get()?.row));
  const next = (): EventRecord[] =>
    store.read(() => {
      const rows = store
        .prepare('SELECT rowid AS place, run_id, seq, at, event FROM events WHERE rowid > ? ORDER BY rowid LIMIT ?')
        .all(row, DEFAULT_LIMIT) as (EventRow & { place: number })[];
      const records = rows.filter((entry) => entry.run_id !== NO_RUN).map((entry) => toRecord(store, entry));
      row = rows.at(-1)?.place ?? row;
      return records;
    });
  return onWakes(store, ALL_EVENTS, (isEnded) => {
    for (;;) {
      const before = row;
      const records = isEnded() ? [] : warned([], next, isEnded);
      if (records.length > 0) warned(undefined, () => onRecords(records));
      if (row - before < DEFAULT_LIMIT) return;
    }
  });
}

export function createEventLog(store: Store): EventLog {
  const read = (runId: string, afterSeq: number, limit = DEFAULT_LIMIT): EventRecord[] =>
    store.read(() => {
      const rows = store
        .prepare('SELECT run_id, seq, at, event FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?')
        .all(runId, afterSeq, limit) as EventRow[];
      return rows.map((row) => toRecord(store, row));
    });

  return {
    append: (runId, event, dedupKey) => store.write(() => appendEvent(store, runId, event, dedupKey)),
    read,
    subscribe(runId, afterSeq, onRecord) {
      let lastSeq = afterSeq;
      const deliver = (record: EventRecord) => {
        lastSeq = record.seq;
        warned(undefined, () => onRecord(record));
      };
      return onWakes(store, eventsTopic(runId), (isEnded) => {
        for (let isMore = true; isMore; ) {
          const records = isEnded() ? [] : warned([], () => read(runId, lastSeq), isEnded);
          for (const record of records) if (!isEnded()) deliver(record);
          // What is appended from now on wakes again.
          isMore = records.length === DEFAULT_LIMIT;
        }
      });
    },
    watch: (onRecords) => watchAll(store, onRecords),
  };
}
