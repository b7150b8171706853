import assert from 'node:assert/strict';
import type { DomainEvent } from '../../protocol/events.ts';
import { emptyView, fold, type RunView } from '../../protocol/view.ts';
import { canPause, canResume, isHeld, retriesOf, retryable, subtaskNamed, subtaskOf, waitFor } from './fits.ts';

const RUN = 'cafe-1';

function viewOf(...events: DomainEvent[]): RunView {
  return events.reduce<RunView>(
    (view, event) => fold(view, { v: 1, runId: RUN, seq: view.seq + 1, at: '2026-01-02T03:04:05.000Z', event }),
    emptyView(RUN),
  );
}

type Began = Extract<DomainEvent, { type: 'wait.began' }>;
const began = (gate: Began['gate'], topic: string, waitOn = RUN): DomainEvent => ({
  type: 'wait.began',
  gate,
  topic,
  waitOn,
  message: '',
  code: null,
});
const started = (subtaskId: string): DomainEvent => ({
  type: 'subtask.started',
  subtaskId,
  agentId: `agent-${subtaskId}`,
  specialization: 'backend',
  baseCommit: 'c0',
});
const failed = (subtaskId: string): DomainEvent => ({
  type: 'subtask.failed',
  subtaskId,
  error: { code: 'server', message: 'down', userMessage: 'down', retry: true },
});

describe('the subtask of a wait', () => {
  it('is told by the part of the run that waits, in its later tries as well', () => {
    assert.equal(subtaskOf({ waitOn: 'cafe-1/subtask-api' }), 'api');
    assert.equal(subtaskOf({ waitOn: 'cafe-1/subtask-api-v2.3' }), 'api-v2');
    assert.equal(subtaskOf({ waitOn: 'cafe-1/integrate-page' }), 'page');
  });

  it('is none when the run itself waits', () => {
    assert.equal(subtaskOf({ waitOn: 'cafe-1' }), null);
    assert.equal(subtaskOf({ waitOn: 'subtask-1x/../..' }), null);
  });

  it('is taken from the row before it is taken from the wait', () => {
    assert.equal(subtaskNamed({ subtaskId: 'page', waitOn: 'cafe-1/subtask-api' }), 'page');
    assert.equal(subtaskNamed({ subtaskId: null, waitOn: 'cafe-1/subtask-api' }), 'api');
    assert.equal(subtaskNamed({ subtaskId: null, waitOn: null }), null);
  });
});

describe('runs that a command fits', () => {
  it('can be paused until they have ended, at a gate as well, but not twice', () => {
    assert.equal(canPause(viewOf(started('api'))), true);
    assert.equal(canPause(viewOf(began('plan', 'plan:0'))), true);
    assert.equal(canPause(viewOf(started('api'), { type: 'pause.requested' })), false);
    assert.equal(canPause(viewOf(started('api'), { type: 'run.cancelled' })), false);
  });

  it('can be resumed when something waits for that, and when nobody may be executing them', () => {
    const held = viewOf(started('api'), began('resume', 'resume:turn', 'cafe-1/subtask-api'));
    assert.equal(isHeld(held), true);
    assert.equal(canResume(held), true);
    const running = viewOf(started('api'));
    assert.equal(isHeld(running), false);
    assert.equal(canResume(running), true);
    assert.equal(isHeld(viewOf(started('api'), { type: 'pause.requested' })), true, 'before anything has stopped');
    const atGate = viewOf(began('plan', 'plan:0'));
    assert.equal(canResume(atGate), false);
    assert.equal(canResume(viewOf(began('resume', 'x'), { type: 'run.cancelled' })), false);
  });

  it('have subtasks to retry that failed when the run asks for it, or that wait themselves', () => {
    const view = viewOf(
      started('api'),
      started('page'),
      started('docs'),
      failed('api'),
      began('resume', 'retry-0-3'),
      began('resume', 'resume:turn-1', 'cafe-1/subtask-docs'),
    );
    assert.deepEqual(retryable(view), ['api', 'docs']);
    assert.deepEqual(
      retriesOf(view, 'docs').map((wait) => wait.topic),
      ['resume:turn-1'],
    );
    assert.deepEqual(retryable(viewOf(started('api'), failed('api'))), [], 'the others are still at work');
  });
});

describe('the wait that a person decides about', () => {
  const nobody = { topic: null, waitOn: null, subtaskId: null };
  const view = viewOf(
    began('subtask', 'subtask:decision-0', 'cafe-1/subtask-api'),
    began('subtask', 'subtask:decision-0', 'cafe-1/subtask-page'),
    began('plan', 'plan:1'),
  );

  it('is the one that was shown', () => {
    const shown = { ...nobody, topic: 'subtask:decision-0', waitOn: 'cafe-1/subtask-page' };
    assert.equal(waitFor(view, 'subtask', shown)?.waitOn, 'cafe-1/subtask-page');
    assert.equal(waitFor(view, 'subtask', { ...nobody, subtaskId: 'page' })?.waitOn, 'cafe-1/subtask-page');
  });

  it('is the first of its gate when none was shown', () => {
    assert.equal(waitFor(view, 'plan', nobody)?.topic, 'plan:1');
  });

  it('is none when the one that was shown is over', () => {
    assert.equal(waitFor(view, 'plan', { ...nobody, topic: 'plan:0', waitOn: RUN }), undefined);
    assert.equal(waitFor(view, 'diff', nobody), undefined);
  });
});
