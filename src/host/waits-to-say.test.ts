import assert from 'node:assert/strict';
import type { ErrorCode } from '../protocol/errors.ts';
import { emptyView, type RunView, type Waiting } from '../protocol/view.ts';
import { isStillWaiting, WaitsToSay } from './waits-to-say.ts';

const wait = (topic: string, waitOn = 'r-1', code: string | null = null): Waiting => ({
  gate: 'resume',
  waitOn,
  topic,
  message: '',
  code: code as ErrorCode | null,
  since: '',
});
const view = (runId: string, ...waiting: Waiting[]): RunView => ({ ...emptyView(runId), waiting });
const topics = (fresh: { wait: Waiting }[]) => fresh.map((entry) => entry.wait.topic);

describe('waits that a person is told of', () => {
  it('are told once, however often the run changes', () => {
    const waits = new WaitsToSay();
    assert.deepEqual(topics(waits.take([view('r-1', wait('plan:0'))])), ['plan:0']);
    assert.deepEqual(topics(waits.take([view('r-1', wait('plan:0'))])), []);
    assert.deepEqual(topics(waits.take([view('r-1', wait('plan:0'), wait('plan:1'))])), ['plan:1']);
  });

  it('are told apart by run, by part and by topic', () => {
    const waits = new WaitsToSay();
    waits.take([view('r-1', wait('a'))]);
    assert.equal(waits.take([view('r-2', wait('a'))]).length, 1);
    assert.equal(waits.take([view('r-1', wait('a', 'r-1/subtask-api'))]).length, 1);
  });

  it('are not told when the wait is the pause that the person asked for', () => {
    const waits = new WaitsToSay();
    assert.deepEqual(topics(waits.take([view('r-1', wait('resume:x', 'r-1', 'paused'), wait('b', 'r-1', 'auth'))])), [
      'b',
    ]);
  });

  it('are over when the run waits no longer, or is gone', () => {
    const shown = wait('plan:0');
    assert.equal(isStillWaiting(view('r-1', wait('plan:0')), shown), true);
    assert.equal(isStillWaiting(view('r-1', wait('plan:1')), shown), false);
    assert.equal(isStillWaiting(undefined, shown), false);
  });
});
