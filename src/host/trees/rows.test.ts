import assert from 'node:assert/strict';
import { aBrief, aSubtask } from '../../../test/fakes/plan.ts';
import { emptyView, type RunView } from '../../protocol/view.ts';
import { agentRows, hasWorkingAgent } from './agent-rows.ts';
import { inboxRows } from './inbox-rows.ts';
import type { Row } from './nodes.ts';
import { createTaskRows } from './task-rows.ts';
import {
  acted,
  aDeployment,
  anEvidence,
  aRun,
  ENGLISH,
  integrated,
  START_MS,
  started,
  waits,
  withEvents,
} from './testing.ts';
import { tooltipOf } from './tooltips.ts';

const NOW_MS = START_MS + 90_000;
const flat = (rows: readonly Row[]): Row[] => rows.flatMap((row) => [row, ...flat(row.children)]);
const inbox = (...views: RunView[]) => inboxRows(ENGLISH, views, NOW_MS);
const tasks = (...views: RunView[]) => createTaskRows(ENGLISH)(views);

describe('the inbox', () => {
  it('has one row for each wait of unfinished runs, longest first, and each does its own thing when clicked', () => {
    const first = withEvents(aRun('r1'), waits('plan'));
    const second = withEvents(
      aRun('r2'),
      waits('diff', { waitOn: 'r2' }),
      waits('resume', { code: 'deployment_failed' }),
    );
    const over = withEvents(aRun('r3'), waits('plan'), { type: 'run.cancelled' });
    assert.deepEqual(
      inbox(second, over, first).map(({ label, context, click, node }) => [
        node.kind === 'wait' && node.runId,
        label,
        context,
        click?.command,
      ]),
      [
        ['r2', 'Review the changes', 'gate-diff', 'reviewChanges'],
        ['r1', 'Approve the plan', 'gate-plan', 'showPlan'],
        ['r2', 'The deployment failed', 'gate-resume', 'resume'],
      ],
    );
  });

  it('names the run and the time in the description, and what is asked in the tooltip', () => {
    const view = withEvents(aRun('r1'), waits('questions', { message: 'Two questions.' }));
    const [row] = inbox(view);
    assert.match(row?.description ?? '', /^Run r1 · since .*\d/);
    assert.match(tooltipOf(ENGLISH, [view], row?.node ?? assert.fail(), NOW_MS) ?? '', /\nTwo questions\.$/);
  });

  it('knows the subtask that waits, also in its second try', () => {
    for (const waitOn of ['r1/subtask-api', 'r1/subtask-api.2', 'r1/integrate-api']) {
      const [row] = inbox(withEvents(aRun('r1'), waits('subtask', { waitOn })));
      assert.equal(row?.label, 'Decide about "Build api"');
      assert.equal(row?.node.kind === 'wait' && row.node.subtaskId, 'api');
    }
    const [unknown] = inbox(withEvents(aRun('r1'), waits('subtask', { waitOn: 'r1/subtask-gone' })));
    assert.equal(unknown?.label, 'Decide about a subtask');
  });

  it('asks what a deployment, or a rollback, may lose', () => {
    const deployment = withEvents(aRun('r1'), waits('deployment'));
    const rows = inbox(deployment, { ...deployment, purpose: 'rollback' });
    const change = { action: 'delete', kind: 'column', id: 'crew/title', detail: '3 rows', destructive: true } as const;
    const changes = Array.from({ length: 14 }, () => change);
    const known = { ...deployment, preview: { changes, irreversible: [] } };
    const tooltip = (view: RunView) => tooltipOf(ENGLISH, [view], rows[0]?.node ?? assert.fail(), NOW_MS)?.split('\n');
    assert.equal(tooltip(deployment)?.at(-1), 'Please.');
    assert.deepEqual(tooltip(known)?.slice(-2), ['delete column crew/title: 3 rows', '2 more']);
    assert.deepEqual(
      rows.map(({ label, context, click }) => [label, context, click?.command]),
      [
        ['Decide what the deployment may lose', 'gate-deployment', 'decideDeployment'],
        ['Decide what the rollback may lose', 'gate-deployment', 'decideDeployment'],
      ],
    );
  });

  it('says by the code what has to change', () => {
    const labels = (['budget_exceeded', 'auth', 'rate_limited', 'checks_failed', 'internal'] as const).map((code) =>
      inbox(withEvents(aRun('r1'), waits('resume', { code }))).map(({ label, icon }) => `${icon?.id}: ${label}`),
    );
    assert.equal(new Set(labels.flat()).size, 5);
  });
});

describe('the agents', () => {
  it('are those of unfinished runs, the lead first, below their run when there are several', () => {
    const one = withEvents(
      aRun('r1', [aSubtask('a'), aSubtask('b')]),
      started('b', 'backend-10'),
      started('a', 'backend-2'),
    );
    const over = withEvents(aRun('r3'), { type: 'run.cancelled' });
    const labels = (rows: Row[]) => flat(rows).map(({ label }) => label);
    assert.deepEqual(labels(agentRows(ENGLISH, [one, over], NOW_MS)), ['Lead', 'backend-2', 'backend-10']);
    assert.deepEqual(labels(agentRows(ENGLISH, [one, aRun('r2')], NOW_MS)), [
      ...['Run r1', 'Lead', 'backend-2', 'backend-10'],
      ...['Run r2', 'Lead'],
    ]);
    assert.deepEqual(agentRows(ENGLISH, [over], NOW_MS), []);
  });

  it('say status, time, subtask, action, tokens, cost and model', () => {
    const usage = { inputTokens: 12_000, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 300 };
    const view = withEvents(aRun('r1'), started('api'), acted('api', 'writes api/a.js'), {
      ...{ type: 'model.called', role: 'agent', purpose: 'turn', subtaskId: 'api', agentId: 'backend-1' },
      ...{ provider: 'anthropic', model: 'claude', usage, costUsd: 0.125, durationMs: 1 },
    });
    const [, row] = agentRows(ENGLISH, [view], Date.parse(view.agents['backend-1']?.since ?? '') + 65_000);
    assert.equal(row?.description, 'working · 1 min · Build api · writes api/a.js · 12.3K tokens · $0.13 · claude');
    assert.equal(row?.speech.includes('1 min'), false);
    assert.ok(hasWorkingAgent([view]));
    assert.equal(hasWorkingAgent([withEvents(view, { type: 'run.cancelled' })]), false);
  });

  it('say how long they work to the minute', () => {
    const view = withEvents(aRun('r1'), started('api'));
    const sinceMs = Date.parse(view.agents['backend-1']?.since ?? '');
    const said = (ms: number) => agentRows(ENGLISH, [view], sinceMs + ms)[1]?.description.split(' · ')[1];
    assert.deepEqual([59_999, 60_000, 125 * 60_000].map(said), ['under 1 min', '1 min', '2 h 5 min']);
  });

  it('say that a price is unknown, and until when a limit holds', () => {
    const view = withEvents(aRun('r1'), started('api'), {
      ...{ type: 'model.retried', provider: 'vscode', model: 'copilot/x', subtaskId: 'api', agentId: 'backend-1' },
      ...{ kind: 'rate_limited', attempt: 1, waitMs: 30_000 },
    });
    const [, row] = agentRows(ENGLISH, [view], NOW_MS);
    assert.match(row?.description ?? '', /^waits for its model · until .*\d.* · Build api · waits for copilot\/x/);
    assert.equal(row?.icon?.id, 'debug-pause');
  });
});

describe('the tasks', () => {
  const plan = [aSubtask('api'), aSubtask('db'), aSubtask('page', { dependsOn: ['api', 'db'] })];

  it('are runs, subtasks and changed files; only unfinished runs are unfolded', () => {
    const open = withEvents(aRun('r1', plan), started('api'), integrated('api', 'src/b.js', 'src/a.js'));
    const over = withEvents(aRun('r2'), { type: 'run.cancelled' });
    const rows = tasks(open, over);
    assert.deepEqual(
      rows.map(({ folding }) => folding),
      ['expanded', 'collapsed'],
    );
    assert.deepEqual(
      rows[0]?.children.map(({ label }) => label),
      ['Build db', 'Build page', 'Build api'],
    );
    const files = rows[0]?.children[2]?.children ?? [];
    assert.deepEqual(
      files.map(({ label, description, click }) => [label, description, click?.command]),
      [
        ['a.js', 'src · +3 −0', 'openDiff'],
        ['b.js', 'src · +3 −0', 'openDiff'],
      ],
    );
  });

  it('stand in the order of their state, and say what they come after', () => {
    const view = withEvents(
      aRun('r1', plan),
      started('db'),
      started('api', 'backend-2'),
      { type: 'subtask.parked', subtaskId: 'api', reason: 'stuck', findings: [] },
      { type: 'subtask.revised', subtaskId: 'db', round: 2, findings: [] },
    );
    assert.deepEqual(
      tasks(view)[0]?.children.map(({ label, description, badge }) => [label, description, badge?.kind]),
      [
        ['Build api', 'waits for you', undefined],
        ['Build db', 'being revised · round 2', 'round'],
        ['Build page', 'not started · after: Build api, Build db', undefined],
      ],
    );
  });

  it('carry the words that menus ask for', () => {
    const context = (view: RunView) => flat(tasks(view)).map((row) => row.context);
    const working = withEvents(aRun('r1'), started('api'));
    assert.deepEqual(context(working), ['run running plan', 'subtask worktree']);
    const failed = withEvents(
      working,
      { type: 'subtask.committed', subtaskId: 'api', commit: 'c', files: [] },
      { type: 'subtask.checked', subtaskId: 'api', round: 1, evidence: [anEvidence()], faults: [] },
      {
        type: 'subtask.failed',
        subtaskId: 'api',
        error: { code: 'checks_failed', message: 'm', userMessage: 'u', retry: false },
      },
      waits('resume', { code: 'checks_failed', topic: 'retry-0-1' }),
    );
    assert.deepEqual(context(failed), ['run running waiting plan resumable', 'subtask commit evidence retry worktree']);
    const over = withEvents(failed, { type: 'run.cancelled' });
    assert.deepEqual(context(over), ['run ended plan', 'subtask commit evidence']);
    const diff = withEvents(aRun('r1'), { type: 'live.verified', results: [], url: 'https://a' }, waits('diff'));
    assert.equal(context(diff)[0], 'run running waiting plan diff live');
  });

  it('name a run that only deploys or undoes by that, with a sign of its own, and offer to roll back what was deployed', () => {
    const begun = (purpose: 'deploy' | 'rollback'): RunView =>
      withEvents(emptyView('r1'), {
        ...{
          type: 'run.started',
          brief: aBrief({ name: 'Shop' }),
          workspaceDir: '/project',
          budgetUsd: 5,
          slug: 'shop',
        },
        purpose,
      });
    const deployed = withEvents(begun('deploy'), aDeployment(), {
      ...{ type: 'run.completed', url: 'https://a', stoppedAfter: 'deploy' },
    });
    const undone = withEvents(begun('rollback'), aDeployment(), {
      ...{ type: 'run.completed', url: null, stoppedAfter: 'deploy' },
    });
    assert.deepEqual(
      tasks(deployed, undone, begun('rollback')).map(({ label, icon, context }) => [label, icon?.id, context]),
      [
        ['Deployment of Shop', 'rocket', 'run ended undoable'],
        ['Rollback of Shop', 'discard', 'run ended'],
        ['Rollback of Shop', 'discard', 'run running'],
      ],
    );
    assert.equal(tasks(aRun('r1'))[0]?.icon?.id, 'play-circle');
  });

  it('say why a pull request is not merged yet', () => {
    const held = withEvents(aRun('r1'), { type: 'pull_request.held', reason: 'a review is required' });
    assert.equal(tasks(held)[0]?.description, 'building · 0 of 1 integrated · not merged yet: a review is required');
  });

  it('say that a run is about to pause, and offer to go on', () => {
    const [row] = tasks(withEvents(aRun('r1'), { type: 'pause.requested' }));
    assert.equal(row?.description, 'pausing · building · 0 of 1 integrated');
    assert.equal(row.context, 'run waiting plan resumable');
  });

  it('are the same objects for a run that has not changed', () => {
    const rows = createTaskRows(ENGLISH);
    const [one, two] = [aRun('r1'), aRun('r2')];
    const before = rows([one, two]);
    const now = rows([withEvents(one, started('api')), two]);
    assert.notEqual(now[0], before[0]);
    assert.equal(now[1], before[1]);
  });
});

describe('every row', () => {
  it('has a label, words for screen readers and an id of its own', () => {
    const view = withEvents(
      aRun('r1', [aSubtask('a'), aSubtask('b')]),
      started('a'),
      integrated('a', 'a.js'),
      started('b'),
      integrated('b', 'a.js'),
      waits('diff'),
      waits('diff', { topic: 'diff:2' }),
    );
    for (const rows of [inbox(view), agentRows(ENGLISH, [view, aRun('r2')], NOW_MS), tasks(view, aRun('r2'))]) {
      const all = flat(rows);
      assert.equal(new Set(all.map(({ node }) => node.id)).size, all.length);
      for (const row of all) {
        assert.ok(row.label !== '' && row.speech.length >= row.label.length, JSON.stringify(row));
      }
    }
  });
});
