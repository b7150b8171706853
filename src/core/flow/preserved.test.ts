import assert from 'node:assert/strict';
import { missingChanges } from './preserved.ts';

const base = 'export const routes = [home];\nkeep();\n';
const ours = 'export const routes = [home, notes];\nkeep();\n';
const theirs = 'export const routes = [home, users];\nkeep();\n';

describe('what a merge must preserve', () => {
  it('accepts a line that joins both edits', () => {
    assert.deepEqual(
      missingChanges('r.js', { base, ours, theirs, merged: 'export const routes = [home, notes, users];\nkeep();\n' }),
      [],
    );
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

  it('counts words, so that one of two equal additions cannot vanish', () => {
    const one = { base: '', ours: 'add(x)\n', theirs: 'add(x)\nadd(x)\n', merged: 'add(x)\n' };
    assert.match(missingChanges('f.js', one)[0] ?? '', /this subtask added/);
  });

  it('notices lines that a side had removed and the merge brought back', () => {
    const sides = { base: 'unsafe();\na\n', ours: 'a\n', theirs: 'unsafe();\na\nb\n' };
    assert.match(missingChanges('f.js', { ...sides, merged: 'unsafe();\na\nb\n' })[0] ?? '', /brought back .*unsafe/);
    assert.deepEqual(missingChanges('f.js', { ...sides, merged: 'a\nb\n' }), []);
  });

  it('lets a word go that one side added and the other side took away elsewhere', () => {
    const sides = { base: 'old\nold\n', ours: 'old\nold\nold\n', theirs: 'old\n', merged: 'old\nold\n' };
    assert.deepEqual(missingChanges('f.js', sides), []);
  });
});
