import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { CONSOLE_VIEW_TYPE, type CommandName, commandId, EVIDENCE_SCHEME } from '../../../../src/host/ids.ts';
import type { RunView } from '../../../../src/protocol/view.ts';
import { until } from '../../harness/until.ts';
import { type Person, type Shown, sitDown } from '../person.ts';

const run = (name: CommandName, ...args: unknown[]) => vscode.commands.executeCommand(commandId(name), ...args);

/** What a clean window says, or asks, for a command that has nothing to work on. */
const SAYS: Partial<Record<CommandName, RegExp>> = {
  approvePlan: /no runs yet.*No plan waits/,
  rejectPlan: /No plan waits/,
  answerQuestions: /No questions wait/,
  reviewChanges: /No changes wait/,
  acceptAll: /No changes wait/,
  rejectDiff: /No changes wait/,
  pause: /nothing to pause/,
  resume: /No run waits to be resumed/,
  cancel: /nothing to cancel/,
  retrySubtask: /No subtask waits to be tried again/,
  decideSubtask: /No subtask waits for a decision/,
  decideDeployment: /No deployment waits for a decision/,
  deploy: /No run waits to be deployed/,
  rollBack: /No deployment can be rolled back/,
  showTeamRuns: /No shared database is configured/,
  openLive: /No application is live/,
  openPullRequest: /no pull request/,
  showPlan: /when a run has begun/,
  showResults: /when a run has begun/,
  openDiff: /no diff yet/,
  openEvidence: /when the host has run checks/,
  openWorktree: /No run has subtasks/,
  exportRun: /An export holds/,
  deleteRun: /Only a run that has ended/,
  removeKeys: /No keys are set here/,
  signInToGitHub: /Not signed in to GitHub/,
  doctor: /A run would fail|Runs work|Everything that a run needs/,
};
const ASKS: Partial<Record<CommandName, Shown['kind']>> = {
  runBriefFromFile: 'open_dialog',
  setKeys: 'pick',
  pickModels: 'pick',
  startSample: 'pick',
  startFromIssue: 'pick',
};
const QUIET: CommandName[] = ['showLog', 'refresh', 'openSettings', 'openWalkthrough'];

const tabs = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs);
const consoleTab = () =>
  tabs().find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(CONSOLE_VIEW_TYPE));

describe('commands', () => {
  let person: Person;
  let dir: string;

  beforeEach(() => {
    person = sitDown();
    dir = mkdtempSync(join(tmpdir(), 'orchestrator-commands-'));
  });
  afterEach(async () => {
    person.leave();
    rmSync(dir, { recursive: true, force: true });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  const heard = (pattern: RegExp, timeoutMs = 20_000) =>
    until(() => person.shown.find(({ text }) => pattern.test(text)), { what: `a message ${pattern}`, timeoutMs }).catch(
      (error: Error) => {
        const shown = person.shown.map(({ kind, text }) => `${kind}: ${text}`);
        throw new Error(`${error.message}; shown were:\n${shown.join('\n')}`);
      },
    );
  const errors = () => person.shown.filter(({ kind }) => kind === 'error').map(({ text }) => text);

  describe('in a window without runs', () => {
    for (const [name, pattern] of Object.entries(SAYS)) {
      it(`${name} says why there is nothing to do, or what it found`, async () => {
        await run(name as CommandName);
        await heard(pattern);
        assert.deepEqual(errors(), []);
      });
    }

    for (const [name, kind] of Object.entries(ASKS)) {
      it(`${name} asks, and changes nothing when it is left`, async () => {
        await run(name as CommandName);
        assert.deepEqual(
          person.shown.map((shown) => shown.kind),
          [kind],
        );
      });
    }

    for (const name of QUIET) {
      it(`${name} shows what it is for, without a word`, async () => {
        await run(name);
        assert.deepEqual(person.shown, []);
      });
    }

    for (const name of ['newTask', 'showDashboard'] as const) {
      it(`${name} opens the console`, async () => {
        await run(name);
        await until(consoleTab, { what: 'the console', timeoutMs: 20_000 });
        assert.deepEqual(errors(), []);
      });
    }

    it('offers a new task and the sample, where there are no runs at all', async () => {
      await run('pause');
      assert.deepEqual((await heard(/no runs yet/)).choices, ['New Task', 'Start Sample']);
    });

    it('says so when a run is named that is not there', async () => {
      await run('showResults', { runId: 'nobody-0000' });
      await heard(/nobody-0000 is not one of this window/);
    });

    it('shows the doctor’s table to be read only', async () => {
      await run('doctor');
      const document = vscode.window.activeTextEditor?.document;
      assert.equal(document?.uri.scheme, EVIDENCE_SCHEME);
      assert.match(document.getText(), /git {2,}/);
      const isWritable = vscode.workspace.fs.isWritableFileSystem(EVIDENCE_SCHEME);
      assert.notEqual(isWritable, true);
    });
  });

  describe('with a brief in a file', () => {
    it('runBriefFromFile shows the file with what does not fit', async () => {
      const file = join(dir, 'brief.yaml');
      writeFileSync(file, 'name: Shop\ntype: web\nrequirements: []\n');
      await run('runBriefFromFile', vscode.Uri.file(file));
      await heard(/The brief does not fit: .*description/s);
      assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, file);
    });

    it('runBriefFromFile refuses a file that holds no brief', async () => {
      person.answer = () => join(dir, 'picture.png');
      await run('runBriefFromFile');
      await heard(/picture\.png holds no brief.*yaml/);
    });

    it('runBriefFromFile fills the form with a brief that fits', async () => {
      const file = join(dir, 'brief.yaml');
      writeFileSync(file, 'name: Shop\ndescription: Sells tea.\ntype: web\nrequirements:\n  - A page.\n');
      await run('runBriefFromFile', vscode.Uri.file(file));
      assert.deepEqual(person.shown, []);
      await until(consoleTab, { what: 'the console', timeoutMs: 20_000 });
    });
  });

  describe('over a run of a sample', function () {
    this.timeout(240_000);

    /** The view of the only run, through the command that a person would use. */
    async function exported(): Promise<RunView> {
      const file = join(dir, 'run.json');
      const before = person.answer;
      person.answer = ({ kind }) => (kind === 'save_dialog' ? file : undefined);
      await run('exportRun');
      person.answer = before;
      return (JSON.parse(readFileSync(file, 'utf8')) as { view: RunView }).view;
    }

    /** What the window knows of, which hears of events a moment after they are on record: an export reads the record. */
    async function knownWaits(): Promise<{ code: string | null }[]> {
      const request = { input: {}, toolInvocationToken: undefined };
      const [part] = (await vscode.lm.invokeTool('orchestrator_run_status', request)).content;
      assert.ok(part instanceof vscode.LanguageModelTextPart);
      const { runs } = JSON.parse(part.value) as { runs: { waiting: { code: string | null }[] }[] };
      return runs.flatMap(({ waiting }) => waiting);
    }

    it('carries it from the start to its end by the answers of a person', async () => {
      person.answer = ({ kind, choices }) => (kind === 'pick' ? choices[0]?.replace(/: .*/, '') : undefined);
      await run('startSample');
      await heard(/the plan waits for your approval/, 90_000);

      let view = await exported();
      const [plan] = view.waiting;
      assert.equal(plan?.gate, 'plan');
      await run('resume');
      await heard(/No run waits to be resumed/);
      await run('pause');
      await until(async () => (await exported()).paused, { what: 'the pause', timeoutMs: 20_000 });
      await run('approvePlan');
      const isHeld = async () => (await knownWaits()).some(({ code }) => code === 'paused');
      await until(isHeld, { what: 'an agent that waits', timeoutMs: 30_000 });
      await run('approvePlan', { runId: view.runId, topic: plan?.topic, waitOn: plan?.waitOn });
      await heard(/No plan waits for approval/);
      assert.ok(!person.shown.some(({ text }) => /Harbour Cafe waits:/.test(text)), 'a pause is no news');
      await run('resume');

      await heard(/the changes wait for your review/, 150_000);
      view = await exported();
      const [subtaskId] = Object.keys(view.subtasks);
      await run('openEvidence', { runId: view.runId, subtaskId });
      assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /outcome: passed \(exit code 0\)/);
      await run('openWorktree', { runId: view.runId, subtaskId });
      await heard(/worktree of .* is gone/);

      person.answer = ({ isModal, choices }) => (isModal ? choices[0] : undefined);
      await run('deleteRun');
      await heard(/Only a run that has ended/);
      await run('cancel');
      assert.match((await heard(/^Cancel .*\?$/)).choices.join(), /Cancel Run/);
      await until(async () => (await exported()).status === 'cancelled', { what: 'the end', timeoutMs: 20_000 });

      await run('deleteRun');
      await heard(/^Delete .*\?$/);
      person.shown.length = 0;
      await run('exportRun');
      await heard(/no runs yet/);
      assert.deepEqual(errors(), []);
    });
  });
});
