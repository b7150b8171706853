import { diffLines, type Hunk, splitLines } from './line-diff.ts';

/** A replacement of whole lines, `start` to `end` (exclusive), counted from 0. */
export interface LineEdit {
  start: number;
  end: number;
  lines: string[];
}

/** A file's two sides as a person sees them: how it was, and how it is kept now. Absent counts as empty. */
export interface Sides {
  base: string;
  current: string;
}

export function hunksBetween({ base, current }: Sides): Hunk[] {
  return diffLines(linesOf(base), linesOf(current));
}

/** No lines for no text: its one empty line is like no empty line of the other side. */
function linesOf(text: string): string[] {
  return text === '' ? [] : splitLines(text);
}

/** True when both texts have the same lines, whatever their line breaks. */
export function sameLines(one: string, other: string): boolean {
  const a = splitLines(one);
  const b = splitLines(other);
  return a.length === b.length && a.every((line, at) => line === b[at]);
}

export type Side = 'base' | 'current';

const span = (hunk: Hunk, side: Side) =>
  side === 'base' ? { start: hunk.baseStart, count: hunk.baseCount } : { start: hunk.start, count: hunk.count };

/** The hunk that holds the line, or the nearest above it; the first one when there is none above. */
export function hunkAt(hunks: readonly Hunk[], side: Side, line: number): Hunk | null {
  let found: Hunk | null = null;
  for (const hunk of hunks) {
    const { start, count } = span(hunk, side);
    // Where nothing is left of a hunk, it stands between two lines and belongs to the one before and the one after.
    const first = count === 0 ? start - 1 : start;
    if (found !== null && first > line) break;
    if (found !== null && count === 0 && first === line && isIn(found, side, line)) break;
    found = hunk;
    if (first > line) break;
  }
  return found;
}

function isIn(hunk: Hunk, side: Side, line: number): boolean {
  const { start, count } = span(hunk, side);
  return line >= start && line < start + count;
}

export function nextHunk(hunks: readonly Hunk[], side: Side, line: number): Hunk | null {
  return hunks.find((hunk) => lineOf(hunk, side) > line) ?? null;
}

export function previousHunk(hunks: readonly Hunk[], side: Side, line: number): Hunk | null {
  return hunks.findLast((hunk) => lineOf(hunk, side) < line) ?? null;
}

/** Where the cursor stands when it goes to a hunk. */
export function lineOf(hunk: Hunk, side: Side): number {
  const { start, count } = span(hunk, side);
  return count === 0 ? Math.max(0, start - 1) : start;
}

/** Puts the base lines of a hunk back into the current text. */
export function revertOf(hunk: Hunk, sides: Sides): LineEdit {
  const lines = linesOf(sides.base).slice(hunk.baseStart, hunk.baseStart + hunk.baseCount);
  return { start: hunk.start, end: hunk.start + hunk.count, lines };
}

/** The edit as a replacement of characters in a text of `lineCount` lines, for an editor: [line, character] to [line, character]. */
export function asTextEdit(
  edit: LineEdit,
  lengthOf: (line: number) => number,
  lineCount: number,
): { from: [number, number]; to: [number, number]; text: string } {
  const { start, end, lines } = edit;
  const isEmpty = lineCount === 1 && lengthOf(0) === 0;
  if (end < lineCount && !isEmpty) {
    return { from: [start, 0], to: [end, 0], text: lines.map((line) => `${line}\n`).join('') };
  }
  const last: [number, number] = [lineCount - 1, lengthOf(lineCount - 1)];
  // At the end of the text the line break before the lines goes with them.
  if (start > 0) {
    return { from: [start - 1, lengthOf(start - 1)], to: last, text: lines.map((line) => `\n${line}`).join('') };
  }
  return { from: [0, 0], to: last, text: lines.join('\n') };
}

/** Names a hunk by its place in the base and what became of it, so that an accepted one is known again. */
export function markOf(hunk: Hunk, sides: Sides): string {
  const lines = linesOf(sides.current).slice(hunk.start, hunk.start + hunk.count);
  return `${hunk.baseStart}+${hunk.baseCount}:${hash(lines.join('\n'))}`;
}

/** 53 bits of a well-mixed hash (cyrb53): enough to tell versions of one hunk apart. */
function hash(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return (4_294_967_296 * (2_097_151 & low) + (high >>> 0)).toString(36);
}
