import { hunksBetween, lineOf, markOf } from './hunks.ts';
import { splitLines } from './line-diff.ts';
import type { ReviewedFile, Session } from './session.ts';

/** What a person decided about a place, as words at the end of its first line. */
export interface PlaceMark {
  kind: 'accepted' | 'rejected' | 'changed';
  line: number;
}

/** The decided places of a file's current text. Lines count from 0. */
export function marksOf(session: Session, file: ReviewedFile, current: string): PlaceMark[] {
  if (file.opaque !== null) return [];
  const sides = { base: file.base ?? '', current };
  const accepted = new Set(session.state.accepted[file.path] ?? []);
  const found: PlaceMark[] = [];
  const hunks = hunksBetween(sides);
  for (const hunk of hunks) {
    if (accepted.has(markOf(hunk, sides))) found.push({ kind: 'accepted', line: lineOf(hunk, 'current') });
  }
  const lines = splitLines(current);
  const isLikeBase = (line: number) => !hunks.some(({ start, count }) => line >= start && line < start + count);
  for (const hunk of hunksBetween({ base: file.proposed ?? '', current })) {
    const changed = lines.slice(hunk.start, hunk.start + hunk.count).map((_, at) => hunk.start + at);
    const line = Math.min(lineOf(hunk, 'current'), lines.length - 1);
    found.push({ kind: changed.every(isLikeBase) ? 'rejected' : 'changed', line });
  }
  return found;
}
