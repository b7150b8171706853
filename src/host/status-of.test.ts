import assert from 'node:assert/strict';
import { emptyView, fold, type RunView, type Waiting } from '../protocol/view.ts';
import { statusOf } from './status-of.ts';

const wait: Waiting = { gate: 'plan', waitOn: 'r', topic: 'plan:0', message: '', code: null, since: '' };
const view = (runId: string, change: Partial<RunView>): RunView => ({ ...emptyView(runId), ...change });

describe('the status of runs', () => {
  it('is none without a run under way', () => {
    assert.equal(statusOf([]), null);
    assert.equal(statusOf([view('a', { status: 'complete' }), view('b', { status: 'cancelled' })]), null);
  });

  it('is that of the newest run under way', () => {
    const views = [view('c', { status: 'failed' }), view('b', { stage: 'build' }), view('a', { stage: 'plan' })];
    const status = statusOf(views);
    assert.equal(status?.view.runId, 'b');
    assert.equal(status.stage, 'build');
  });

  it('counts what waits in all runs', () => {
    const waiting = { status: 'waiting' as const, waiting: [wait] };
    assert.equal(statusOf([view('b', waiting), view('a', waiting)])?.waiting, 2);
  });

  it('counts the agents at work, without the lead', () => {
    const started = (subtaskId: string, agentId: string, seq: number) => ({
      v: 1 as const,
      runId: 'a',
      seq,
      at: '2026-01-02T03:04:05.000Z',
      event: {
        type: 'subtask.started' as const,
        subtaskId,
        agentId,
        specialization: 'backend' as const,
        baseCommit: 'c0',
      },
    });
    const busy = [started('api', 'agent-1', 1), started('page', 'agent-2', 2)].reduce(fold, emptyView('a'));
    const lead = { ...busy.agents['agent-1'], specialization: 'lead' } as unknown as RunView['agents'][string];
    assert.equal(statusOf([{ ...busy, agents: { ...busy.agents, lead } }])?.agentsAtWork, 2);
  });
});
