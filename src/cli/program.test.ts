import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FAKE_RUN_ID, type FakeApp } from '../../test/fakes/app-api.ts';
import {
  built,
  completed,
  createHarness,
  diffProposed,
  goesOn,
  type Harness,
  type HarnessOptions,
  planned,
  started,
  waits,
} from '../../test/fakes/command-line.ts';
import type { Intent } from '../protocol/intents.ts';

describe('the command line', () => {
  let harness: Harness;
  const open = async (options: HarnessOptions = {}) => {
    harness = await createHarness(options);
    return harness;
  };
  afterEach(() => harness.close());

  /** A run that waits at its plan, then at its diff, and then completes. */
  const gated = (intent: Intent, app: FakeApp) => {
    const view = app.intents.filter((sent) => sent.type === 'approve' || sent.type === 'reject').length;
    if (intent.type === 'start') app.push(FAKE_RUN_ID, started(intent.workspaceDir), ...planned, waits('plan'));
    if (intent.type === 'approve' && view === 1) {
      app.push(FAKE_RUN_ID, goesOn('plan'), ...built, ...diffProposed, waits('diff'));
    }
    if (intent.type === 'approve' && view === 2) app.push(FAKE_RUN_ID, goesOn('diff'), ...completed);
    if (intent.type === 'reject')
      app.push(FAKE_RUN_ID, goesOn('plan'), { type: 'plan.rejected', comment: intent.comment }, waits('plan'));
  };

  it('ends with 0 and a summary when the run is complete', async () => {
    const cli = await open({
      onIntent: (intent, app) =>
        intent.type === 'start' &&
        app.push(FAKE_RUN_ID, started(intent.workspaceDir), ...planned, ...built, ...diffProposed, ...completed),
    });
    assert.equal(await cli.run('run', cli.briefPath, '--local', '--yes', '--budget', '4.5', '--until', 'commit'), 0);
    const start = cli.app.intents[0];
    assert.equal(start?.type, 'start');
    assert.deepEqual(
      start?.type === 'start' && [
        start.autoApprove,
        start.askQuestions,
        start.budgetUsd,
        start.until,
        start.workspaceDir,
      ],
      [true, false, 4.5, 'commit', cli.dir],
    );
    assert.equal(cli.stdout(), '');
    for (const part of ['URL           http://site.localhost:1', '✓ api: npm test: exit 0, 1.2 s', '(25 % cached)']) {
      assert.ok(cli.stderr().includes(part), `${part} in ${cli.stderr()}`);
    }
    assert.ok(cli.app.isClosed);
  });

  it('prints every event once as a JSON line on stdout, and only that, with --json', async () => {
    const cli = await open({
      onIntent: (intent, app) =>
        intent.type === 'start' && app.push(FAKE_RUN_ID, started(intent.workspaceDir), ...planned, ...completed),
    });
    assert.equal(await cli.run('run', cli.briefPath, '--local', '--json'), 0);
    const lines = cli.stdout().trimEnd().split('\n');
    const records = lines.map((line): unknown => JSON.parse(line));
    assert.deepEqual(records, cli.app.events(FAKE_RUN_ID, 0));
    assert.ok(cli.stderr().includes('complete: http://site.localhost:1'));
  });

  it('shows with the plan which tests it lets go, and a plan from before there were such', async () => {
    const withTests = (removesTests: string[] | undefined) =>
      planned.map((event) =>
        event.type === 'plan.proposed'
          ? { ...event, plan: { ...event.plan, subtasks: event.plan.subtasks.map((s) => ({ ...s, removesTests })) } }
          : event,
      ) as typeof planned;
    for (const [removesTests, count] of [
      [['api/old.test.js'], 2],
      [undefined, 0],
    ] as const) {
      const cli = await open({
        onIntent: (intent, app) =>
          intent.type === 'start' &&
          app.push(FAKE_RUN_ID, started(intent.workspaceDir), ...withTests(removesTests?.slice()), waits('plan')),
      });
      assert.equal(await cli.run('run', cli.briefPath, '--local'), 3);
      assert.equal(await cli.run('show', FAKE_RUN_ID), 0);
      assert.equal(cli.stdout().split('! may remove or reduce the tests in api/old.test.js').length - 1, count);
      await cli.close();
    }
  });

  it('ends with 3 at a gate when nobody can be asked, and names the commands that continue', async () => {
    const cli = await open({ onIntent: gated });
    assert.equal(await cli.run('run', cli.briefPath, '--local'), 3);
    assert.ok(cli.stderr().includes(`orchestrator approve ${FAKE_RUN_ID} plan`), cli.stderr());
    assert.ok(cli.stderr().includes(`orchestrator reject ${FAKE_RUN_ID} --comment`));
  });

  it('continues a waiting run by approve with a prefix or "last", and remembers --local', async () => {
    const cli = await open({ onIntent: gated });
    await cli.run('run', cli.briefPath, '--local');
    assert.equal(await cli.run('approve', 'guest', 'plan'), 3);
    assert.equal(await cli.run('approve', 'last'), 0);
    assert.deepEqual(cli.app.intents.slice(1), [
      { type: 'approve', runId: FAKE_RUN_ID, gate: 'plan', topic: 'plan', waitOn: FAKE_RUN_ID },
      { type: 'approve', runId: FAKE_RUN_ID, gate: 'diff', topic: 'diff', waitOn: FAKE_RUN_ID },
    ]);
    assert.equal(cli.cloudStarts, 3);
    assert.equal(cli.opened.at(-1)?.github.apiUrl, 'http://127.0.0.1:2/api/v3');
    const shownAgain = cli.stderr().split('at most').length - 1;
    assert.equal(shownAgain, 1, 'what was shown before is not shown again');
  });

  it('passes the gates of a run that was started without --yes when a later command has it', async () => {
    const cli = await open({ onIntent: gated });
    await cli.run('run', cli.briefPath, '--local');
    assert.equal(await cli.run('approve', 'last', '--yes'), 0);
    assert.equal(cli.app.intents.length, 3);
  });

  it('sends a comment with reject and waits again', async () => {
    const cli = await open({ onIntent: gated });
    await cli.run('run', cli.briefPath, '--local');
    assert.equal(await cli.run('reject', 'last', '--comment', 'Use fewer parts'), 3);
    assert.deepEqual(cli.app.intents.at(-1), {
      type: 'reject',
      runId: FAKE_RUN_ID,
      comment: 'Use fewer parts',
      topic: 'plan',
      waitOn: FAKE_RUN_ID,
    });
  });

  it('asks at the gates on a terminal: no with a comment, then yes twice', async () => {
    const cli = await open({ onIntent: gated, isInteractive: true });
    const running = cli.run('run', cli.briefPath, '--local');
    await cli.until('Approve?');
    assert.ok(cli.stderr().includes('page Build the page (backend) after api'), cli.stderr());
    cli.type('n');
    await cli.until('What should be different?');
    cli.type('Smaller');
    await cli.until('plan sent back: Smaller');
    // The fake counts decisions: the refusal was the first, so that the approval now completes the run.
    cli.type('y');
    assert.equal(await running, 0);
    assert.deepEqual(
      cli.app.intents.map((intent) => intent.type),
      ['start', 'reject', 'approve'],
    );
  });

  it('withdraws a question that another window has answered, and goes on with what waits then', async () => {
    const cli = await open({ onIntent: gated, isInteractive: true });
    const running = cli.run('run', cli.briefPath, '--local');
    await cli.until('Approve?');
    cli.app.push(FAKE_RUN_ID, goesOn('plan'), ...built, ...diffProposed, waits('diff'));
    await cli.until('The decision on the plan was made elsewhere');
    await cli.until('[p]atch');
    cli.app.push(FAKE_RUN_ID, goesOn('diff'), ...completed);
    assert.equal(await running, 0);
    assert.deepEqual(
      cli.app.intents.map((intent) => intent.type),
      ['start'],
    );
  });

  it('answers the wait that it showed, so that a newer one cannot be meant', async () => {
    const cli = await open({
      isInteractive: true,
      onIntent: (intent, app) => {
        gated(intent, app);
        if (intent.type === 'reject') app.push(FAKE_RUN_ID, { type: 'run.cancelled' });
      },
    });
    const running = cli.run('run', cli.briefPath, '--local');
    await cli.until('Approve?');
    cli.type('n');
    await cli.until('What should be different?');
    cli.type('Smaller');
    assert.equal(await running, 130);
    const sent = cli.app.intents.at(-1);
    assert.deepEqual(sent?.type === 'reject' && [sent.topic, sent.waitOn], ['plan', FAKE_RUN_ID]);
  });

  it('leaves the decision for later with q', async () => {
    const cli = await open({ onIntent: gated, isInteractive: true });
    const running = cli.run('run', cli.briefPath, '--local');
    await cli.until('Approve?');
    cli.type('q');
    assert.equal(await running, 3);
  });

  it('asks questions one by one on a terminal and keeps the default of an empty answer', async () => {
    const questions = [
      { id: 'name', text: 'Which name?', defaultAnswer: 'Harbour' },
      { id: 'zone', text: 'Which time zone?', defaultAnswer: 'UTC' },
    ];
    const cli = await open({
      isInteractive: true,
      onIntent: (intent, app) => {
        if (intent.type === 'start') {
          app.push(
            FAKE_RUN_ID,
            started(intent.workspaceDir),
            { type: 'questions.asked', questions },
            waits('questions'),
          );
        }
        if (intent.type === 'answer') app.push(FAKE_RUN_ID, goesOn('questions'), ...completed);
      },
    });
    const running = cli.run('run', cli.briefPath, '--local');
    await cli.until('[Harbour]');
    cli.type('Quay');
    await cli.until('[UTC]');
    cli.type('');
    assert.equal(await running, 0);
    assert.deepEqual(cli.app.intents[1], {
      type: 'answer',
      runId: FAKE_RUN_ID,
      answers: [
        { questionId: 'name', text: 'Quay', source: 'person' },
        { questionId: 'zone', text: 'UTC', source: 'default' },
      ],
    });
  });

  it('takes and states the defaults of questions when nobody can be asked', async () => {
    const questions = [{ id: 'zone', text: 'Which time zone?', defaultAnswer: 'UTC' }];
    const cli = await open({
      onIntent: (intent, app) => {
        if (intent.type === 'start') {
          app.push(
            FAKE_RUN_ID,
            started(intent.workspaceDir),
            { type: 'questions.asked', questions },
            waits('questions'),
          );
        }
        if (intent.type === 'answer') app.push(FAKE_RUN_ID, goesOn('questions'), ...completed);
      },
    });
    assert.equal(await cli.run('run', cli.briefPath, '--local'), 0);
    assert.ok(cli.stderr().includes('taken: UTC (default)'));
  });

  it('ends with 1 for a failed run, 2 for one that failed by its configuration, 130 for a cancelled one', async () => {
    const failed = (code: 'checks_failed' | 'configuration' | 'budget_exceeded') => ({
      type: 'run.failed' as const,
      error: { code, message: 'm', userMessage: `Because of ${code}.`, retry: false },
    });
    const endings = [
      [failed('checks_failed'), 1],
      [failed('configuration'), 2],
      [failed('budget_exceeded'), 4],
      [{ type: 'run.cancelled' as const }, 130],
    ] as const;
    for (const [event, code] of endings) {
      const cli = await open({
        onIntent: (intent, app) =>
          intent.type === 'start' && app.push(FAKE_RUN_ID, started(intent.workspaceDir), event),
      });
      assert.equal(await cli.run('run', cli.briefPath, '--local'), code);
      if (event.type === 'run.failed') assert.ok(cli.stderr().includes(event.error.userMessage));
      await cli.close();
    }
  });

  it('ends with 4 when the budget is used up, and resumes with a higher one only', async () => {
    const cli = await open({
      onIntent: (intent, app) => {
        if (intent.type === 'start') {
          app.push(FAKE_RUN_ID, started(intent.workspaceDir), waits('resume', 'budget_exceeded'));
        }
        if (intent.type === 'resume') {
          app.push(
            FAKE_RUN_ID,
            { type: 'budget.raised', budgetUsd: intent.budgetUsd ?? 0 },
            goesOn('resume'),
            ...completed,
          );
        }
      },
    });
    assert.equal(await cli.run('run', cli.briefPath, '--local'), 4);
    assert.ok(cli.stderr().includes(`orchestrator resume ${FAKE_RUN_ID} --budget 20`));
    assert.equal(await cli.run('resume', 'last'), 2);
    assert.equal(await cli.run('resume', 'last', '--budget', '9'), 2);
    assert.equal(await cli.run('resume', 'last', '--budget', '15'), 0);
    assert.deepEqual(cli.app.intents.at(-1), { type: 'resume', runId: FAKE_RUN_ID, budgetUsd: 15 });
    const sent = cli.app.intents.length;
    assert.equal(await cli.run('resume', 'last'), 0);
    assert.match(cli.stderr(), /has ended already \(complete\)/);
    assert.equal(cli.app.intents.length, sent);
  });

  it('stops at Ctrl-C with 130, closes the program and says how to resume', async () => {
    const cli = await open({
      onIntent: (intent, app) => intent.type === 'start' && app.push(FAKE_RUN_ID, started(intent.workspaceDir)),
    });
    const running = cli.run('run', cli.briefPath, '--local');
    await cli.until('Guestbook:');
    cli.interrupt();
    assert.equal(await running, 130);
    assert.ok(cli.stderr().includes(`orchestrator resume ${FAKE_RUN_ID}`));
    assert.ok(cli.app.isClosed);
  });

  it('refuses to start without configuration, naming the variables up to --until', async () => {
    const cli = await open();
    assert.equal(await cli.run('run', cli.briefPath), 2);
    for (const name of ['XAI_API_KEY', 'ANTHROPIC_API_KEY', 'GITHUB_TOKEN', 'APPWRITE_PROJECT_ID', '--local']) {
      assert.ok(cli.stderr().includes(name), name);
    }
    assert.equal(await cli.run('run', cli.briefPath, '--until', 'plan'), 2);
    assert.match(cli.stderr(), /Nothing was started: XAI_API_KEY is not set/);
    assert.equal(cli.opened.length, 0);
  });

  it('refuses bad flags, files, runs and commands with 2 before anything starts', async () => {
    const cli = await open();
    await writeFile(join(cli.dir, 'orchestrator.config.json'), '{\n  "concurency": 2\n}\n');
    assert.equal(await cli.run('run', cli.briefPath, '--local', '--budget', 'lots'), 2);
    assert.match(cli.stderr(), /--budget is "lots"; allowed: US dollars/);
    assert.match(
      cli.stderr(),
      /orchestrator\.config\.json:2: concurency is not a known field; did you mean "concurrency"\?/,
    );
    await writeFile(join(cli.dir, 'orchestrator.config.json'), '{}');
    assert.equal(await cli.run('run', 'absent.yaml', '--local'), 2);
    assert.equal(await cli.run('run', cli.briefPath, '--local', '--until', 'lunch'), 2);
    assert.equal(await cli.run('run'), 2);
    assert.equal(await cli.run('runn', cli.briefPath), 2);
    assert.equal(await cli.run('approve', 'nothing', '--local'), 2);
    assert.equal(await cli.run('approve', 'nothing', 'lunch'), 2);
    assert.equal(await cli.run('reject', 'nothing'), 2);
    assert.deepEqual(cli.app.intents, []);
  });

  it('lists, shows and replays runs, pauses one and cancels it', async () => {
    const cli = await open({ onIntent: gated });
    await cli.run('run', cli.briefPath, '--local');
    assert.equal(await cli.run('list'), 0);
    assert.match(cli.stdout(), /guestbook-abc123 {2}Guestbook {2}waiting {2}plan {3}\$0\.12 {2}1 min 30 s/);
    assert.equal(await cli.run('show', 'last'), 0);
    assert.match(cli.stdout(), /pending {4}api Build the api/);
    assert.equal(await cli.run('events', 'last'), 0);
    assert.match(cli.stdout(), /"type":"wait\.began"/);
    assert.equal(await cli.run('pause', 'last'), 0);
    assert.deepEqual(cli.app.intents.at(-1), { type: 'pause', runId: FAKE_RUN_ID });
    assert.match(cli.stderr(), /Go on with: orchestrator resume guestbook-abc123/);
    assert.equal(await cli.run('cancel', 'last'), 0);
    assert.deepEqual(cli.app.intents.at(-1), { type: 'cancel', runId: FAKE_RUN_ID });
  });

  it('deletes a run and what it remembered about it, and says where the work is', async () => {
    const cli = await open({ onIntent: gated });
    await cli.run('run', cli.briefPath, '--local');
    assert.equal(await cli.run('delete', 'last'), 0);
    assert.deepEqual(cli.app.intents.at(-1), { type: 'delete', runId: FAKE_RUN_ID });
    assert.match(cli.stderr(), /Deleted guestbook-abc123\. .*refs\/orchestrator-archive\/guestbook-abc123/);
    await assert.rejects(readFile(join(cli.dir, 'state', 'runs', `${FAKE_RUN_ID}.json`)), { code: 'ENOENT' });
  });

  it('follows events until the run has ended', async () => {
    const cli = await open({ onIntent: gated });
    await cli.run('run', cli.briefPath, '--local');
    const following = cli.run('events', 'last', '--follow');
    cli.app.push(FAKE_RUN_ID, goesOn('plan'), ...completed);
    assert.equal(await following, 0);
    assert.equal(cli.stdout().trimEnd().split('\n').length, cli.app.events(FAKE_RUN_ID, 0).length);
  });

  it('keeps what run was told in a file that only the user can read', async () => {
    const cli = await open({ onIntent: gated });
    await cli.run('run', cli.briefPath, '--local', '--concurrency', '2');
    const path = join(cli.dir, 'state', 'runs', `${FAKE_RUN_ID}.json`);
    const note: unknown = JSON.parse(await readFile(path, 'utf8'));
    assert.deepEqual(note, {
      v: 1,
      runId: FAKE_RUN_ID,
      local: true,
      until: 'deploy',
      workspaceDir: cli.dir,
      concurrency: '2',
      createdAt: '2026-01-02T03:05:35.000Z',
    });
  });
});
