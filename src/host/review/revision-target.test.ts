import assert from 'node:assert/strict';
import { emptyView, type RunView, type Waiting } from '../../protocol/view.ts';
import type { Thread } from './review-state.ts';
import { parkedWait, unsent } from './revision-target.ts';

const wait = (id: string, waitOn: string): Waiting => ({
  gate: 'subtask',
  waitOn,
  topic: 'subtask:park-1',
  message: `Subtask "${id}" waits: too many rounds`,
  code: null,
  since: '2026-01-01T00:00:00Z',
});

function viewWith(states: Record<string, string>, waiting: Waiting[]): RunView {
  const subtasks = Object.fromEntries(Object.entries(states).map(([id, state]) => [id, { id, state }]));
  return { ...emptyView('run'), subtasks, waiting } as unknown as RunView;
}

describe('where a revision goes', () => {
  it('finds the wait of a parked subtask among others', () => {
    const mine = wait('api', 'run/subtask-api.2');
    const view = viewWith({ api: 'parked', 'api-docs': 'parked' }, [wait('api-docs', 'run/subtask-api-docs'), mine]);
    assert.equal(parkedWait(view, 'api'), mine);
  });

  it('finds none for a subtask that is at work', () => {
    assert.equal(parkedWait(viewWith({ api: 'working' }, [wait('api', 'run/subtask-api')]), 'api'), null);
  });

  it('takes along what was not sent, of one subtask or of all', () => {
    const threads = [
      { id: 'a', subtaskId: 'api', sentWith: null },
      { id: 'b', subtaskId: null, sentWith: null },
      { id: 'c', subtaskId: 'api', sentWith: 1 },
    ] as Thread[];
    assert.deepEqual(
      unsent(threads, 'api').map(({ id }) => id),
      ['a'],
    );
    assert.deepEqual(
      unsent(threads, null).map(({ id }) => id),
      ['a', 'b'],
    );
  });
});
