import assert from 'node:assert/strict';
import type { Gate } from '../protocol/events.ts';
import { emptyView, type RunView, type Waiting } from '../protocol/view.ts';
import { contextOf } from './context-of.ts';

const view = (change: Partial<RunView>): RunView => ({ ...emptyView('r-1'), ...change });
const waiting = (gate: Gate): Waiting => ({ gate, waitOn: 'r-1', topic: gate, message: '', code: null, since: '' });
const LEAD: RunView['agents'] = {
  lead: { specialization: 'lead', status: 'working' } as unknown as RunView['agents'][string],
};
const at = (gate: Gate) => view({ status: 'waiting', waiting: [waiting(gate)], agents: LEAD });
const set = (views: RunView[]) =>
  Object.entries(contextOf(views))
    .filter(([, value]) => value)
    .map(([key]) => key)
    .sort();

const MERGED = { status: 'complete', stoppedAfter: 'commit', mergeCommit: 'c1' } as const;
const PULL_REQUEST: RunView['pullRequest'] = {
  number: 1,
  url: 'https://github.test/1',
  headBranch: 'a',
  baseBranch: 'main',
  state: 'merged',
};

describe('the context keys', () => {
  it('are all false without a run', () => {
    assert.deepEqual(set([]), []);
  });

  it('let a running run be paused, cancelled, and taken over', () => {
    assert.deepEqual(set([view({})]), ['canCancel', 'canPause', 'canResume', 'hasRun']);
  });

  it('follow what the run waits for', () => {
    assert.deepEqual(set([at('plan')]), ['canApprovePlan', 'canCancel', 'canPause', 'hasRun']);
    assert.deepEqual(set([at('questions')]), ['canAnswer', 'canCancel', 'canPause', 'hasRun']);
    assert.deepEqual(set([at('diff')]), ['canCancel', 'canPause', 'canReview', 'hasRun']);
    assert.deepEqual(set([at('deployment')]), ['canCancel', 'canDecideDeployment', 'canPause', 'hasRun']);
    assert.deepEqual(set([at('resume')]), ['canCancel', 'canPause', 'canResume', 'hasRun']);
  });

  it('let a run be deployed that was asked to stop after its commit', () => {
    assert.deepEqual(set([view(MERGED)]), ['canDeploy', 'hasRun']);
    assert.deepEqual(set([view({ ...MERGED, stoppedAfter: 'deploy' })]), ['hasRun']);
    assert.deepEqual(set([view({ ...MERGED, mergeCommit: null })]), ['hasRun']);
  });

  it('let a deployment be rolled back when its run has ended, and no rollback', () => {
    const deployments = [{ kind: 'site', id: 'web' }] as unknown as RunView['deployments'];
    assert.deepEqual(set([view({ status: 'complete', deployments })]), ['canRollBack', 'hasRun']);
    assert.deepEqual(set([view({ status: 'failed', deployments, purpose: 'deploy' })]), ['canRollBack', 'hasRun']);
    assert.deepEqual(set([view({ status: 'complete', deployments, purpose: 'rollback' })]), ['hasRun']);
    assert.ok(!set([view({ deployments })]).includes('canRollBack'));
  });

  it('say what there is to look at', () => {
    const ended = view({
      status: 'complete',
      url: 'http://127.0.0.1:1/',
      pullRequest: PULL_REQUEST,
      diff: { baseCommit: 'a', commit: 'b', files: [] },
    });
    assert.deepEqual(set([ended]), ['hasLive', 'hasPullRequest', 'hasResults', 'hasRun']);
  });

  it('are true when any one run makes them true', () => {
    assert.deepEqual(set([view({ status: 'failed' }), at('plan'), at('diff')]), [
      'canApprovePlan',
      'canCancel',
      'canPause',
      'canReview',
      'hasRun',
    ]);
  });
});
