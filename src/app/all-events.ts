import type { EventLog } from '../core/engine/port.ts';
import type { EventRecord } from '../protocol/events.ts';

/** All events of a run in order, read a page at a time. */
export function* allEvents(events: EventLog, runId: string): Generator<EventRecord> {
  for (let after = 0; ; ) {
    const records = events.read(runId, after);
    yield* records;
    const last = records.at(-1);
    if (last === undefined) return;
    after = last.seq;
  }
}
