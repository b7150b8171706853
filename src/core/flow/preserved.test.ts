import assert from 'node:assert/strict';
import fc from 'fast-check';
import { missingChanges, wordsTaken } from './preserved.ts';

const base = 'export const routes = [home];\nkeep();\n';
const ours = 'export const routes = [home, notes];\nkeep();\n';
const theirs = 'export const routes = [home, users];\nkeep();\n';
/** Losses of a one-line file. */
const line = (before: string, a: string, b: string, merged: string) =>
  missingChanges('f.js', { base: `${before}\n`, ours: `${a}\n`, theirs: `${b}\n`, merged: `${merged}\n` });

describe('what a merge must preserve', () => {
  it('accepts a line that joins both edits', () => {
    const merged = 'export const routes = [home, notes, users];\nkeep();\n';
    assert.deepEqual(missingChanges('r.js', { base, ours, theirs, merged }), []);
  });

  it("accepts one side's line when it holds all of the other's", () => {
    assert.deepEqual(line('use(a)', 'use(a, b)', 'use(a, b, c)', 'use(a, b, c)'), []);
  });

  it('names the side whose words are gone', () => {
    const lostTheirs = missingChanges('r.js', { base, ours, theirs, merged: ours });
    assert.equal(lostTheirs.length, 1);
    assert.match(lostTheirs[0] ?? '', /this subtask added: users/);
    assert.match(
      missingChanges('r.js', { base, ours, theirs, merged: theirs })[0] ?? '',
      /integrated work added: notes/,
    );
  });

  it('refuses conflict markers', () => {
    const merged = `<<<<<<< ours\n${ours}=======\n${theirs}>>>>>>> theirs\n`;
    assert.deepEqual(missingChanges('r.js', { base, ours, theirs, merged }), ['r.js still holds conflict markers.']);
  });

  it('sees a changed operator and a changed bracket that were dropped', () => {
    assert.match(line('if (a > b)', 'if (a >= b)', 'if (a > b && c)', 'if (a > b && c)')[0] ?? '', /lost .*: =/);
    assert.deepEqual(line('if (a > b)', 'if (a >= b)', 'if (a > b && c)', 'if (a >= b && c)'), []);
    assert.match(line('x = [1, 2]', 'x = [[1], 2]', 'x = [1, 2, 3]', 'x = [1, 2, 3]')[0] ?? '', /integrated work/);
  });

  it('sees words that a side put into another order', () => {
    assert.match(line('f(a, b)', 'f(b, a)', 'f(a, b, c)', 'f(a, b, c)')[0] ?? '', /integrated work added: f\(b, a\)/);
    assert.deepEqual(line('f(a, b)', 'f(b, a)', 'f(a, b, c)', 'f(b, a, c)'), []);
  });

  it('sees a lost indentation where that is content, and lets other spacing be', () => {
    const sides = { base: 'if x:\na()\nb()\n', ours: 'if x:\n  a()\nb()\n', theirs: 'if x:\na()\nb()\nc()\n' };
    assert.equal(missingChanges('f.py', { ...sides, merged: sides.theirs }).length > 0, true);
    assert.deepEqual(missingChanges('f.py', { ...sides, merged: 'if x:\n  a()\nb()\nc()\n' }), []);
    assert.deepEqual(missingChanges('f.js', { ...sides, merged: 'if x:\n\n\ta()\n b()\nc()\n' }), []);
  });

  it('sees a word that one side took out of a line and the merge kept', () => {
    assert.match(line('f(a, b)', 'f(a)', 'g(a, b)', 'g(a, b)')[0] ?? '', /brought back .*: b/);
    assert.deepEqual(line('f(a, b)', 'f(a)', 'g(a, b)', 'g(a)'), []);
  });

  it('sees a small change whose words a large change elsewhere has too', () => {
    const sides = {
      base: 'head\n1\n2\n3\ntail\n',
      ours: 'head\nsave(item)\n1\n2\n3\ntail\n',
      theirs: 'head\n1\n2\n3\ntail\nfunction save(item) {\n  log(item)\n}\n',
    };
    assert.match(
      missingChanges('f.js', { ...sides, merged: sides.theirs })[0] ?? '',
      /integrated work added: save, item/,
    );
  });

  it('lets a line that both sides added be there once, and a line move', () => {
    const sides = { base: 'a\nb\nc\n', ours: 'import x\na\nb\nc\n', theirs: 'a\nb\nc\nimport x\n' };
    assert.deepEqual(missingChanges('f.js', { ...sides, merged: 'a\nb\nimport x\nc\n' }), []);
  });

  it('lets words of one side go that the other side renamed everywhere', () => {
    const sides = {
      base: 'greet(1);\n',
      ours: 'welcome(1);\n',
      theirs: 'greet(1);\ngreet(2);\n',
      merged: 'welcome(1);\nwelcome(2);\n',
    };
    assert.deepEqual(missingChanges('f.js', sides), []);
  });

  it('lets a use that one side added follow a rename that the other side made in another file, but not vanish', () => {
    const ours = wordsTaken('--- a/api.js\n+++ b/api.js\n-export const greet = 1;\n+export const welcome = 1;\n');
    assert.deepEqual([...ours], ['greet']);
    const sides = { base: 'start();\n', ours: 'start();\n', theirs: 'start();\ngreet();\n' };
    const missing = (merged: string) => missingChanges('f.js', { ...sides, merged }, { ours, theirs: new Set() });
    assert.deepEqual(missing('start();\nwelcome();\n'), []);
    assert.equal(missing('start();\n').length, 1);
  });

  it('counts lines, so that one of two equal additions of a side cannot vanish', () => {
    const one = { base: '', ours: 'add(x)\n', theirs: 'add(x)\nadd(x)\n', merged: 'add(x)\n' };
    assert.match(missingChanges('f.js', one)[0] ?? '', /this subtask added/);
  });

  it('notices lines that a side had removed and the merge brought back', () => {
    const sides = { base: 'unsafe();\na\n', ours: 'a\n', theirs: 'unsafe();\na\nb\n' };
    assert.match(missingChanges('f.js', { ...sides, merged: 'unsafe();\na\nb\n' })[0] ?? '', /brought back .*unsafe/);
    assert.deepEqual(missingChanges('f.js', { ...sides, merged: 'a\nb\n' }), []);
  });

  it('accepts a merge of edits at different lines, and refuses it without any one of them', () => {
    type Edit = 'keep' | 'change' | 'delete' | 'insert';
    const edits = fc.array(fc.constantFrom<Edit>('keep', 'change', 'delete', 'insert'), { minLength: 8, maxLength: 8 });
    /** Even lines belong to one side, odd ones to the other. */
    const apply = (chosen: Edit[], isMine: (index: number) => boolean, skip = -1) =>
      chosen.flatMap((edit, index) => {
        const text = `line ${index} = value${index}`;
        if (!isMine(index) || index === skip || edit === 'keep') return [text];
        if (edit === 'delete') return [];
        return edit === 'change' ? [`line ${index} = changed${index}`] : [text, `new ${index} = added${index}`];
      });
    const text = (lines: string[]) => lines.map((content) => `${content}\n`).join('');
    fc.assert(
      fc.property(edits, (chosen) => {
        const sides = {
          base: text(apply(chosen, () => false)),
          ours: text(apply(chosen, (index) => index % 2 === 0)),
          theirs: text(apply(chosen, (index) => index % 2 === 1)),
        };
        const merged = text(apply(chosen, () => true));
        assert.deepEqual(missingChanges('f', { ...sides, merged }), []);
        for (const [index, edit] of chosen.entries()) {
          if (edit === 'keep') continue;
          const without = text(apply(chosen, () => true, index));
          assert.notEqual(missingChanges('f', { ...sides, merged: without }).length, 0, `${index} ${edit}`);
        }
      }),
    );
  });

  it('lets a word go that one side added and the other side took away elsewhere', () => {
    const sides = { base: 'old\nold\n', ours: 'old\nold\nold\n', theirs: 'old\n', merged: 'old\nold\n' };
    assert.deepEqual(missingChanges('f.js', sides), []);
  });
});
