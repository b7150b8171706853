import assert from 'node:assert/strict';
import {
  carryOver,
  keepsNothing,
  keptOf,
  lookBefore,
  newReview,
  type Origin,
  ReviewState,
  trimmedCount,
  trimmedFiles,
  withAccepted,
  withAcceptedFile,
  withKept,
  withLook,
  withPutBack,
  withSaved,
} from './review-state.ts';

const fresh = newReview('run-1', { baseCommit: 'base', commit: 'first' });
const modified: Origin = { base: 'old\r\n', proposed: 'new\r\n', oldPath: null };
const added: Origin = { base: null, proposed: 'all new\n', oldPath: null };
const deleted: Origin = { base: 'gone\n', proposed: null, oldPath: null };
const renamed: Origin = { base: 'text\n', proposed: 'text\n', oldPath: 'was' };
const executable: Origin = { base: 'run\n', proposed: 'run\n', oldPath: null };
const origins = new Map([
  ['modified', modified],
  ['added', added],
  ['deleted', deleted],
]);

describe('the state of a review', () => {
  it('keeps what is proposed until somebody changes it', () => {
    assert.equal(keptOf(fresh, 'modified', modified), 'new\r\n');
    assert.equal(keptOf(fresh, 'deleted', deleted), null);
    assert.deepEqual(trimmedFiles(fresh, origins), []);
  });

  it('takes a text with the lines of a side for that side, to the byte', () => {
    assert.equal(keptOf(withSaved(fresh, 'modified', modified, 'old\n'), 'modified', modified), 'old\r\n');
    const back = withSaved(withSaved(fresh, 'modified', modified, 'other'), 'modified', modified, 'new\n');
    assert.deepEqual(back.kept, {});
  });

  it('leaves out an added file that was emptied, and restores a deleted one that was filled', () => {
    const state = withSaved(withSaved(fresh, 'added', added, ''), 'deleted', deleted, 'gone\n');
    assert.deepEqual(trimmedFiles(state, origins), [
      { path: 'added', asIn: 'base' },
      { path: 'deleted', asIn: 'base' },
    ]);
  });

  it('puts back the name of a renamed file and the mode of another, though the text is the same', () => {
    const files = new Map([
      ['is', renamed],
      ['run', executable],
    ]);
    assert.deepEqual(trimmedFiles(fresh, files), []);
    assert.equal(keepsNothing(fresh, files), false);
    const state = withPutBack(withPutBack(fresh, 'is'), 'run');
    assert.deepEqual(trimmedFiles(state, files), [
      { path: 'is', asIn: 'base' },
      { path: 'run', asIn: 'base' },
      { path: 'was', asIn: 'base' },
    ]);
    assert.equal(trimmedCount(state, files), 2);
    assert.equal(keepsNothing(state, files), true);
    assert.deepEqual(withSaved(state, 'is', renamed, 'text\n'), state);
    assert.deepEqual(trimmedFiles(withKept(withKept(state, 'is', undefined), 'run', undefined), files), []);
  });

  it('keeps the new name of a file whose text was put back or changed', () => {
    const origin = { ...renamed, proposed: 'other\n' };
    const typed = (text: string) => withSaved(withPutBack(fresh, 'is'), 'is', origin, text);
    const trimmed = (text: string) => trimmedFiles(typed(text), new Map([['is', origin]]));
    assert.deepEqual(trimmed('mine\n'), [{ path: 'is', content: 'mine\n' }]);
    assert.deepEqual(trimmedFiles(withSaved(fresh, 'is', origin, 'text\n'), new Map([['is', origin]])), [
      { path: 'is', content: 'text\n' },
    ]);
    assert.deepEqual(trimmed('other\n'), []);
  });

  it('keeps the emptiness of a file that was there before', () => {
    assert.equal(keptOf(withSaved(fresh, 'modified', modified, ''), 'modified', modified), '');
  });

  it('knows when nothing of the proposal would remain', () => {
    assert.equal(keepsNothing(fresh, origins), false);
    const left = withKept(withKept(withKept(fresh, 'modified', 'old\r\n'), 'added', null), 'deleted', 'gone\n');
    assert.equal(keepsNothing(left, origins), true);
  });

  it('carries choices over where the new proposal is as the old one was', () => {
    const chosen = withAcceptedFile(
      withAccepted(withKept(withKept(fresh, 'modified', 'mine'), 'added', null), 'modified', ['1+1:x']),
      'deleted',
    );
    const changed = new Map([['added', { base: null, proposed: 'all newer\n', oldPath: null }]]);
    const { state, dropped } = carryOver(chosen, { baseCommit: 'base', commit: 'second' }, changed, new Set(['added']));
    assert.deepEqual(dropped, ['added']);
    assert.deepEqual(state.kept, { modified: 'mine' });
    assert.deepEqual(state.accepted, { modified: ['1+1:x'] });
    assert.deepEqual(state.acceptedFiles, ['deleted']);
    assert.equal(state.commit, 'second');
  });

  it('counts no choice as dropped that the new proposal has taken in', () => {
    const chosen = withKept(fresh, 'modified', 'mine');
    const changed = new Map([['modified', { base: 'old\r\n', proposed: 'mine', oldPath: null }]]);
    const { state, dropped } = carryOver(chosen, { baseCommit: 'base', commit: 'trimmed' }, changed, new Set());
    assert.deepEqual(dropped, []);
    assert.deepEqual(state.kept, {});
  });

  it('carries files over that are put back, and drops them only when the new proposal changes them', () => {
    const chosen = withPutBack(withPutBack(withPutBack(fresh, 'added'), 'deleted'), 'modified');
    const changed = new Map([
      ['added', { base: null, proposed: null, oldPath: null }],
      ['modified', { ...modified, proposed: 'newer\n' }],
    ]);
    const proposal = { baseCommit: 'base', commit: 'second' };
    const { state, dropped } = carryOver(chosen, proposal, changed, new Set(['deleted', 'modified']));
    assert.deepEqual(dropped, ['modified']);
    assert.deepEqual(state.putBack, ['deleted']);
  });

  it('drops all choices when the base is another', () => {
    const chosen = withKept(fresh, 'modified', 'mine');
    const { state, dropped } = carryOver(
      chosen,
      { baseCommit: 'other', commit: 'second' },
      new Map(),
      new Set(['modified']),
    );
    assert.deepEqual(state.kept, {});
    assert.deepEqual(dropped, ['modified']);
  });

  it('remembers the proposal that was looked at before this one', () => {
    const once = withLook(withLook(fresh, 'first'), 'first');
    assert.equal(lookBefore(once), null);
    const unseen = { ...once, commit: 'second' };
    assert.equal(lookBefore(unseen), 'first');
    assert.equal(lookBefore(withLook(unseen, 'second')), 'first');
  });

  it('reads back what was written', () => {
    const state = withLook(withKept(fresh, 'added', null), 'first');
    assert.deepEqual(ReviewState.parse(JSON.parse(JSON.stringify(state))), state);
  });
});
