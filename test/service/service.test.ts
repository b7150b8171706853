import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ProjectRecords } from '../../src/protocol/records.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { makePlace, type Place, type TestWindow } from './window.ts';

const waitsFor = (gate: string) => (view: RunView) => view.waiting.some((wait) => wait.gate === gate);
const isComplete = (view: RunView) => view.status === 'complete';
const SAMPLE = { number: '1', budgetUsd: 5 };

const approve = (window: TestWindow, runId: string, gate: 'plan' | 'diff') =>
  window.call('dispatch', { intent: { type: 'approve', runId, gate }, local: false });

describe('the orchestrator process of a window', function () {
  this.timeout(180_000);
  let place: Place;

  beforeEach(async () => {
    place = await makePlace();
  });

  afterEach(() => place.remove());

  it('carries a sample from the plan gate over the diff gate to a live page, and tells every step', async () => {
    const window = place.openWindow();
    await window.configure();
    const samples = await window.call('samples', {});
    assert.deepEqual(
      samples.map((sample) => sample.number),
      ['1', '2', '3'],
    );
    const { runId, workspaceDir } = await window.call('startSample', SAMPLE);
    assert.ok(workspaceDir.startsWith(place.samplesDir));
    await window.until(runId, waitsFor('plan'));
    await approve(window, runId, 'plan');
    const proposed = await window.until(runId, waitsFor('diff'));
    const [file] = proposed.diff?.files ?? [];
    assert.ok(file && proposed.diff);
    const text = await window.call('readFile', { runId, commit: proposed.diff.commit, path: file.path });
    assert.ok((text ?? '').length > 0);
    await approve(window, runId, 'diff');
    const done = await window.until(runId, isComplete);
    assert.match(String(done.url), /^http:/);
    assert.ok(done.live.length > 0 && done.live.every((result) => result.passed));
    const exported = JSON.parse(await window.call('exportRun', { runId })) as {
      view: RunView;
      events: unknown[];
      records: ProjectRecords;
    };
    assert.equal(exported.view.status, 'complete');
    assert.equal(exported.events.length, exported.view.seq);
    const [task] = ProjectRecords.parse(exported.records).tasks;
    assert.deepEqual([task?.taskId, task?.status], [runId, 'completed']);
    assert.ok(exported.records.activities.length > 0 && exported.records.deployments.length > 0);
    assert.equal(await window.close(), 0);
  });

  it('runs a sample in the local cloud, whatever keys there are', async () => {
    const window = place.openWindow();
    const key = 'stands-for-a-key';
    await window.configure({
      environment: { ORCHESTRATOR_HOME: place.stateDir, APPWRITE_PROJECT_ID: 'mine' },
      secrets: { XAI_API_KEY: key, ANTHROPIC_API_KEY: key, GITHUB_TOKEN: key, APPWRITE_API_KEY: key },
    });
    const { runId } = await window.call('startSample', SAMPLE);
    await window.until(runId, waitsFor('plan'));
    await approve(window, runId, 'plan');
    await window.until(runId, waitsFor('diff'));
    await approve(window, runId, 'diff');
    const done = await window.until(runId, isComplete);
    assert.match(String(done.url), /\.localhost:/);
    assert.match(String(done.pullRequest?.url), /^http:\/\/(127\.0\.0\.1|localhost):/);
  });

  it('goes on in a new process with a run whose process was killed', async () => {
    const first = place.openWindow();
    await first.configure();
    const { runId } = await first.call('startSample', SAMPLE);
    await first.until(runId, waitsFor('plan'));
    await approve(first, runId, 'plan');
    await first.until(runId, (view) => Object.values(view.subtasks).some((subtask) => subtask.state !== 'pending'));
    const exited = once(first.child, 'exit');
    first.child.kill('SIGKILL');
    await exited;

    const second = place.openWindow();
    await second.configure();
    await second.call('adopt', { runIds: [runId] });
    await second.until(runId, waitsFor('diff'));
    await approve(second, runId, 'diff');
    const done = await second.until(runId, isComplete);
    assert.ok(done.pullRequest?.number);
  });

  it('keeps its runs at work when it is configured anew', async () => {
    const window = place.openWindow();
    await window.configure();
    const { runId } = await window.call('startSample', SAMPLE);
    await window.until(runId, waitsFor('plan'));
    await approve(window, runId, 'plan');
    await window.until(runId, (view) => Object.keys(view.agents).length > 1);
    await window.configure({ nodePath: null });
    await window.until(runId, waitsFor('diff'));
  });

  it('shows a run of one window in another, and takes the decision there', async () => {
    const [one, two] = [place.openWindow(), place.openWindow()];
    await one.configure();
    await two.configure();
    const { runId } = await one.call('startSample', SAMPLE);
    await two.until(runId, waitsFor('plan'));
    await approve(two, runId, 'plan');
    await one.until(runId, (view) => view.stage === 'build');
    await two.until(runId, waitsFor('diff'));
  });

  it('names what is not configured instead of starting', async () => {
    const window = place.openWindow();
    await window.configure();
    const workspaceDir = join(place.samplesDir, 'empty');
    await mkdir(workspaceDir, { recursive: true });
    const brief = { name: 'X', description: 'x', type: 'web' as const, requirements: ['x'] };
    const start = {
      type: 'start',
      brief,
      workspaceDir,
      autoApprove: false,
      askQuestions: false,
      budgetUsd: 1,
    } as const;
    await assert.rejects(window.call('dispatch', { intent: { ...start, until: 'deploy' }, local: false }), {
      code: 'configuration',
      userMessage: /XAI_API_KEY, ANTHROPIC_API_KEY, GITHUB_TOKEN, APPWRITE_PROJECT_ID, APPWRITE_API_KEY are not set/,
    });
    assert.deepEqual(await window.call('list', { workspaceDirs: [workspaceDir], limit: 5 }), []);
  });

  it('shares what runs with the team, and reads issues, with what is configured for a folder', async () => {
    const shared = await startAppwriteStandIn({
      ...{ dataDir: join(place.stateDir, 'shared'), projectId: '68a4e3da0022f3e129d0', apiKey: 'records-key' },
    });
    try {
      const window = place.openWindow();
      await window.configure();
      const workspaceDir = join(place.samplesDir, 'empty');
      await mkdir(workspaceDir, { recursive: true });
      assert.equal(await window.call('teamTasks', { workspaceDir }), null);
      assert.deepEqual(await window.call('openIssues', { workspaceDir }), []);
      await assert.rejects(window.call('readIssue', { ref: '#12', workspaceDir }), { code: 'usage' });
      await assert.rejects(window.call('readIssue', { ref: 'team/notes#12', workspaceDir }), { code: 'auth' });
      await window.configure({
        environment: {
          ORCHESTRATOR_HOME: place.stateDir,
          ORCHESTRATOR_RECORDS_ENDPOINT: shared.endpoint,
          ORCHESTRATOR_RECORDS_KEY: shared.apiKey,
        },
      });
      const { runId } = await window.call('startSample', SAMPLE);
      await window.until(runId, waitsFor('plan'));
      for (;;) {
        const tasks = await window.call('teamTasks', { workspaceDir });
        const info = JSON.stringify(tasks?.[0]?.deploymentInfo ?? null);
        if (tasks?.[0]?.taskId === runId && info.includes('"gate":"plan"')) break;
      }
      assert.equal(await window.close(), 0);
    } finally {
      await shared.close();
    }
  });

  it('refuses a call that does not fit, and one before it is configured', async () => {
    const window = place.openWindow();
    await assert.rejects(
      window.call('samples', {}).then(() => window.call('snapshot', { runId: 'x' })),
      {
        code: 'internal',
      },
    );
    await window.configure();
    await assert.rejects(window.call('snapshot', { runId: '' }), { code: 'internal', message: /snapshot/ });
    assert.deepEqual(await window.call('snapshot', { runId: 'no-such-run' }), null);
  });
});
