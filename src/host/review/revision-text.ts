import { splitLines } from './line-diff.ts';
import type { Thread } from './review-state.ts';

/**
 * Where a line of a comment is in a text now: the nearest line with the same words, or null when it has none. Lines count from 0.
 */
export function relocated(quoted: string, line: number, lines: readonly string[]): number | null {
  for (let distance = 0; distance < lines.length + line; distance += 1) {
    if (lines[line - distance] === quoted) return line - distance;
    if (lines[line + distance] === quoted) return line + distance;
  }
  return null;
}

/** A thread with the text that the agent knows; null when the file is not there. */
export interface Placed {
  thread: Thread;
  text: string | null;
  /** The thread is about the file as it was before the run. */
  isOld: boolean;
}

const MAX_QUOTE_CHARS = 200;

/** One text for the agent: every comment with its place and line, then what was said in general. */
export function composeRevision(placed: readonly Placed[], general: string): string {
  const parts = [...placed].sort(byPlace).map(describe);
  const said = general.trim();
  if (parts.length === 0) return said;
  return [`Comments of the review:\n\n${parts.join('\n\n')}`, ...(said === '' ? [] : [`In general:\n\n${said}`])].join(
    '\n\n',
  );
}

function byPlace(a: Placed, b: Placed): number {
  if (a.thread.path !== b.thread.path) return a.thread.path < b.thread.path ? -1 : 1;
  return a.thread.startLine - b.thread.startLine;
}

function describe({ thread, text, isOld }: Placed): string {
  const { path, startLine, endLine, quoted } = thread;
  const found = text === null ? null : relocated(quoted, endLine, splitLines(text));
  const last = (found ?? endLine) + 1;
  const first = Math.max(1, last - (endLine - startLine));
  const where = first === last ? `line ${last}` : `lines ${first}-${last}`;
  const quote = quoted.trim() === '' ? '' : `\n> ${quoted.trim().slice(0, MAX_QUOTE_CHARS)}`;
  const words = thread.comments.map(({ body }) => body.trim()).join('\n');
  return `${path}, ${where}${isOld ? ' of the file before the change' : ''}:${quote}\n${words}`;
}
