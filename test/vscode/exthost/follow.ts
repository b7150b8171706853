import fs from 'node:fs';
import { type InnerEvent, parseEvents, titleOf } from './events.ts';

/** Returns a function that reads the file, hands what is new to `onEvent`, and gives all events so far. */
export function followEvents(file: string, onEvent: ((event: InnerEvent) => void) | undefined): () => InnerEvent[] {
  let seen = 0;
  return () => {
    const events = fs.existsSync(file) ? parseEvents(fs.readFileSync(file, 'utf8')) : [];
    for (const event of events.slice(seen)) onEvent?.(event);
    seen = events.length;
    return events;
  };
}

/** A line for a person at a terminal. */
export function printEvent(event: InnerEvent): void {
  if (event.kind === 'passed') console.log(`✔ ${titleOf(event)} (${event.durationMs} ms)`);
  if (event.kind === 'skipped') console.log(`- ${titleOf(event)}`);
  if (event.kind === 'failed') console.log(`✖ ${titleOf(event)}\n${event.error.replace(/^/gm, '    ')}`);
}

export function printCounts({ passed, failed, skipped }: { passed: number; failed: number; skipped: number }): void {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
}
