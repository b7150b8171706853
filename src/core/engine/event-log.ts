import type { DomainEvent, EventRecord } from '../../protocol/events.ts';
import type { EventLog } from './port.ts';
import type { Store } from './store.ts';
import { packValue, toJson, unpackValue } from './values.ts';

/**
 * The one ordered table of events, on the store.
 *
 * 1. (run, dedupKey) is unique; the sequence number is given in the transaction that appends, so there are no gaps.
 * 2. A subscriber sees every record after its start once and in order, from whichever process it came, and never inside the
 *    call that subscribes or appends.
 */
const eventsTopic = (runId: string) => `events:${runId}`;
const DEFAULT_LIMIT = 1_000;

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
  return true;
}

type EventRow = { seq: number; at: string; event: string };

export function createEventLog(store: Store): EventLog {
  const read = (runId: string, afterSeq: number, limit = DEFAULT_LIMIT): EventRecord[] =>
    store.read(() => {
      const rows = store
        .prepare('SELECT seq, at, event FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?')
        .all(runId, afterSeq, limit) as EventRow[];
      return rows.map(({ seq, at, event }) => {
        const parsed = unpackValue(store, event) as DomainEvent;
        return { v: 1, runId, seq, at, event: parsed };
      });
    });

  return {
    append: (runId, event, dedupKey) => store.write(() => appendEvent(store, runId, event, dedupKey)),
    read,
    subscribe(runId, afterSeq, onRecord) {
      let lastSeq = afterSeq;
      let scheduled = false;
      let ended = false;

      const deliver = (record: EventRecord) => {
        lastSeq = record.seq;
        try {
          onRecord(record);
        } catch (thrown) {
          // A subscriber's failure is its own: neither the appender nor the other subscribers may feel it.
          process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
        }
      };
      const nextRecords = (): EventRecord[] => {
        try {
          return ended ? [] : read(runId, lastSeq);
        } catch (thrown) {
          if (!ended) process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
          return [];
        }
      };
      const pump = () => {
        scheduled = false;
        for (let records = nextRecords(); records.length > 0; records = nextRecords()) {
          for (const record of records) if (!ended) deliver(record);
        }
      };
      const schedule = () => {
        if (scheduled || ended) return;
        scheduled = true;
        queueMicrotask(pump);
      };

      const off = store.wakes.on([eventsTopic(runId)], schedule);
      schedule();
      return () => {
        ended = true;
        off();
      };
    },
  };
}
