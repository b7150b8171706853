import type { Store } from '../engine/store.ts';

/**
 * What is kept in `state.db` about sending records to one destination.
 *
 * 1. One mirror at a time holds the lease; only its holder moves cursors and says what is wrong.
 * 2. A cursor is moved after its records have arrived, never before.
 */
export interface MirrorState {
  /** Runs with events of a row after `afterRow` (0: all), with the seq of their last one, and the last row there is. */
  changedRuns(afterRow: number): { runs: Map<string, number>; lastRow: number };
  /** Seq of the run's last event whose records have arrived; 0 before any. */
  sentSeq(runId: string): number;
  /** Takes or renews the lease; the time (milliseconds since the epoch) until somebody else has it, or null when it is ours. */
  claim(leaseMs: number): number | null;
  release(): void;
  /** Records have arrived, so nothing is wrong any more. False when the lease was lost; then nothing is changed. */
  moveCursor(runId: string, sentSeq: number): boolean;
  /** `what` in words for people. The time since when is kept while it lasts. */
  setTrouble(what: string): void;
}

/** With more than this part of the lease left it is not renewed: that would be a write for every page. */
const FRESH = 0.8;
/** No lease is so long: one that ends later was taken before somebody put the clock back, and does not count. */
const LONGEST_LEASE_MS = 300_000;

export function createMirrorState(store: Store, destination: string, holder: string): MirrorState {
  const { clock } = store;
  const isHolder = 'EXISTS (SELECT 1 FROM record_mirrors WHERE destination = ? AND holder = ?)';
  const lease = () =>
    store.read(() =>
      store.prepare('SELECT holder, lease_until FROM record_mirrors WHERE destination = ?').get(destination),
    );
  const isRunning = (until: number) => until > clock.now() && until <= clock.now() + LONGEST_LEASE_MS;
  const heldByAnother = (): number | null => {
    const row = lease();
    const isAnothers = row !== undefined && row.holder !== null && row.holder !== holder;
    return isAnothers && isRunning(Number(row.lease_until)) ? Number(row.lease_until) : null;
  };
  const ownLease = (): number => {
    const row = lease();
    return row?.holder === holder && isRunning(Number(row.lease_until)) ? Number(row.lease_until) : 0;
  };
  return {
    changedRuns: (afterRow) =>
      store.read(() => {
        const lastRow = Number(store.prepare('SELECT COALESCE(MAX(rowid), 0) AS place FROM events').get()?.place);
        // All runs are in the index; the last rows are found without it, which the sign sees to.
        const rows = (
          afterRow === 0
            ? store.prepare(`SELECT run_id, MAX(seq) AS seq FROM events WHERE run_id <> '' GROUP BY run_id`).all()
            : store
                .prepare(
                  `SELECT run_id, MAX(seq) AS seq FROM events WHERE rowid > ? AND +run_id <> '' GROUP BY +run_id`,
                )
                .all(afterRow)
        ) as { run_id: string; seq: number }[];
        return { runs: new Map(rows.map((row) => [row.run_id, row.seq])), lastRow };
      }),
    sentSeq: (runId) =>
      store.read(() => {
        const row = store
          .prepare('SELECT sent_seq FROM record_cursors WHERE destination = ? AND run_id = ?')
          .get(destination, runId);
        return Number(row?.sent_seq ?? 0);
      }),
    claim: (leaseMs) => {
      const heldUntil = heldByAnother();
      if (heldUntil !== null) return heldUntil;
      if (ownLease() > clock.now() + leaseMs * FRESH) return null;
      return store.write(() => {
        const now = clock.now();
        const { changes } = store
          .prepare(
            `INSERT INTO record_mirrors (destination, holder, lease_until) VALUES (?, ?, ?)
             ON CONFLICT (destination) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until
             WHERE holder IS NULL OR holder = excluded.holder OR lease_until <= ? OR lease_until > ?`,
          )
          .run(destination, holder, now + leaseMs, now, now + LONGEST_LEASE_MS);
        return changes === 1 ? null : heldByAnother();
      }, 'process');
    },
    release: () => {
      store.write(() => {
        store
          .prepare('UPDATE record_mirrors SET holder = NULL, lease_until = 0 WHERE destination = ? AND holder = ?')
          .run(destination, holder);
      }, 'process');
    },
    moveCursor: (runId, sentSeq) =>
      store.write(() => {
        const { changes } = store
          .prepare(
            `INSERT INTO record_cursors (destination, run_id, sent_seq) SELECT ?, ?, ? WHERE ${isHolder}
             ON CONFLICT (destination, run_id) DO UPDATE SET sent_seq = MAX(sent_seq, excluded.sent_seq)`,
          )
          .run(destination, runId, sentSeq, destination, holder);
        store
          .prepare(
            `UPDATE record_mirrors SET sent_at = ?, trouble = NULL, trouble_since = NULL
             WHERE destination = ? AND holder = ?`,
          )
          .run(clock.now(), destination, holder);
        return changes === 1;
      }, 'process'),
    setTrouble: (what) => {
      store.write(() => {
        store
          .prepare(
            `UPDATE record_mirrors SET trouble = ?, trouble_since = COALESCE(trouble_since, ?)
             WHERE destination = ? AND holder = ?`,
          )
          .run(what, clock.now(), destination, holder);
      }, 'process');
    },
  };
}

export interface MirrorReport {
  /** When records arrived last; null before any. Milliseconds since the epoch, as the next. */
  sentAt: number | null;
  /** What is wrong now, in words for people; null when nothing is. */
  trouble: string | null;
  troubleSince: number | null;
}

/** How sending to the destination goes, whichever process does it; null when none has begun. */
export function mirrorReport(store: Store, destination: string): MirrorReport | null {
  const row = store.read(() =>
    store.prepare('SELECT sent_at, trouble, trouble_since FROM record_mirrors WHERE destination = ?').get(destination),
  );
  if (row === undefined) return null;
  const number = (value: unknown) => (value === null ? null : Number(value));
  return {
    sentAt: number(row.sent_at),
    trouble: row.trouble === null ? null : String(row.trouble),
    troubleSince: number(row.trouble_since),
  };
}
