import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  asTextEdit,
  hunkAt,
  hunksBetween,
  type LineEdit,
  lineOf,
  markOf,
  nextHunk,
  previousHunk,
  revertOf,
  sameLines,
} from './hunks.ts';
import { splitLines } from './line-diff.ts';

/** What an editor makes of the edit. */
function edited(text: string, edit: LineEdit): string {
  const lines = splitLines(text);
  const { from, to, text: inserted } = asTextEdit(edit, (line) => lines[line]?.length ?? 0, lines.length);
  const offset = ([line, character]: [number, number]) =>
    lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
  return text.slice(0, offset(from)) + inserted + text.slice(offset(to));
}

const base = 'one\ntwo\nthree\nfour\nfive\nsix\n';
const current = 'one\nTWO\nthree\nfour\nsix\nseven\n';

describe('hunks', () => {
  const hunks = hunksBetween({ base, current });

  it('are where lines differ', () => {
    assert.deepEqual(hunks, [
      { baseStart: 1, baseCount: 1, start: 1, count: 1 },
      { baseStart: 4, baseCount: 1, start: 4, count: 0 },
      { baseStart: 6, baseCount: 0, start: 5, count: 1 },
    ]);
  });

  it('are found from the line that they hold, and from below', () => {
    const at = (line: number) => hunks.indexOf(hunkAt(hunks, 'current', line) ?? assert.fail());
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map(at), [0, 0, 0, 1, 1, 2, 2]);
    assert.equal(hunkAt(hunks, 'base', 4), hunks[1]);
    assert.equal(hunkAt([], 'current', 0), null);
  });

  it('are gone through in both directions', () => {
    const [first, second, third] = hunks.map((hunk) => lineOf(hunk, 'current'));
    assert.deepEqual([first, second, third], [1, 3, 5]);
    assert.equal(nextHunk(hunks, 'current', 1), hunks[1]);
    assert.equal(nextHunk(hunks, 'current', 5), null);
    assert.equal(previousHunk(hunks, 'current', 3), hunks[0]);
    assert.equal(previousHunk(hunks, 'current', 1), null);
  });

  it('go back one by one until the base is there again', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, fc.nat(), (from, to, seed) => {
        let now = to;
        for (let steps = 0; steps < 40; steps += 1) {
          const left = hunksBetween({ base: from, current: now });
          const hunk = left[seed % Math.max(1, left.length)];
          if (hunk === undefined) break;
          now = edited(now, revertOf(hunk, { base: from, current: now }));
        }
        assert.equal(now, from);
      }),
    );
  });

  it('keep their mark when a hunk above goes back, and lose it when they change', () => {
    const third = hunks[2] ?? assert.fail();
    const mark = markOf(third, { base, current });
    const now = edited(current, revertOf(hunks[1] ?? assert.fail(), { base, current }));
    const after = hunksBetween({ base, current: now }).map((hunk) => markOf(hunk, { base, current: now }));
    assert.ok(after.includes(mark));
    const other = current.replace('seven', 'eight');
    const changed = hunksBetween({ base, current: other }).map((hunk) => markOf(hunk, { base, current: other }));
    assert.ok(!changed.includes(mark));
  });

  it('are one for a file that was not there before, and one for a file that goes', () => {
    const text = '# Title\n\nWords.\n';
    assert.equal(hunksBetween({ base: '', current: text }).length, 1);
    assert.equal(hunksBetween({ base: text, current: '' }).length, 1);
  });

  it('do not come of line breaks alone', () => {
    assert.ok(sameLines('a\r\nb', 'a\nb'));
    assert.ok(!sameLines('a\n', 'a'));
    assert.deepEqual(hunksBetween({ base: 'a\r\nb\r\n', current: 'a\nb\n' }), []);
  });
});
