// What the suite in the extension host tells the test outside: one JSON object a line, appended to a file. A file,
// because it keeps what was said before the extension host died.
import * as z from 'zod';

const titlePath = z.array(z.string());

const innerEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started'), titlePath }),
  z.object({ kind: z.literal('passed'), titlePath, durationMs: z.number() }),
  z.object({ kind: z.literal('failed'), titlePath, durationMs: z.number(), error: z.string() }),
  z.object({ kind: z.literal('skipped'), titlePath }),
  z.object({ kind: z.literal('ended') }),
]);

export type InnerEvent = z.infer<typeof innerEvent>;
export type InnerTest = Extract<InnerEvent, { kind: 'passed' | 'failed' | 'skipped' }>;

/** Variables of the extension host's environment. */
export const EVENTS_FILE = 'HARNESS_EVENTS';
export const GREP = 'HARNESS_GREP';

/** The complete lines of the file's text. */
export function parseEvents(text: string): InnerEvent[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => innerEvent.parse(JSON.parse(line)));
}

export function titleOf(event: { titlePath: readonly string[] }): string {
  return event.titlePath.join(' › ');
}
