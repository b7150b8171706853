import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/core/clock.ts';
import { createEventLog } from '../../src/core/engine/event-log.ts';
import type { EventLog } from '../../src/core/engine/port.ts';
import { openStore, type Store } from '../../src/core/engine/store.ts';
import type { Log, RecordStore } from '../../src/core/ports.ts';
import { type RecordContext, recordsOf } from '../../src/core/records/fold.ts';
import { type Mirror, type MirrorOptions, startMirror } from '../../src/core/records/mirror.ts';
import { mirrorReport } from '../../src/core/records/mirror-state.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { ProjectRecords } from '../../src/protocol/records.ts';

/** Resolves when it is so; looks every 10 ms, for 20 s. */
export async function until(isSo: () => boolean): Promise<void> {
  const endsAt = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > endsAt) throw new Error(`not within 20 s: ${isSo}`);
    await delay(10);
  }
}

export const CONTEXT: RecordContext = { userId: 'Ada', appwriteProjectId: 'p' };
export const DESTINATION = 'there';

/** A state folder with mirrors on it. */
export interface StatePlace {
  dir: string;
  store: Store;
  events: EventLog;
  warnings: string[];
  mirror(target: RecordStore, change?: Partial<MirrorOptions>): Mirror;
  append(runId: string, ...events: DomainEvent[]): void;
  /** What the events of these runs come to, each kind in the order of the runs given. */
  expected(...runIds: string[]): ProjectRecords;
  sentSeq(runId: string): number;
  trouble(): string | null;
  close(): Promise<void>;
}

export function openState(): StatePlace {
  const dir = mkdtempSync(join(tmpdir(), 'records-'));
  const store = openStore(dir, systemClock);
  const events = createEventLog(store);
  const mirrors: Mirror[] = [];
  const warnings: string[] = [];
  const log: Log = { info: () => {}, warn: (_message, fields) => warnings.push(String(fields?.message)) };
  let keys = 0;
  return {
    dir,
    store,
    events,
    warnings,
    mirror(target, change = {}) {
      const made = startMirror({
        ...{ store, events, target, log, destination: DESTINATION, clock: systemClock },
        ...{ wants: () => true, contextOf: async () => CONTEXT },
        ...{ gatherMs: 5, retryMs: 20, maxRetryMs: 100 },
        ...change,
      });
      mirrors.push(made);
      return made;
    },
    append(runId, ...given) {
      store.write(() => {
        for (const event of given) {
          keys += 1;
          events.append(runId, event, `${process.pid}-${keys}`);
        }
      });
    },
    expected(...runIds) {
      const all = runIds.map((runId) => recordsOf(runId, events.read(runId, 0, 100_000), CONTEXT));
      return {
        tasks: all.flatMap(({ tasks }) => tasks),
        activities: all.flatMap(({ activities }) => activities),
        deployments: all.flatMap(({ deployments }) => deployments),
      };
    },
    sentSeq(runId) {
      const row = store.prepare('SELECT sent_seq FROM record_cursors WHERE run_id = ?').get(runId);
      return Number(row?.sent_seq ?? 0);
    },
    trouble: () => mirrorReport(store, DESTINATION)?.trouble ?? null,
    async close() {
      for (const mirror of mirrors) await mirror.close();
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
