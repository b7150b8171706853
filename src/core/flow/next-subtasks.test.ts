import assert from 'node:assert/strict';
import type { Subtask } from '../../protocol/plan.ts';
import { isDrawnInto } from './next-subtasks.ts';
import type { Overlap } from './overlap.ts';

const subtask = (change: Partial<Subtask> = {}): Subtask => ({
  id: 'c',
  title: 'Build c',
  description: 'The part c.',
  specialization: 'backend',
  priority: 1,
  effort: 'low',
  dependsOn: [],
  ownedPaths: ['c/'],
  removesTests: [],
  acceptanceCriteria: [{ text: 'c works', requirements: [1] }],
  checks: [{ name: 'test', command: 'true' }],
  ...change,
});
const collisions: Overlap[] = [{ subtaskIds: ['a', 'b'], kind: 'conflict', paths: ['src/routes.js'] }];

describe('a subtask that would be drawn into a conflict of two others', () => {
  it('owns one of the files or names one in its own words', () => {
    assert.equal(isDrawnInto(subtask(), collisions), false);
    assert.equal(isDrawnInto(subtask({ ownedPaths: ['./src/**'] }), collisions), true);
    assert.equal(isDrawnInto(subtask({ description: 'Add the page to src/routes.js.' }), collisions), true);
    assert.equal(isDrawnInto(subtask({ ownedPaths: ['src/'] }), []), false);
  });
});
