import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FAKE_RUN_ID, type FakeApp } from '../../test/fakes/app-api.ts';
import {
  completed,
  createHarness,
  type Harness,
  type HarnessOptions,
  planned,
  started,
} from '../../test/fakes/command-line.ts';
import type { Issue } from '../core/ports.ts';
import type { Intent } from '../protocol/intents.ts';
import { ProjectRecords, type TaskRecord } from '../protocol/records.ts';

const ISSUE: Issue = {
  owner: 'team',
  name: 'notes',
  number: 12,
  title: 'Add a \u001b[31mguestbook',
  body: 'Visitors leave notes.\n\n- [ ] A form\n\n## Constraints\n- No tracking',
  url: 'https://github.example/team/notes/issues/12',
  labels: ['api', 'database'],
  state: 'open',
};

describe('the command line of a team', () => {
  let harness: Harness;
  const open = async (options: HarnessOptions = {}) => {
    harness = await createHarness(options);
    harness.app.issues.push(ISSUE);
    return harness;
  };
  afterEach(() => harness.close());
  const complete = (intent: Intent, app: FakeApp) => {
    if (intent.type === 'start') app.push(FAKE_RUN_ID, started(intent.workspaceDir), ...planned, ...completed);
  };

  it('starts a run from an issue, shows the brief it made and says which issue it is about', async () => {
    const cli = await open({ onIntent: complete });
    assert.equal(await cli.run('run', '--issue', 'team/notes#12', '--local'), 0);
    const [start] = cli.app.intents;
    assert.ok(start?.type === 'start');
    assert.deepEqual(start.brief.requirements, ['A form']);
    assert.deepEqual(start.brief.deployment.database, true);
    const { owner, name, number, url, title } = ISSUE;
    assert.deepEqual(start.issue, { owner, name, number, url, title });
    for (const line of [
      `Brief of ${url}`,
      'name         Add a guestbook',
      'type         api with database',
      'description  Visitors leave notes.',
      'requirement  A form',
      'constraint   No tracking',
    ]) {
      assert.ok(cli.stderr().includes(line), `${line} in ${cli.stderr()}`);
    }
    assert.ok(!cli.stderr().includes('\u001b'));
  });

  it('wants either a brief or an issue, and one that exists', async () => {
    const cli = await open({ onIntent: complete });
    assert.equal(await cli.run('run', '--local'), 2);
    assert.equal(await cli.run('run', cli.briefPath, '--issue', 'team/notes#12', '--local'), 2);
    assert.match(cli.stderr(), /give either a brief file or --issue owner\/repo#12/);
    assert.equal(await cli.run('run', '--issue', 'team/notes#99', '--local'), 2);
    assert.match(cli.stderr(), /There is no issue team\/notes#99/);
    assert.deepEqual(cli.app.intents, []);
    assert.ok(cli.app.isClosed);
  });

  it('lists open issues, and says so when there are none', async () => {
    const cli = await open({ env: { GITHUB_TOKEN: 'token' } });
    assert.equal(await cli.run('issues'), 0);
    assert.match(cli.stdout(), /issue {10}title\nteam\/notes#12 {2}Add a guestbook\n$/);
    assert.equal(await cli.run('issues', '--json'), 0);
    assert.equal((JSON.parse(cli.stdout().trimEnd().split('\n').at(-1) ?? '') as { number: number }).number, 12);
    cli.app.issues.length = 0;
    assert.equal(await cli.run('issues'), 0);
    assert.match(cli.stderr(), /No open issues/);
  });

  it('says what is missing before it asks for issues', async () => {
    const cli = await open();
    assert.equal(await cli.run('issues'), 2);
    assert.match(cli.stderr(), /GITHUB_TOKEN is not set. Set it, or add --local/);
    assert.equal(await cli.run('issues', '--local', '--workspace', 'missing'), 2);
    assert.match(cli.stderr(), /There is no folder .*missing/);
    assert.equal(cli.opened.length, 0);
    assert.equal(await cli.run('issues', '--local'), 0);
    assert.equal(cli.opened.at(-1)?.github.apiUrl, 'http://127.0.0.1:2/api/v3');
  });

  it('exports the records of a run, or of all, to stdout or a file', async () => {
    const cli = await open({ onIntent: complete });
    await cli.run('run', cli.briefPath, '--local');
    assert.equal(await cli.run('export', 'guest'), 0);
    const records = ProjectRecords.parse(JSON.parse(cli.stdout()));
    assert.deepEqual(
      records.tasks.map(({ taskId, status }) => [taskId, status]),
      [[FAKE_RUN_ID, 'completed']],
    );
    assert.ok(records.activities.length > 0);
    assert.equal(await cli.run('export', '--out', 'records.json'), 0);
    assert.deepEqual(JSON.parse(await readFile(join(cli.dir, 'records.json'), 'utf8')), records);
    assert.match(cli.stderr(), /Wrote 1 task, 2 activities, 0 deployments to .*records\.json/);
    assert.equal(await cli.run('export', 'nothing'), 2);
    assert.equal(await cli.run('export', '--out', 'no/such/folder.json'), 2);
  });

  it('shows the tasks of the team, and how to share when nothing is shared', async () => {
    const cli = await open();
    assert.equal(await cli.run('team'), 2);
    assert.match(cli.stderr(), /set ORCHESTRATOR_RECORDS_KEY/);
    const task: TaskRecord = {
      ...{ taskId: 'notes-abc', userId: 'Ada', projectName: 'Notes', requirements: null, status: 'processing' },
      ...{ grokAnalysis: null, claudeAssignments: [], githubRepo: 'https://github.example/team/notes' },
      ...{ deploymentInfo: null, createdAt: '2026-01-02T03:04:05.000Z', updatedAt: '2026-01-02T03:04:05.000Z' },
    };
    cli.app.team = [];
    assert.equal(await cli.run('team'), 0);
    assert.match(cli.stderr(), /holds no task yet/);
    cli.app.team = [task];
    assert.equal(await cli.run('team'), 0);
    assert.match(
      cli.stdout(),
      /notes-abc {2}Notes {4}processing {2}Ada {2}1 min 30 s {2}https:\/\/github\.example\/team\/notes/,
    );
    assert.equal(await cli.run('team', '--json'), 0);
    assert.deepEqual(JSON.parse(cli.stdout().trimEnd().split('\n').at(-1) ?? ''), task);
  });
});
