import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newReview, withKept } from './review-state.ts';
import { createStateFiles } from './state-files.ts';

describe('reviews on disk', () => {
  let dir: string;
  const errors: unknown[] = [];
  const open = () => createStateFiles({ dir: join(dir, 'reviews'), onError: (error) => errors.push(error) });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'review-state-'));
    errors.length = 0;
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('are read back by another window', async () => {
    const state = withKept(newReview('a/../b', { baseCommit: '1', commit: '2' }), 'x', 'text');
    await open().write(state);
    assert.deepEqual(await open().read('a/../b'), state);
    assert.deepEqual(readdirSync(dir), ['reviews']);
  });

  it('end with the last state that was written', async () => {
    const files = open();
    const state = newReview('run', { baseCommit: '1', commit: '2' });
    void files.write(withKept(state, 'x', 'one'));
    void files.write(withKept(state, 'x', 'two'));
    assert.deepEqual((await files.read('run'))?.kept, { x: 'two' });
  });

  it('are on disk when they are closed, and stay as they are then', async () => {
    const files = open();
    const state = newReview('run', { baseCommit: '1', commit: '2' });
    void files.write(withKept(state, 'x', 'one'));
    await files.close();
    assert.deepEqual(readdirSync(join(dir, 'reviews')), ['run.json']);
    await files.write(withKept(state, 'x', 'two'));
    assert.deepEqual((await open().read('run'))?.kept, { x: 'one' });
  });

  it('are nothing when there is no file or one that is damaged, which is reported', async () => {
    assert.equal(await open().read('run'), null);
    assert.deepEqual(errors, []);
    await open().write(newReview('run', { baseCommit: '1', commit: '2' }));
    writeFileSync(join(dir, 'reviews', 'run.json'), '{');
    assert.equal(await open().read('run'), null);
    assert.equal(errors.length, 1);
  });

  it('do not pile up', async () => {
    const files = open();
    await files.write(newReview('first', { baseCommit: '1', commit: '2' }));
    for (let n = 0; n < 60; n += 1) {
      const file = join(dir, 'reviews', `old-${n}.json`);
      writeFileSync(file, '{}');
      utimesSync(file, n, n);
    }
    await open().write(newReview('last', { baseCommit: '1', commit: '2' }));
    const left = readdirSync(join(dir, 'reviews'));
    assert.equal(left.length, 40);
    assert.ok(left.includes('first.json') && left.includes('last.json') && !left.includes('old-0.json'));
  });
});
