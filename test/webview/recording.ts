import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DomainEvent, EventRecord } from '../../src/protocol/events.ts';
import { emptyView, fold, type RunView } from '../../src/protocol/view.ts';

/** The events of a whole run of the second sample against the local cloud, with shortened outputs. */
export function recordedRun(): EventRecord[] {
  const file = fileURLToPath(new URL('data/team-notes.jsonl', import.meta.url));
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EventRecord);
}

export function viewOf(records: readonly EventRecord[]): RunView {
  const first = records[0];
  if (first === undefined) throw new Error('a run has events');
  return records.reduce(fold, emptyView(first.runId));
}

/** The events up to and including the first of a type that fits. */
export function upTo(records: readonly EventRecord[], fits: (event: DomainEvent) => boolean): EventRecord[] {
  const at = records.findIndex(({ event }) => fits(event));
  if (at < 0) throw new Error('no such event in the recording');
  return records.slice(0, at + 1);
}

/** More events of the same run, right after the last one. */
export function then(records: readonly EventRecord[], ...events: DomainEvent[]): EventRecord[] {
  const last = records.at(-1);
  if (last === undefined) throw new Error('a run has events');
  return [...records, ...events.map((event, index): EventRecord => ({ ...last, seq: last.seq + index + 1, event }))];
}
