import { randomUUID } from 'node:crypto';
import type { Log } from '../ports.ts';
import { currentProcess, hasEnded } from './processes.ts';
import type { Store } from './store.ts';

/**
 * Who executes. An owner is one engine in one process; runs name their owner.
 *
 * 1. An owner renews its lease while it executes anything. It counts as alive until the lease ends, or until its process
 *    has ended when that can be seen from this host.
 * 2. Losing the lease does not stop the owner: what it may still write is decided by the epoch in each run's row.
 */
export interface Lease {
  readonly ownerId: string;
  /** Must be called in the transaction that makes this owner the owner of a run. */
  renew(): void;
  /** Renews from time to time until `rest`. */
  beat(): void;
  rest(): void;
  isAlive(ownerId: string): boolean;
  /** Forgets this owner. Must be called in a transaction. */
  drop(): void;
}

interface LeaseOptions {
  store: Store;
  log: Log;
  label: string;
  leaseMs: number;
  beatMs: number;
}

interface OwnerRow {
  host: string;
  pid: number;
  process_start: string;
  lease_until: number;
}

/** Owners whose lease ended longer ago than this are forgotten. */
const OWNER_KEPT_MS = 86_400_000;

const UPSERT = `INSERT INTO owners (owner_id, host, pid, process_start, label, lease_until) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (owner_id) DO UPDATE SET lease_until = excluded.lease_until`;

export function createLease({ store, log, label, leaseMs, beatMs }: LeaseOptions): Lease {
  const { clock } = store;
  const me = currentProcess();
  const ownerId = `${me.pid}-${randomUUID()}`;
  let beating: AbortController | null = null;

  const renew = () => {
    const now = clock.now();
    store.prepare('DELETE FROM owners WHERE lease_until < ?').run(now - OWNER_KEPT_MS);
    store.prepare(UPSERT).run(ownerId, me.host, me.pid, me.processStart, label, now + leaseMs);
  };

  const keepBeating = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      await clock.sleep(beatMs, signal);
      try {
        store.write(renew, 'process');
      } catch (thrown) {
        log.warn('lease not renewed', { ownerId, error: thrown instanceof Error ? thrown.message : String(thrown) });
      }
    }
  };

  return {
    ownerId,
    renew,
    beat() {
      if (beating !== null) return;
      const controller = new AbortController();
      beating = controller;
      // The loop ends only by the signal, as a rejected sleep.
      keepBeating(controller.signal).catch(() => {});
    },
    rest() {
      beating?.abort();
      beating = null;
    },
    isAlive(id) {
      if (id === ownerId) return true;
      const row = store
        .prepare('SELECT host, pid, process_start, lease_until FROM owners WHERE owner_id = ?')
        .get(id) as OwnerRow | undefined;
      if (row === undefined || row.lease_until <= clock.now()) return false;
      return !(row.host === me.host && hasEnded({ host: row.host, pid: row.pid, processStart: row.process_start }));
    },
    drop() {
      store.prepare('DELETE FROM owners WHERE owner_id = ?').run(ownerId);
    },
  };
}
