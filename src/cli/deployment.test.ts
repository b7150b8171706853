import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FAKE_NEXT_ID, FAKE_RUN_ID, type FakeApp } from '../../test/fakes/app-api.ts';
import {
  completed,
  createHarness,
  goesOn,
  type Harness,
  type HarnessOptions,
  started,
  waits,
} from '../../test/fakes/command-line.ts';
import type { DomainEvent } from '../protocol/events.ts';
import type { Intent } from '../protocol/intents.ts';
import type { DeploymentChange } from '../protocol/work.ts';
import { eventLines } from './progress/event-lines.ts';

const create: DeploymentChange = { action: 'create', kind: 'site', id: 'web', detail: '', destructive: false };
const change: DeploymentChange = {
  action: 'change',
  kind: 'column',
  id: 'crew/tasks/title',
  detail: 'size 20 -> 40',
  destructive: false,
};
const drop: DeploymentChange = { action: 'delete', kind: 'table', id: 'crew/old', detail: '', destructive: true };
const previewed = (...changes: DeploymentChange[]): DomainEvent => ({
  type: 'deployment.previewed',
  changes,
  irreversible: ['rows written since'],
});
const rolledBack: DomainEvent[] = [
  { type: 'rollback.finished', done: [drop], kept: ['table crew/tasks: it has rows'] },
  {
    type: 'pull_request.opened',
    pullRequest: { number: 8, url: 'http://git.example/8', headBranch: 'h', baseBranch: 'main', state: 'open' },
  },
  { type: 'run.completed', url: null, stoppedAfter: 'deploy' },
];

describe('the command line, deploying and undoing', () => {
  let harness: Harness;
  const open = async (options: HarnessOptions = {}) => {
    harness = await createHarness(options);
    return harness;
  };
  afterEach(() => harness.close());

  /** A finished run; what undoes it asks before it loses something. */
  const undoable =
    (...changes: DeploymentChange[]) =>
    (intent: Intent, app: FakeApp) => {
      if (intent.type === 'start') app.push(FAKE_RUN_ID, started(intent.workspaceDir), ...completed);
      if (intent.type === 'rollback') {
        const begin = { ...started('/w'), purpose: 'rollback', undoes: intent.runId } as DomainEvent;
        app.push(FAKE_NEXT_ID, begin, previewed(...changes), waits('deployment'));
      }
      if (intent.type === 'approve' || intent.type === 'reject') {
        app.push(FAKE_NEXT_ID, goesOn('deployment'), ...rolledBack);
      }
    };

  const finished = async (options: HarnessOptions) => {
    const cli = await open(options);
    await cli.run('run', cli.briefPath, '--local');
    return cli;
  };

  it('needs no key of a model', async () => {
    const env = { GITHUB_TOKEN: 'token', APPWRITE_PROJECT_ID: 'crew', APPWRITE_API_KEY: 'key' };
    const cli = await open({ env, onIntent: undoable(drop) });
    await cli.run('run', cli.briefPath, '--local');
    cli.app.intents.length = 0;
    await rm(join(cli.dir, 'state', 'runs', `${FAKE_RUN_ID}.json`));
    assert.equal(await cli.run('rollback', FAKE_RUN_ID), 3, cli.stderr());
    assert.equal(await cli.run('approve', FAKE_NEXT_ID), 0, cli.stderr());
    assert.deepEqual(
      cli.app.intents.map((intent) => intent.type),
      ['rollback', 'approve'],
    );
  });

  it('rolls back: shows what would change, waits with 3 without a terminal, and goes on by approve', async () => {
    const cli = await finished({ onIntent: undoable(create, change, drop) });
    assert.equal(await cli.run('rollback', 'last'), 3);
    for (const line of [
      'rolling back run guestbook-abc123',
      'deployment: 3 changes, 1 of them loses data',
      '+ create site web',
      '~ change column crew/tasks/title: size 20 -> 40',
      '- delete table crew/old (loses data)',
      '! cannot be undone: rows written since',
      `orchestrator approve ${FAKE_NEXT_ID} deployment`,
      `orchestrator reject ${FAKE_NEXT_ID}`,
    ]) {
      assert.ok(cli.stderr().includes(line), `${line} in ${cli.stderr()}`);
    }
    const note: unknown = JSON.parse(await readFile(join(cli.dir, 'state', 'runs', `${FAKE_NEXT_ID}.json`), 'utf8'));
    assert.deepEqual([(note as { local: boolean }).local, (note as { until: string }).until], [true, 'deploy']);
    assert.equal(await cli.run('show', FAKE_NEXT_ID), 0);
    assert.match(cli.stdout(), /- delete table crew\/old \(loses data\)/);
    assert.equal(await cli.run('approve', FAKE_NEXT_ID, 'deployment'), 0);
    assert.deepEqual(cli.app.intents.at(-1), {
      type: 'approve',
      runId: FAKE_NEXT_ID,
      gate: 'deployment',
      topic: 'deployment',
      waitOn: FAKE_RUN_ID,
    });
    assert.match(cli.stderr(), /kept {10}table crew\/tasks: it has rows/);
    assert.match(cli.stderr(), /revert {8}http:\/\/git\.example\/8 \(open\)/);
  });

  it('leaves out what loses data by reject, which needs no comment there', async () => {
    const cli = await finished({ onIntent: undoable(drop) });
    assert.equal(await cli.run('rollback', 'last'), 3);
    assert.equal(await cli.run('reject', FAKE_NEXT_ID), 0);
    const sent = cli.app.intents.at(-1);
    assert.deepEqual(sent?.type === 'reject' && [sent.topic, sent.comment], [
      'deployment',
      'Leave out what loses data.',
    ]);
  });

  it('lets --yes pass what loses nothing, and --allow-destructive the rest', async () => {
    const harmless = await finished({ onIntent: undoable(create) });
    assert.equal(await harmless.run('rollback', FAKE_RUN_ID, '--yes'), 0);
    await harmless.close();
    const cli = await finished({ onIntent: undoable(create, drop) });
    assert.equal(await cli.run('rollback', FAKE_RUN_ID, '--yes'), 3);
    assert.equal(cli.app.intents.at(-1)?.type, 'rollback');
    assert.equal(await cli.run('resume', FAKE_NEXT_ID, '--yes', '--allow-destructive'), 0);
    assert.deepEqual(
      cli.app.intents.slice(-2).map(({ type }) => type),
      ['resume', 'approve'],
    );
  });

  it('asks on a terminal, and takes no for leaving out', async () => {
    const cli = await finished({ onIntent: undoable(drop), isInteractive: true });
    const running = cli.run('rollback', FAKE_RUN_ID);
    await cli.until('Lose that data?');
    assert.match(cli.stderr(), /Rolling back changes\n {2}- delete table crew\/old \(loses data\)/);
    cli.type('n');
    assert.equal(await running, 0);
    assert.equal(cli.app.intents.at(-1)?.type, 'reject');
    await cli.close();
    const other = await finished({ onIntent: undoable(drop), isInteractive: true });
    const waiting = other.run('rollback', FAKE_RUN_ID);
    await other.until('Lose that data?');
    other.type('q');
    assert.equal(await waiting, 3);
  });

  it('deploys what a run has merged, which that run says how to do', async () => {
    const cli = await open({
      onIntent: (intent, app) => {
        if (intent.type === 'start') {
          const pullRequest = { number: 7, url: 'u', headBranch: 'h', baseBranch: 'main', state: 'merged' as const };
          app.push(FAKE_RUN_ID, started(intent.workspaceDir), {
            type: 'pull_request.merged',
            pullRequest,
            commit: 'c',
          });
          app.push(FAKE_RUN_ID, { type: 'run.completed', url: null, stoppedAfter: 'commit' });
        }
        if (intent.type === 'deploy') app.push(FAKE_NEXT_ID, started('/w'), ...completed);
      },
    });
    assert.equal(await cli.run('run', cli.briefPath, '--local', '--until', 'commit'), 0);
    assert.ok(cli.stderr().includes(`deploy what is merged with: orchestrator deploy ${FAKE_RUN_ID}`), cli.stderr());
    assert.equal(await cli.run('deploy', 'last'), 0);
    assert.deepEqual(cli.app.intents.at(-1), { type: 'deploy', runId: FAKE_RUN_ID });
    assert.equal(await cli.run('deploy', 'nothing', '--local'), 2);
  });

  it('names domains to verify, with what to do, and why a pull request is not merged', async () => {
    const domain = {
      domain: 'notes.example',
      state: 'unverified' as const,
      remedy: 'CNAME notes.example -> x.example',
    };
    const cli = await open({
      onIntent: (intent, app) => {
        if (intent.type !== 'start') return;
        app.push(
          FAKE_RUN_ID,
          started(intent.workspaceDir),
          { type: 'pull_request.held', reason: 'a review is required' },
          {
            type: 'deployment.finished',
            deployment: {
              ...{ kind: 'site', id: 'web', deploymentId: 'd', previousDeploymentId: null, status: 'ready', url: null },
              ...{ logTail: '', durationMs: 5, changes: [], mark: '' },
              domains: [domain, { ...domain, domain: 'ok.example', state: 'verified', remedy: '' }],
            },
          },
          waits('diff'),
        );
      },
    });
    assert.equal(await cli.run('run', cli.briefPath, '--local'), 3);
    assert.match(cli.stderr(), /domain {8}notes\.example unverified: CNAME notes\.example -> x\.example/);
    assert.match(cli.stderr(), /not merged {4}a review is required/);
    assert.doesNotMatch(cli.stderr(), /ok\.example/);
  });

  it('has a line for each thing that happens to a pull request, a workflow and a deployment', () => {
    const lines = (event: DomainEvent) => eventLines(event).map(({ tone, text }) => `${tone} ${text}`);
    const finding = { id: 'r', file: 'a.js', line: 3, severity: 'major' as const, message: 'Why?\u001b[2J' };
    const run = { id: '1', workflow: 'deploy.yml', url: 'http://git.example/runs/1', logTail: '' };
    const cases: [DomainEvent, string[]][] = [
      [
        { type: 'pull_request.reviewed', number: 7, findings: [finding, { ...finding, file: '', line: 0 }] },
        ['wait pull request 7: 2 requests to change something', 'info a.js:3: Why?', 'info Why?'],
      ],
      [
        {
          type: 'pull_request.noted',
          number: 7,
          comments: [{ id: 'comment-1', author: 'mira', text: 'Thanks!\nAll of it.', why: 'no_request' }],
        },
        ['info comment of mira is not a request (no line begins with /revise): Thanks!'],
      ],
      [
        { type: 'pull_request.checked', summary: { state: 'stopped', runs: [] } },
        ['wait pull request checks: stopped'],
      ],
      [
        { type: 'pull_request.updated', reason: 'checks', round: 2, commit: 'abcdef123456' },
        ['info pull request updated for failed checks, round 2, at abcdef1'],
      ],
      [{ type: 'pull_request.held', reason: 'in the queue' }, ['wait pull request not merged yet: in the queue']],
      [
        {
          type: 'workflow.ran',
          run: {
            ...run,
            state: 'failed',
            jobs: [
              { name: 'build', state: 'failed' },
              { name: 'lint', state: 'passed' },
            ],
          },
        },
        ['bad workflow deploy.yml: failed (build): http://git.example/runs/1'],
      ],
      [
        { type: 'workflow.ran', run: { ...run, state: 'passed', jobs: [] } },
        ['good workflow deploy.yml: passed: http://git.example/runs/1'],
      ],
      [{ type: 'deployment.previewed', changes: [], irreversible: [] }, ['info deployment: nothing to change']],
      [previewed(create), ['info deployment: 1 change', 'info + create site web']],
      [{ type: 'deployment.approved', by: 'person', destructive: true }, ['good changes that lose data accepted']],
      [{ type: 'deployment.approved', by: 'person', destructive: false }, ['info changes that lose data are left out']],
      [{ type: 'deployment.approved', by: 'policy', destructive: false }, []],
      [
        { type: 'run.rolled_back', by: 'revert-1', done: [drop], kept: ['rows'] },
        ['wait rolled back by run revert-1: 1 change', 'wait kept: rows'],
      ],
      [
        { type: 'rollback.finished', done: [drop], kept: ['rows'] },
        ['good rolled back: 1 change', 'info - delete table crew/old (loses data)', 'wait kept: rows'],
      ],
      [
        { type: 'rollback.finished', done: [{ ...create, kind: 'database', destructive: true }], kept: [] },
        ['good rolled back: 1 change', 'info + create database web (leaves data behind)'],
      ],
    ];
    for (const [event, expected] of cases) assert.deepEqual(lines(event), expected);
  });
});
