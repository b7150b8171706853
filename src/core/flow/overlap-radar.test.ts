import assert from 'node:assert/strict';
import type { MergeConflict } from '../ports.ts';
import { type Branch, overlapKey, type RadarRepository } from './overlap.ts';
import { OverlapRadar } from './overlap-radar.ts';

const branch = (commit: string, paths: string[], change: Partial<Branch> = {}): Branch => ({
  commit,
  baseCommit: 'base',
  paths: new Set(paths),
  hasMoves: false,
  ...change,
});

const texts: Record<string, string> = {
  'base:x.js': 'one\ntwo\nthree\n',
  'a1:x.js': 'one\nTWO of a\nthree\n',
  'b1:x.js': 'one\nTWO of b\nthree\n',
};
const answers = (conflicts: MergeConflict[]): RadarRepository & { merges: string[] } => {
  const merges: string[] = [];
  return {
    merges,
    merge: async (ours, theirs) => {
      merges.push(`${ours}+${theirs}`);
      return conflicts;
    },
    read: async (commit, path) => texts[`${commit}:${path}`] ?? null,
  };
};
const clean = () => answers([]);
const conflict = (path: string) => answers([{ path, kind: 'CONFLICT (contents)' }]);

describe('the overlap radar', () => {
  it('does not merge branches whose clean answer is certain', async () => {
    const radar = new OverlapRadar();
    const repository = clean();
    await radar.observe('r', 'a', branch('a1', ['x.js', 'lib/x.js']), repository);
    assert.deepEqual(await radar.observe('r', 'b', branch('b1', ['y.js', 'lib/y.js']), repository), []);
    assert.deepEqual(repository.merges, []);
  });

  it('merges branches without a common path when one moved files, or has a file where the other has a folder', async () => {
    const radar = new OverlapRadar();
    const repository = conflict('lib/new.js');
    await radar.observe('r', 'a', branch('a1', ['lib/old.js', 'src/old.js'], { hasMoves: true }), repository);
    assert.deepEqual((await radar.observe('r', 'b', branch('b1', ['lib/new.js']), repository))[0]?.paths, [
      'lib/new.js',
    ]);
    const nested = conflict('data');
    await radar.observe('s', 'a', branch('a1', ['data']), nested);
    assert.equal((await radar.observe('s', 'b', branch('b1', ['data/list.json']), nested)).length, 1);
  });

  it('reports a conflict once, in the same form whoever sees it first, and tells both what the other did', async () => {
    const radar = new OverlapRadar();
    await radar.observe('r', 'b', branch('b1', ['x.js']), clean());
    const found = await radar.observe('r', 'a', branch('a1', ['x.js']), conflict('x.js'));
    assert.deepEqual(found, [{ subtaskIds: ['a', 'b'], kind: 'conflict', paths: ['x.js'] }]);
    assert.equal(found.map(overlapKey)[0], 'overlap:a+b:conflict:x.js');
    assert.deepEqual(await radar.observe('r', 'b', branch('b2', ['x.js']), conflict('x.js')), []);
    const [note = ''] = radar.takeNotes('r', 'a');
    assert.match(note, /subtask "b".*same lines of x\.js/);
    assert.match(note, /line 2:\n-two\n\+TWO of b$/);
    assert.match(radar.takeNotes('r', 'b')[0] ?? '', /subtask "a"[\s\S]*\+TWO of a$/);
    assert.deepEqual(radar.takeNotes('r', 'a'), []);
  });

  it('keeps the excerpt of a note short', async () => {
    const radar = new OverlapRadar();
    const repository = {
      ...conflict('x.js'),
      read: async (commit: string) => (commit === 'base' ? '' : 'word '.repeat(900)),
    };
    await radar.observe('r', 'a', branch('a1', ['x.js']), repository);
    await radar.observe('r', 'b', branch('b1', ['x.js']), repository);
    const [note = ''] = radar.takeNotes('r', 'b');
    assert.ok(note.length > 600 && note.length < 900, `${note.length}`);
  });

  it('tells same file from conflict, and reports when one becomes the other', async () => {
    const radar = new OverlapRadar();
    await radar.observe('r', 'a', branch('a1', ['x.js']), clean());
    assert.equal((await radar.observe('r', 'b', branch('b1', ['x.js']), clean()))[0]?.kind, 'same_file');
    assert.equal((await radar.observe('r', 'b', branch('b2', ['x.js']), conflict('x.js')))[0]?.kind, 'conflict');
  });

  it('knows the conflicts of live branches until they are gone', async () => {
    const radar = new OverlapRadar();
    const pairs = () => radar.collisions('r').map((collision) => collision.subtaskIds.join('+'));
    await radar.observe('r', 'a', branch('a1', ['x.js']), clean());
    await radar.observe('r', 'b', branch('b1', ['x.js']), conflict('x.js'));
    assert.deepEqual(pairs(), ['a+b']);
    await radar.observe('r', 'b', branch('b2', ['x.js']), clean());
    assert.deepEqual(pairs(), []);
    await radar.observe('r', 'b', branch('b3', ['x.js']), conflict('x.js'));
    radar.forget('r', 'a');
    assert.deepEqual(pairs(), []);
  });

  it('knows a conflict until both sides of it are integrated', async () => {
    const radar = new OverlapRadar();
    await radar.observe('r', 'a', branch('a1', ['x.js']), clean());
    await radar.observe('r', 'b', branch('b1', ['x.js']), conflict('x.js'));
    radar.settle('r', 'a', branch('head-1', ['x.js']));
    assert.equal(radar.collisions('r').length, 1);
    radar.settle('r', 'b', branch('head-2', ['x.js'], { baseCommit: 'head-1' }));
    assert.deepEqual(radar.collisions('r'), []);
  });

  it('compares with what was integrated since a branch began, and names whose work it was', async () => {
    const radar = new OverlapRadar();
    radar.settle('r', 'a', branch('head-1', ['x.js']));
    radar.settle('r', 'b', branch('head-2', ['y.js'], { baseCommit: 'head-1' }));
    radar.settle('r', 'b', branch('head-2', ['y.js'], { baseCommit: 'head-1' }));
    const old = conflict('x.js');
    assert.deepEqual((await radar.observe('r', 'c', branch('c1', ['x.js', 'y.js']), old))[0]?.subtaskIds, ['a', 'c']);
    assert.deepEqual(old.merges, ['head-2+c1']);
    assert.match(radar.takeNotes('r', 'c')[0] ?? '', /Subtask "a", integrated already,/);
    assert.deepEqual(radar.collisions('r'), []);
    const newer = clean();
    await radar.observe('r', 'd', branch('d1', ['x.js', 'y.js'], { baseCommit: 'head-2' }), newer);
    assert.deepEqual(newer.merges, ['c1+d1']);
    const between = clean();
    radar.forget('r', 'c');
    radar.forget('r', 'd');
    await radar.observe('r', 'e', branch('e1', ['x.js'], { baseCommit: 'head-1' }), between);
    assert.deepEqual(between.merges, []);
  });

  it('keeps runs apart and forgets them', async () => {
    const radar = new OverlapRadar();
    const repository = clean();
    await radar.observe('r', 'a', branch('a1', ['x.js']), repository);
    await radar.observe('other', 'c', branch('c1', ['x.js']), repository);
    radar.forgetRun('r');
    await radar.observe('r', 'b', branch('b1', ['x.js']), repository);
    assert.deepEqual(repository.merges, []);
  });
});
