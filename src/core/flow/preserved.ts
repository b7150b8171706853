import { type Hunk, lineHunks, linesOf } from './hunks.ts';
import { isLockFile, lockedPackages, missingPackages } from './lock-files.ts';

/**
 * After an agent has worked on a merge, both sides' changes must still be there.
 *
 * Invariants:
 * 1. Every hunk of either side is held: each line that it added is in the merge, or what it changed in that line is found in
 *    lines that are new in the merge (a line that joins two edits). What it removed is not back.
 * 2. One line of the merge stands for one line of a side; a line that both sides added may be there once.
 * 3. Where no merge can hold both (a file deleted here and edited there, a binary file changed twice), the loss is named and
 *    only a person can accept it.
 */
export interface MergeSides {
  base: string;
  ours: string;
  theirs: string;
  merged: string;
}

/** Words that a side took away altogether, anywhere in the project; see `wordsTaken`. */
export interface TakenWords {
  ours: ReadonlySet<string>;
  theirs: ReadonlySet<string>;
}

export const NONE_TAKEN: TakenWords = { ours: new Set(), theirs: new Set() };

export const OURS = 'the integrated work';
export const THEIRS = 'this subtask';

type Counts = Map<string, number>;

const count = (items: Iterable<string>): Counts => {
  const counts: Counts = new Map();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
};
const of = (counts: Counts, item: string): number => counts.get(item) ?? 0;

/** Files in which the beginning of a line is content. */
const INDENTED = /\.(py|pyi|ya?ml|mk|nim|hs|pug|haml|sass|coffee)$|(^|\/)Makefile$/;

/** The lines that count: no blank ones, and no spacing where it says nothing. */
function meaningfulText(path: string, text: string): string {
  const spacing = (line: string) => (INDENTED.test(path) ? line.trimEnd() : line.trim().replace(/\s+/g, ' '));
  return linesOf(text)
    .map(spacing)
    .filter((line) => line.trim() !== '')
    .join('\n');
}

/** Words, numbers and operators; brackets, quotes and separators change when lines are joined. */
const LOOSE = /[\p{L}\p{N}_$]+|[^\p{L}\p{N}_$\s,;()[\]{}'"`]/gu;
const STRICT = /[\p{L}\p{N}_$]+|[^\p{L}\p{N}_$\s]/gu;
const tokens = (lines: readonly string[], kind: RegExp): Counts =>
  count(lines.flatMap((line) => [...line.matchAll(kind)].map(([token]) => token)));

/** One sentence for each part of a side's change that the merged text lacks; empty when both are present. */
export function missingChanges(path: string, sides: MergeSides, taken: TakenWords = NONE_TAKEN): string[] {
  if (/^(<{7}|>{7}|={7})( |$)/m.test(sides.merged) && !/^(<{7}|>{7})( |$)/m.test(sides.base)) {
    return [`${path} still holds conflict markers.`];
  }
  if (isLockFile(path)) return missingLocked(path, sides);
  const { base, ours, theirs, merged } = sides;
  return [
    ...missingOf(path, OURS, { base, side: ours, other: theirs, merged }, taken.theirs),
    ...missingOf(path, THEIRS, { base, side: theirs, other: ours, merged }, taken.ours),
  ];
}

function missingLocked(path: string, { base, ours, theirs, merged }: MergeSides): string[] {
  if (lockedPackages(path, merged) === null) return [`${path} cannot be read: it is not a whole lock file.`];
  const lost = (who: string, missing: string[]) =>
    missing.length === 0 ? [] : [`${path} lost what ${who} added: ${missing.slice(0, 8).join(', ')}.`];
  return [
    ...lost(OURS, missingPackages(path, base, ours, theirs, merged)),
    ...lost(THEIRS, missingPackages(path, base, theirs, ours, merged)),
  ];
}

/**
 * Words that a change, as a unified diff, only removes: a renamed function, say. Uses of it that the other side added have to
 * be adapted, so those words may be gone from its lines.
 */
export function wordsTaken(patch: string): Set<string> {
  const lines = patch.split('\n');
  const of = (sign: '+' | '-') =>
    tokens(
      lines.filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3))),
      LOOSE,
    );
  const added = of('+');
  return new Set([...of('-').keys()].filter((word) => /^\p{L}[\p{L}\p{N}_$]{2,}$/u.test(word) && !added.has(word)));
}

interface PerText<T> {
  base: T;
  side: T;
  other: T;
  merged: T;
}
type Texts = PerText<Counts>;

function missingOf(path: string, who: string, texts: PerText<string>, takenByOther: ReadonlySet<string>): string[] {
  const each = <T>(read: (text: string) => T): PerText<T> => ({
    base: read(meaningfulText(path, texts.base)),
    side: read(meaningfulText(path, texts.side)),
    other: read(meaningfulText(path, texts.other)),
    merged: read(meaningfulText(path, texts.merged)),
  });
  const { base, side, other } = each((text) => text);
  const lines = each((text) => count(linesOf(text)));
  const words = each((text) => tokens(linesOf(text), LOOSE));
  const available = newLines(lines);
  const unclaimed = unclaimedLines(lines);
  const otherHunks = lineHunks(base, other);
  const lost = new Set<string>();
  const back = new Set<string>();
  for (const hunk of lineHunks(base, side)) {
    const missing: string[] = [];
    for (const line of hunk.added) {
      const left = of(available, line);
      if (left > 0) available.set(line, left - 1);
      else missing.push(line);
    }
    if (missing.length === 0) continue;
    // The other side's line at the same place may hold all of this one's: then it is the join.
    const beside = otherHunks.filter((candidate) => isSamePlace(hunk, candidate)).flatMap((same) => same.added);
    const kept = beside.filter((line) => lines.merged.has(line) && !hunk.added.includes(line));
    const found = missingParts(hunk, missing, words, { unclaimed, kept, takenByOther });
    for (const token of found.lost) lost.add(token);
    for (const token of found.back) back.add(token);
  }
  const faults: string[] = [];
  if (lost.size > 0) faults.push(`${path} lost what ${who} added: ${[...lost].slice(0, 8).join(', ')}.`);
  const restored = [...new Set([...restoredLines(lines), ...back])].slice(0, 3);
  if (restored.length > 0) faults.push(`${path} brought back what ${who} had removed: ${restored.join(' / ')}.`);
  return faults;
}

function isSamePlace(a: Hunk, b: Hunk): boolean {
  return a.line <= b.line + b.removed.length && b.line <= a.line + a.removed.length;
}

/** Lines of the merge beyond those of the base that neither side removed. */
function newLines({ base, side, other, merged }: Texts): Counts {
  const left: Counts = new Map();
  for (const [line, inMerged] of merged) {
    const before = of(base, line);
    const removed = Math.max(0, before - of(side, line)) + Math.max(0, before - of(other, line));
    const rest = inMerged - Math.max(0, before - removed);
    if (rest > 0) left.set(line, rest);
  }
  return left;
}

/** Lines of the merge that are in neither side so often: those that an agent wrote to join two edits. */
function unclaimedLines({ base, side, other, merged }: Texts): string[] {
  const lines: string[] = [];
  for (const [line, inMerged] of merged) {
    const known = Math.max(of(base, line), of(side, line), of(other, line));
    for (let n = known; n < inMerged; n += 1) lines.push(line);
  }
  return lines;
}

/** What a hunk changed inside the lines that are not in the merge as they are. */
function missingParts(
  hunk: Hunk,
  missing: readonly string[],
  words: Texts,
  where: { unclaimed: readonly string[]; kept: readonly string[]; takenByOther: ReadonlySet<string> },
): { lost: string[]; back: string[] } {
  const compare = (kind: RegExp) => {
    const added = tokens(missing, kind);
    const addedByHunk = tokens(hunk.added, kind);
    const removed = tokens(hunk.removed, kind);
    const inPool = tokens([...where.unclaimed, ...where.kept], kind);
    // Both counted whole, not as differences: the joined line holds the unchanged tokens of the hunk's line as well.
    const gained = [...added].filter(([token]) => of(addedByHunk, token) > of(removed, token));
    const gone = [...removed.keys()].filter((token) => of(addedByHunk, token) < of(removed, token));
    return { gained, gone, inPool };
  };
  let { gained, gone, inPool } = compare(LOOSE);
  // Nothing but brackets, quotes or separators was changed: then they are the content.
  if (gained.length === 0 && gone.length === 0) ({ gained, gone, inPool } = compare(STRICT));
  if (gained.length === 0 && gone.length === 0) return { lost: reordered(missing, where), back: [] };
  const lost = gained.filter(([token, needed]) => {
    // What the other side took away (a renamed function) may be gone from this side's lines, where new ones were written.
    const isTakenByOther =
      where.unclaimed.length > 0 && (of(words.other, token) < of(words.base, token) || where.takenByOther.has(token));
    return !isTakenByOther && of(inPool, token) < needed;
  });
  const back = gone.filter((token) => {
    const allowed = of(words.side, token) + Math.max(0, of(words.other, token) - of(words.base, token));
    return words.base.has(token) && of(words.merged, token) > allowed;
  });
  return { lost: lost.map(([token]) => token), back };
}

/** Lines with the words of old ones in another order, or further in, that no line of the merge has in that order. */
function reordered(
  missing: readonly string[],
  where: { unclaimed: readonly string[]; kept: readonly string[] },
): string[] {
  const inOrder = (line: string): string[] => [...line.matchAll(LOOSE)].map(([token]) => token);
  return missing.filter((line) => {
    const wanted = inOrder(line);
    return ![...where.unclaimed, ...where.kept].some((candidate) => {
      let next = 0;
      for (const token of inOrder(candidate)) if (token === wanted[next]) next += 1;
      return next === wanted.length;
    });
  });
}

/** Lines that one side removed and the other side did not add again must stay removed. */
function restoredLines({ base, side, other, merged }: Texts): string[] {
  const restored: string[] = [];
  for (const [line, before] of base) {
    if (!/[\p{L}\p{N}]/u.test(line)) continue;
    const removed = before - of(side, line);
    if (removed <= 0) continue;
    const addedByOther = Math.max(0, of(other, line) - before);
    if (of(merged, line) > before - removed + addedByOther) restored.push(line);
  }
  return restored;
}
