import assert from 'node:assert/strict';
import type { Thread } from './review-state.ts';
import { composeRevision, relocated } from './revision-text.ts';

const thread = (change: Partial<Thread>): Thread => ({
  id: '1',
  path: 'src/a.ts',
  commit: null,
  subtaskId: null,
  startLine: 1,
  endLine: 1,
  quoted: '  const b = 2;',
  comments: [{ id: '1', body: 'Name it.', at: '2026-01-01T00:00:00Z' }],
  sentWith: null,
  ...change,
});

describe('the text of a revision', () => {
  it('names path and line, quotes the line and ends with what was said in general', () => {
    const text = composeRevision([{ thread: thread({}), text: 'a\n  const b = 2;\n', isOld: false }], ' Be brief. ');
    assert.equal(
      text,
      'Comments of the review:\n\nsrc/a.ts, line 2:\n> const b = 2;\nName it.\n\nIn general:\n\nBe brief.',
    );
  });

  it('finds the line where the agent has it', () => {
    const moved = 'x\ny\nz\n  const b = 2;\n';
    assert.match(composeRevision([{ thread: thread({}), text: moved, isOld: false }], ''), /src\/a\.ts, line 4:/);
    const span = thread({ startLine: 0, endLine: 1 });
    assert.match(composeRevision([{ thread: span, text: moved, isOld: false }], ''), /lines 3-4:/);
  });

  it('says when a comment is about the file before the change, and joins replies', () => {
    const replies = thread({
      comments: [
        { id: '1', body: 'Why?', at: '' },
        { id: '2', body: 'Keep it.', at: '' },
      ],
    });
    const text = composeRevision([{ thread: replies, text: null, isOld: true }], '');
    assert.match(text, /line 2 of the file before the change:\n> const b = 2;\nWhy\?\nKeep it\.$/);
  });

  it('goes through files and lines in order', () => {
    const text = composeRevision(
      [
        { thread: thread({ path: 'b', startLine: 0 }), text: null, isOld: false },
        { thread: thread({ startLine: 9, endLine: 9 }), text: null, isOld: false },
        { thread: thread({}), text: null, isOld: false },
      ],
      '',
    );
    assert.deepEqual(text.match(/^\S+, lines? \S+/gm), ['b, lines 1-2:', 'src/a.ts, line 2:', 'src/a.ts, line 10:']);
  });

  it('is the general comment alone when there are no others', () => {
    assert.equal(composeRevision([], 'All of it.'), 'All of it.');
  });

  it('prefers the nearest of equal lines and knows when a line has gone', () => {
    const lines = ['}', 'a', 'b', '}', '}'];
    assert.equal(relocated('}', 2, lines), 3);
    assert.equal(relocated('}', 0, lines), 0);
    assert.equal(relocated('}', 40, lines), 4);
    assert.equal(relocated('gone', 2, lines), null);
  });
});
