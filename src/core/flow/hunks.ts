/** Lines that stand at one place in the old text and what stands there in the new one. */
export interface Hunk {
  /** 1-based line of the old text where it begins. */
  line: number;
  removed: string[];
  added: string[];
}

/** Above this many cells the middle of two texts counts as one hunk: the table of the comparison would be too large. */
const MAX_CELLS = 4_000_000;

export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The hunks that turn one text into another, in order, without context. */
export function lineHunks(before: string, after: string): Hunk[] {
  const old = linesOf(before);
  const now = linesOf(after);
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  return middleHunks(old.slice(start, old.length - end), now.slice(start, now.length - end), start + 1);
}

function middleHunks(old: string[], now: string[], firstLine: number): Hunk[] {
  if (old.length === 0 && now.length === 0) return [];
  if (old.length * now.length > MAX_CELLS) return [{ line: firstLine, removed: old, added: now }];
  const width = now.length + 1;
  // Length of the longest common subsequence of the rests that begin at (i, j).
  const common = new Uint16Array((old.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const hunks: Hunk[] = [];
  let open: Hunk | null = null;
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      open = null;
      i += 1;
      j += 1;
      continue;
    }
    if (open === null) {
      open = { line: firstLine + i, removed: [], added: [] };
      hunks.push(open);
    }
    if (j >= now.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) open.removed.push(old[i++] ?? '');
    else open.added.push(now[j++] ?? '');
  }
  return hunks;
}
