import assert from 'node:assert/strict';
import { recordsOf } from '../../src/core/records/fold.ts';
import { bounded, lastLines, MAX, rowId } from '../../src/core/records/limits.ts';
import { RECORD_TABLES } from '../../src/core/records/tables.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import { ActivityRecord, DeploymentRecord, ProjectRecords, TaskRecord } from '../../src/protocol/records.ts';
import { aPlan, aSite, aSubtask } from '../fakes/plan.ts';
import { asRecords, previewed, startOf, wholeRun } from './events.ts';

const CONTEXT = { userId: 'Ada', appwriteProjectId: 'project-1' };
const RUN = 'notes-abc234';
const of = (events: DomainEvent[], runId = RUN) => recordsOf(runId, asRecords(runId, events), CONTEXT);

describe('the records of a run', () => {
  it('fill every field of the task', () => {
    const [task] = of(wholeRun('/work/notes')).tasks;
    assert.ok(task);
    const { requirements, grokAnalysis, claudeAssignments, deploymentInfo, ...plain } = task;
    assert.deepEqual(plain, {
      taskId: RUN,
      userId: 'Ada',
      projectName: 'Team notes',
      status: 'completed',
      githubRepo: 'https://github.example/team/notes',
      createdAt: '2026-01-02T03:04:05.000Z',
      updatedAt: '2026-01-02T03:04:36.000Z',
    });
    const [brief] = wholeRun('');
    assert.deepEqual(requirements, brief?.type === 'run.started' ? brief.brief : null);
    const { plan, questions, answers, estimate, faults } = grokAnalysis as Record<string, Record<string, unknown>>;
    assert.equal(plan?.summary, 'A plan.');
    assert.deepEqual(plan?.sharedInterfaces, [{ path: 'shared/types.js', purpose: 'types' }]);
    assert.deepEqual([questions?.length, answers?.length, estimate?.costUsd, faults], [1, 1, null, []]);
    assert.equal(claudeAssignments.length, 1);
    const [assignment] = claudeAssignments as Record<string, unknown>[];
    assert.deepEqual(
      [assignment?.id, assignment?.title, assignment?.agentId, assignment?.state, assignment?.costUsd],
      ['api', 'Build api', 'backend-1', 'integrated', 0],
    );
    const info = deploymentInfo as Record<string, Record<string, unknown>>;
    assert.deepEqual(
      [info.outcome, info.stage, info.url, info.pullRequest?.state, info.mergeCommit, info.cost?.usd, info.cost?.calls],
      ['complete', 'done', 'https://web.example', 'merged', 'c'.repeat(40), 0.25, 2],
    );
    assert.deepEqual(info.waitsFor, []);
    assert.ok(!JSON.stringify(task).includes('/work/notes'), 'paths of this machine stay here');
  });

  it('are activities of the lead and the agents, in order, each with its outcome', () => {
    const { activities } = of(wholeRun('/w'));
    assert.deepEqual(
      activities.map(({ agentType, agentId, action, status }) => `${agentType} ${agentId} ${action} ${status}`),
      [
        'grok lead model.called success',
        'grok lead questions.asked success',
        'grok lead plan.faulted failure',
        'grok lead plan.proposed success',
        'claude backend-1 subtask.started success',
        'claude backend-1 model.retried failure',
        'claude backend-1 model.called success',
        'claude backend-1 subtask.acted success',
        'claude backend-1 subtask.acted failure',
        'claude backend-1 subtask.checked failure',
        'grok lead subtask.reviewed success',
        'claude backend-1 subtask.parked failure',
        'claude backend-1 subtask.failed failure',
        'claude backend-1 merge.refused failure',
        'claude backend-1 merge.resolved success',
        'grok lead subtask.approved success',
      ],
    );
    assert.deepEqual(activities[0], {
      activityId: `${RUN}.4`,
      taskId: RUN,
      agentId: 'lead',
      agentType: 'grok',
      action: 'model.called',
      input: {
        purpose: 'plan',
        provider: 'xai',
        model: 'grok-4.7',
        subtaskId: null,
        inputTokens: 800,
        cachedInputTokens: 200,
      },
      output: { outputTokens: 50, costUsd: 0.25 },
      duration: 1_235,
      status: 'success',
      timestamp: '2026-01-02T03:04:08.000Z',
    });
    assert.equal(activities.find(({ action }) => action === 'subtask.checked')?.duration, 40);
  });

  it('are deployments: announced, being built, done', () => {
    const [start] = wholeRun('/w');
    assert.ok(start);
    const announced = of([start, previewed]).deployments;
    assert.deepEqual(
      announced.map(({ deploymentId, type, status }) => [deploymentId, type, status]),
      [
        [`${RUN}.database.crew`, 'database', 'pending'],
        [`${RUN}.site.web`, 'site', 'pending'],
      ],
    );
    const building = of([start, previewed, { type: 'deployment.started', kind: 'site', id: 'web' }]).deployments;
    assert.equal(building[1]?.status, 'building');
    const site = of(wholeRun('/w')).deployments[1];
    assert.ok(site);
    const { buildArtifacts, ...rest } = site;
    assert.deepEqual(rest, {
      deploymentId: `${RUN}.site.web`,
      taskId: RUN,
      type: 'site',
      appwriteProjectId: 'project-1',
      githubRepo: 'https://github.example/team/notes',
      status: 'deployed',
      url: 'https://web.example',
      logs: ['installed', 'built'],
      createdAt: '2026-01-02T03:04:32.000Z',
    });
    assert.deepEqual(buildArtifacts, [
      {
        kind: 'deployment',
        id: 'web',
        deploymentId: 'dep-2',
        previousDeploymentId: 'dep-1',
        commit: 'c'.repeat(40),
        durationMs: 900,
      },
      { kind: 'change', of: 'site', action: 'create', detail: '', destructive: false, id: 'web' },
      {
        kind: 'domain',
        domain: 'notes.example',
        state: 'unverified',
        remedy: 'CNAME notes.example -> web.example',
      },
    ]);
    const failed = of([start, previewed, { type: 'run.cancelled' }]);
    assert.deepEqual(
      failed.deployments.map(({ status }) => status),
      ['failed', 'failed'],
    );
    assert.deepEqual([failed.tasks[0]?.status, info(failed.tasks[0])?.outcome], ['failed', 'cancelled']);
  });

  const info = (task: TaskRecord | undefined) => task?.deploymentInfo as Record<string, unknown> | undefined;

  it('say pending, processing and what a run waits for', () => {
    assert.equal(of([startOf('/w')]).tasks[0]?.status, 'pending');
    const waiting = of([
      startOf('/w'),
      { type: 'stage.entered', stage: 'plan' },
      { type: 'wait.began', gate: 'plan', waitOn: RUN, topic: 't', message: 'Decide.', code: null },
    ]);
    assert.equal(waiting.tasks[0]?.status, 'processing');
    assert.deepEqual(info(waiting.tasks[0])?.waitsFor, [
      { gate: 'plan', message: 'Decide.', since: '2026-01-02T03:04:07.000Z' },
    ]);
    assert.equal(waiting.tasks[0]?.grokAnalysis, null);
    assert.deepEqual(of([]), { tasks: [], activities: [], deployments: [] });
  });

  it('keep rollbacks apart from what they undo', () => {
    const start: DomainEvent = { ...startOf('/w'), purpose: 'rollback', undoes: 'notes-1' } as DomainEvent;
    const done = { action: 'delete' as const, kind: 'site' as const, id: 'web', detail: '', destructive: true };
    const { tasks, deployments } = of([start, previewed, { type: 'rollback.finished', done: [done], kept: ['rows'] }]);
    assert.deepEqual(deployments, []);
    assert.deepEqual([info(tasks[0])?.purpose, info(tasks[0])?.undoes], ['rollback', 'notes-1']);
    assert.deepEqual(info(tasks[0])?.rollback, { done: [done], kept: ['rows'] });
  });

  it('fit their schemas and sizes whatever the events hold', () => {
    const long = `"\\\n\u{1F600}${'x'.repeat(200_000)}\ud800`;
    const events = wholeRun('/w').map((event): DomainEvent => {
      const text = JSON.stringify(event, (key, value) =>
        typeof value === 'string' &&
        ['action', 'summary', 'reason', 'logTail', 'description', 'message', 'url', 'title'].includes(key)
          ? long
          : value,
      );
      return JSON.parse(text) as DomainEvent;
    });
    const records = of(events, `${'n'.repeat(60)}-abc234`);
    ProjectRecords.parse(records);
    for (const { id, columns } of RECORD_TABLES) {
      for (const record of records[id] as Record<string, unknown>[]) {
        for (const { key, type, size } of columns) {
          const text = type === 'json' ? JSON.stringify(record[key]) : String(record[key]);
          if (size > 0) assert.ok(text.length <= size && text.isWellFormed(), `${id}.${key}: ${text.length}`);
        }
      }
    }
    assert.ok(
      records.activities.length > 0 &&
        new Set(records.activities.map((a) => a.activityId)).size === records.activities.length,
    );
  });

  it('have a column for each field of each record', () => {
    const fields = { tasks: TaskRecord, activities: ActivityRecord, deployments: DeploymentRecord };
    for (const { id, columns } of RECORD_TABLES) {
      assert.deepEqual(
        columns.map(({ key }) => key),
        Object.keys(fields[id].shape),
      );
    }
  });
});

describe('limits of records', () => {
  it('make ids that Appwrite takes, the same each time', () => {
    assert.equal(rowId('notes-abc234.17'), 'notes-abc234.17');
    for (const text of ['x'.repeat(37), '-a', 'a b', '']) {
      assert.match(rowId(text), /^[0-9a-f]{36}$/);
      assert.equal(rowId(text), rowId(text));
    }
    assert.notEqual(rowId(`${'x'.repeat(40)}1`), rowId(`${'x'.repeat(40)}2`));
  });

  it('cut texts and lists until the whole fits, and keep the shape', () => {
    assert.deepEqual(bounded({ a: [1, 'b'] }, 100), { a: [1, 'b'] });
    const cutTexts = bounded({ a: 'x'.repeat(20_000), b: 1 }, MAX.activityJson) as { a: string; b: number };
    assert.deepEqual([cutTexts.a.length, cutTexts.b], [2_000, 1]);
    const many = bounded(
      Array.from({ length: 1_000 }, (_, n) => ({ [`key-${'k'.repeat(300)}-${n}`]: n })),
      4_000,
    );
    assert.ok(Array.isArray(many) && JSON.stringify(many).length <= 4_000);
    assert.deepEqual(Object.keys(many[0] as object), ['cut']);
    assert.ok(JSON.stringify(bounded('"'.repeat(50_000), 4_000)).length <= 4_000);
  });

  it('count what the database counts, which is bytes', () => {
    const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
    for (const text of ['日本語', '😀', 'é"']) {
      const list = Array.from({ length: 300 }, () => ({ title: text.repeat(60) }));
      assert.ok(bytes(bounded(list, MAX.json)) <= MAX.json, text);
      assert.ok(bytes(bounded(text.repeat(30_000), 4_000)) <= 4_000, text);
      const keys = Array.from({ length: 100 }, (_, n) => ({ [text.repeat(300) + n]: n }));
      assert.ok(bytes(bounded(keys, 4_000)) <= 4_000, text);
      const lines = lastLines(`${text.repeat(200)}\n`.repeat(500), MAX.json);
      assert.ok(lines.length > 10 && bytes(lines) <= MAX.json, text);
    }
  });

  it('leave out what the variables of a plan hold', () => {
    const plan = aPlan([aSubtask('api')]);
    const variables = [{ key: 'TOKEN', value: 'not-for-the-team' }];
    plan.deployment.sites = [aSite('web', { variables })];
    const estimate = { tokens: { low: 1, high: 2 }, costUsd: null, wallMs: { low: 1, high: 2 } };
    const { tasks } = of([startOf('/w'), { type: 'plan.proposed', plan, estimate }]);
    const text = JSON.stringify(tasks);
    assert.ok(text.includes('TOKEN') && !text.includes('not-for-the-team'));
  });

  it('keep the last lines of a log', () => {
    assert.deepEqual(lastLines('', 100), []);
    assert.deepEqual(lastLines('a\nb', 100), ['a', 'b']);
    assert.deepEqual(lastLines(`${'x'.repeat(90)}\nlast`, 60), ['last']);
  });
});
