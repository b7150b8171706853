import assert from 'node:assert/strict';
import { readTarget } from './target.ts';

const NOTHING = {
  runId: null,
  subtaskId: null,
  path: null,
  topic: null,
  waitOn: null,
  gate: null,
  index: null,
};

describe('the target of a command', () => {
  it('is read from a row of a tree, whatever else the row carries', () => {
    const row = { kind: 'wait', runId: 'r-1', topic: 'plan:0', waitOn: 'r-1', gate: 'plan', label: 'Plan' };
    assert.deepEqual(readTarget([row, [row]]), {
      ...NOTHING,
      runId: 'r-1',
      topic: 'plan:0',
      waitOn: 'r-1',
      gate: 'plan',
    });
  });

  it('is nothing when a command comes from the palette', () => {
    assert.deepEqual(readTarget([]), NOTHING);
    assert.deepEqual(readTarget([undefined]), NOTHING);
  });

  it('drops whatever has another type than it should', () => {
    const odd = { runId: 7, subtaskId: '', path: {}, topic: null, waitOn: [], gate: 'door', index: -1 };
    assert.deepEqual(readTarget([odd]), NOTHING);
    assert.deepEqual(readTarget(['r-1']), NOTHING);
    assert.deepEqual(readTarget([{ index: 1.5 }]), NOTHING);
  });

  it('keeps the number of a piece of evidence', () => {
    assert.deepEqual(readTarget([{ runId: 'r', subtaskId: 'api', index: 0 }]), {
      ...NOTHING,
      runId: 'r',
      subtaskId: 'api',
      index: 0,
    });
  });
});
