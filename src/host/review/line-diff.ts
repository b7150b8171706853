/** A run of lines that differ: `baseCount` lines of the old text became `count` lines of the new one. Lines count from 0. */
export interface Hunk {
  baseStart: number;
  baseCount: number;
  start: number;
  count: number;
}

/** Edits that the search looks for in one stretch; beyond it the stretch counts as replaced. Bounds time, not correctness. */
const MAX_EDITS = 2_000;

/** Lines as an editor counts them: after a final line break there is one more, empty line. */
export function splitLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

interface Box {
  a0: number;
  a1: number;
  b0: number;
  b1: number;
}

/** The hunks between two texts, in order and apart by at least one equal line. Myers' algorithm in linear space. */
export function diffLines(base: readonly string[], current: readonly string[]): Hunk[] {
  const { a, b } = numbered(base, current);
  const changedA = new Uint8Array(a.length);
  const changedB = new Uint8Array(b.length);
  // A line that the other side does not have is changed whatever else is: the search sees only the rest.
  const keptA = keepKnown(a, b, changedA);
  const keptB = keepKnown(b, a, changedB);
  const shortA = Int32Array.from(keptA, (at) => a[at] ?? 0);
  const shortB = Int32Array.from(keptB, (at) => b[at] ?? 0);
  const markA = (at: number) => mark(changedA, keptA, at);
  const markB = (at: number) => mark(changedB, keptB, at);
  const boxes: Box[] = [{ a0: 0, a1: shortA.length, b0: 0, b1: shortB.length }];
  for (let box = boxes.pop(); box !== undefined; box = boxes.pop()) {
    const { a0, a1, b0, b1 } = trimmed(shortA, shortB, box);
    const split = a0 < a1 && b0 < b1 ? middle(shortA, shortB, { a0, a1, b0, b1 }) : null;
    if (split === null) {
      for (let at = a0; at < a1; at += 1) markA(at);
      for (let at = b0; at < b1; at += 1) markB(at);
    } else {
      boxes.push({ a0, a1: split.x, b0, b1: split.y }, { a0: split.x, a1, b0: split.y, b1 });
    }
  }
  return hunksOf(changedA, changedB);
}

function mark(changed: Uint8Array, kept: Int32Array, at: number): void {
  changed[kept[at] ?? 0] = 1;
}

/** Equal lines get equal numbers. */
function numbered(base: readonly string[], current: readonly string[]): { a: Int32Array; b: Int32Array } {
  const numbers = new Map<string, number>();
  const numberOf = (line: string) => {
    const known = numbers.get(line);
    if (known !== undefined) return known;
    numbers.set(line, numbers.size);
    return numbers.size - 1;
  };
  return { a: Int32Array.from(base, numberOf), b: Int32Array.from(current, numberOf) };
}

function keepKnown(lines: Int32Array, others: Int32Array, changed: Uint8Array): Int32Array {
  const known = new Set(others);
  const kept: number[] = [];
  lines.forEach((line, at) => {
    if (known.has(line)) kept.push(at);
    else changed[at] = 1;
  });
  return Int32Array.from(kept);
}

function trimmed(a: Int32Array, b: Int32Array, box: Box): Box {
  let { a0, a1, b0, b1 } = box;
  while (a0 < a1 && b0 < b1 && a[a0] === b[b0]) {
    a0 += 1;
    b0 += 1;
  }
  while (a0 < a1 && b0 < b1 && a[a1 - 1] === b[b1 - 1]) {
    a1 -= 1;
    b1 -= 1;
  }
  return { a0, a1, b0, b1 };
}

/** A point on a shortest path through the box, by a search from both ends; null when it is too far. The box is trimmed. */
function middle(a: Int32Array, b: Int32Array, { a0, a1, b0, b1 }: Box): { x: number; y: number } | null {
  const n = a1 - a0;
  const m = b1 - b0;
  const delta = n - m;
  const isOdd = (delta & 1) !== 0;
  const limit = Math.min(Math.ceil((n + m) / 2), MAX_EDITS);
  const offset = limit + 1;
  // Furthest x on each diagonal, from the start and, mirrored, from the end.
  const forward = new Int32Array(2 * offset + 1);
  const backward = new Int32Array(2 * offset + 1);
  const step = (reached: Int32Array, d: number, k: number) =>
    k === -d || (k !== d && (reached[offset + k - 1] ?? 0) < (reached[offset + k + 1] ?? 0))
      ? (reached[offset + k + 1] ?? 0)
      : (reached[offset + k - 1] ?? 0) + 1;
  for (let d = 0; d <= limit; d += 1) {
    for (let k = -d; k <= d; k += 2) {
      let x = step(forward, d, k);
      while (x < n && x - k >= 0 && x - k < m && a[a0 + x] === b[b0 + x - k]) x += 1;
      forward[offset + k] = x;
      const mirrored = delta - k;
      if (isOdd && Math.abs(mirrored) < d && x + (backward[offset + mirrored] ?? 0) >= n) return inside(x, x - k);
    }
    for (let k = -d; k <= d; k += 2) {
      let x = step(backward, d, k);
      while (x < n && x - k >= 0 && x - k < m && a[a1 - 1 - x] === b[b1 - 1 - (x - k)]) x += 1;
      backward[offset + k] = x;
      const mirrored = delta - k;
      if (!isOdd && Math.abs(mirrored) <= d && x + (forward[offset + mirrored] ?? 0) >= n) {
        return inside(n - x, m - (x - k));
      }
    }
  }
  return null;

  function inside(x: number, y: number): { x: number; y: number } | null {
    const isCorner = (x === 0 && y === 0) || (x === n && y === m);
    if (isCorner || x < 0 || y < 0 || x > n || y > m) return null;
    return { x: a0 + x, y: b0 + y };
  }
}

function hunksOf(changedA: Uint8Array, changedB: Uint8Array): Hunk[] {
  const hunks: Hunk[] = [];
  let at = 0;
  let to = 0;
  while (at < changedA.length || to < changedB.length) {
    const baseStart = at;
    const start = to;
    while (changedA[at] === 1) at += 1;
    while (changedB[to] === 1) to += 1;
    if (at > baseStart || to > start) hunks.push({ baseStart, baseCount: at - baseStart, start, count: to - start });
    at += 1;
    to += 1;
  }
  return hunks;
}
