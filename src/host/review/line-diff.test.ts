import assert from 'node:assert/strict';
import fc from 'fast-check';
import { diffLines, splitLines } from './line-diff.ts';

/** The base with its hunks put in place. */
function applied(base: readonly string[], current: readonly string[]): string[] {
  const result: string[] = [];
  let at = 0;
  for (const hunk of diffLines(base, current)) {
    result.push(...base.slice(at, hunk.baseStart), ...current.slice(hunk.start, hunk.start + hunk.count));
    at = hunk.baseStart + hunk.baseCount;
  }
  return [...result, ...base.slice(at)];
}

const changedLines = (base: readonly string[], current: readonly string[]) =>
  diffLines(base, current).reduce((sum, hunk) => sum + hunk.baseCount + hunk.count, 0);

/** Length of the shortest edit, by the plain table. */
function shortest(base: readonly string[], current: readonly string[]): number {
  let row = Array.from({ length: current.length + 1 }, (_, j) => j);
  base.forEach((line, i) => {
    const next = [i + 1];
    current.forEach((other, j) => {
      next.push(line === other ? (row[j] ?? 0) : 1 + Math.min(row[j + 1] ?? 0, next[j] ?? 0));
    });
    row = next;
  });
  return row[current.length] ?? 0;
}

describe('the line diff', () => {
  const line = fc.constantFrom('a', 'b', 'c', 'd', '');
  const lines = fc.array(line, { maxLength: 30 });

  it('gives hunks that make the new text of the old one', () => {
    fc.assert(fc.property(lines, lines, (base, current) => assert.deepEqual(applied(base, current), current)));
  });

  it('changes as few lines as can be', () => {
    fc.assert(
      fc.property(lines, lines, (base, current) => assert.equal(changedLines(base, current), shortest(base, current))),
    );
  });

  it('keeps equal lines between two hunks', () => {
    fc.assert(
      fc.property(lines, lines, (base, current) => {
        const hunks = diffLines(base, current);
        hunks.slice(1).forEach((hunk, at) => {
          const before = hunks[at];
          assert.ok(before !== undefined && hunk.baseStart > before.baseStart + before.baseCount);
          assert.ok(hunk.start > before.start + before.count);
        });
      }),
    );
  });

  it('finds a few edits in a file of many lines', () => {
    const base = Array.from({ length: 50_000 }, (_, at) => `line ${at % 700}`);
    const current = base.toSpliced(40_000, 1, 'other').toSpliced(10, 0, 'one', 'two');
    assert.deepEqual(diffLines(base, current), [
      { baseStart: 10, baseCount: 0, start: 10, count: 2 },
      { baseStart: 40_000, baseCount: 1, start: 40_002, count: 1 },
    ]);
  });

  it('ends with a correct answer for long texts that are the same lines shuffled', () => {
    const base = Array.from({ length: 6_000 }, (_, at) => `line ${at}`);
    const current = base.map((_, at) => `line ${(at * 7_919) % 6_000}`);
    assert.deepEqual(applied(base, current), current);
  });

  it('counts lines as an editor does', () => {
    assert.deepEqual(splitLines(''), ['']);
    assert.deepEqual(splitLines('a\r\nb\n'), ['a', 'b', '']);
  });
});
