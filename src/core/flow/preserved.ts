/**
 * After an agent has resolved a merge, both sides' changes must still be there. A side's change to a file is the words that it
 * added (more of them than in the base) and the lines that it removed. Comparing words rather than lines lets a resolution
 * join two edits of one line, which is the usual case, and still sees a side that was dropped.
 */

const WORD = /[\p{L}\p{N}_$]+/gu;

function wordCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(WORD)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

export interface MergeSides {
  base: string;
  ours: string;
  theirs: string;
  merged: string;
}

/** One sentence for each part of a side's change that the merged text lacks; empty when both are present. */
export function missingChanges(path: string, sides: MergeSides): string[] {
  if (/^(<{7}|>{7}|={7})( |$)/m.test(sides.merged) && !/^(<{7}|>{7})( |$)/m.test(sides.base)) {
    return [`${path} still holds conflict markers.`];
  }
  return [
    ...missingOf(path, 'the integrated work', sides.base, sides.ours, sides.theirs, sides.merged),
    ...missingOf(path, 'this subtask', sides.base, sides.theirs, sides.ours, sides.merged),
  ];
}

function missingOf(path: string, who: string, base: string, side: string, other: string, merged: string): string[] {
  const inBase = wordCounts(base);
  const inSide = wordCounts(side);
  const inOther = wordCounts(other);
  const inMerged = wordCounts(merged);
  const lost: string[] = [];
  for (const [word, count] of inSide) {
    const before = inBase.get(word) ?? 0;
    if (count <= before) continue;
    // What the other side took away of the same word may be gone from the result too.
    const takenByOther = Math.max(0, before - (inOther.get(word) ?? 0));
    if ((inMerged.get(word) ?? 0) < count - takenByOther) lost.push(word);
  }
  const faults = lost.length === 0 ? [] : [`${path} lost what ${who} added: ${lost.slice(0, 8).join(', ')}.`];
  return [...faults, ...restoredLines(path, who, base, side, other, merged)];
}

/** Lines that one side removed and the other side did not add again must stay removed. */
function restoredLines(path: string, who: string, base: string, side: string, other: string, merged: string): string[] {
  const count = (text: string) => {
    const counts = new Map<string, number>();
    for (const line of text
      .split('\n')
      .map((l) => l.trim())
      .filter((l) => l.length > 2)) {
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    return counts;
  };
  const [inBase, inSide, inOther, inMerged] = [count(base), count(side), count(other), count(merged)];
  const restored: string[] = [];
  for (const [line, before] of inBase) {
    const removed = before - (inSide.get(line) ?? 0);
    if (removed <= 0) continue;
    const addedByOther = Math.max(0, (inOther.get(line) ?? 0) - before);
    if ((inMerged.get(line) ?? 0) > before - removed + addedByOther) restored.push(line);
  }
  return restored.length === 0
    ? []
    : [`${path} brought back what ${who} had removed: ${restored.slice(0, 3).join(' / ')}.`];
}
