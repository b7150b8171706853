import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { HostApp } from '../../../../src/host/app.ts';
import { runCommand } from '../../../../src/host/commands/run-command.ts';
import type { CommandName } from '../../../../src/host/ids.ts';
import type { DomainEvent } from '../../../../src/protocol/events.ts';
import type { RunView, Waiting } from '../../../../src/protocol/view.ts';
import { until } from '../../harness/until.ts';
import { type Person, type Shown, sitDown } from '../person.ts';
import { BASE, diffWait, FIRST, type Fixture, openFixture, RUN } from '../review-fixture.ts';

const LANDED: DomainEvent = { type: 'changes.landed', branch: 'x', commit: FIRST, checkedOut: false, note: 'On x.' };
const waits = (gate: Waiting['gate'], topic: string, change: Partial<Waiting> = {}): Waiting => ({
  ...{ gate, topic, waitOn: RUN, message: 'It waits.', code: null, since: '2026-01-01T00:00:00Z' },
  ...change,
});
const subtask = (state: string) =>
  ({
    id: 'api',
    title: 'The API',
    state,
    baseCommit: BASE,
    commit: FIRST,
    files: [],
  }) as unknown as RunView['subtasks'][string];

/** Each command once, with the answers of a person, over a run that a test plays; what it sends is compared whole. */
describe('the decisions of a person, by command', () => {
  let fixture: Fixture;
  let person: Person;
  let shown: unknown[];
  let live: string[];

  beforeEach(() => {
    person = sitDown();
    fixture = openFixture({ [BASE]: { 'a.txt': 'a\n' }, [FIRST]: { 'a.txt': 'A\n', 'b.txt': 'b\n' } });
    shown = [];
    live = [];
  });
  afterEach(async () => {
    person.leave();
    await fixture.close();
  });

  const run = (name: CommandName, ...args: unknown[]) => {
    const app = {
      ...fixture.app,
      review: fixture.review,
      live: { add: async (runId: string) => void live.push(runId) },
      console: { show: async (...about: unknown[]) => void shown.push(about) },
    };
    return runCommand(app as unknown as HostApp, name, args);
  };
  const become = (change: Partial<RunView>) => fixture.become({ diff: null, waiting: [], ...change });
  const asked = (kind: Shown['kind']) => person.shown.filter((each) => each.kind === kind);
  const sends = (...intents: unknown[]) => {
    assert.deepEqual(fixture.intents, intents);
    assert.deepEqual(
      person.shown.filter(({ kind }) => kind === 'error'),
      [],
    );
  };

  it('acceptAll accepts the diff that waits, as it is', async () => {
    const accepting = run('acceptAll');
    await until(() => fixture.intents.length === 1, { what: 'the decision', timeoutMs: 15_000 });
    fixture.tell(LANDED);
    await accepting;
    sends({ type: 'approve', runId: RUN, gate: 'diff', topic: 'diff:0', waitOn: RUN });
    assert.ok(live.includes(RUN));
    assert.equal(fixture.said.at(-1), 'Accepted. On x.');
  });

  it('acceptAll accepts nothing when another version than the one that was shown waits', async () => {
    fixture.become({ waiting: [diffWait(1)] });
    await run('acceptAll', { runId: RUN, topic: 'diff:0', waitOn: RUN });
    sends();
    assert.match(asked('information')[0]?.text ?? '', /decided already/);
  });

  it('rejectDiff sends what the person says, and nothing when they leave the box', async () => {
    await run('rejectDiff');
    sends();
    person.answer = ({ kind }) => (kind === 'input' ? '  Shorter, please. ' : undefined);
    await run('rejectDiff');
    sends({ type: 'reject', runId: RUN, comment: 'Shorter, please.', topic: 'diff:0', waitOn: RUN });
    assert.ok(live.includes(RUN));
  });

  it('answerQuestions sends an answer to each, the default where nothing else was said', async () => {
    const questions = [
      { id: 'q1', text: 'Which tone?', defaultAnswer: 'Plain.' },
      { id: 'q2', text: 'Which colour?', defaultAnswer: 'Blue.' },
    ];
    become({ questions, waiting: [waits('questions', 'questions')] });
    person.answer = ({ text }) => (text === 'Question 1 of 2' ? 'Cheerful.' : undefined);
    await run('answerQuestions');
    sends();
    person.answer = ({ text }) => (text === 'Question 1 of 2' ? ' Cheerful. ' : '');
    await run('answerQuestions');
    sends({
      type: 'answer',
      runId: RUN,
      answers: [
        { questionId: 'q1', text: 'Cheerful.', source: 'person' },
        { questionId: 'q2', text: 'Blue.', source: 'default' },
      ],
    });
  });

  describe('about a subtask', () => {
    const waitOn = `${RUN}/subtask-api`;
    const parked = waits('subtask', 'subtask:park-1', { waitOn });
    const failed = waits('resume', 'retry-1', { code: 'failed' as Waiting['code'] });

    it('decideSubtask takes it as it is', async () => {
      become({ waiting: [parked], subtasks: { api: subtask('parked') } });
      person.answer = ({ kind, choices }) => (kind === 'pick' ? choices[0] : undefined);
      await run('decideSubtask');
      sends({ type: 'approve', gate: 'subtask', runId: RUN, topic: 'subtask:park-1', waitOn });
      assert.deepEqual(asked('pick')[0]?.choices, [
        'Take It as It Is',
        'Send It Back With a Comment…',
        'Look at the Diff',
        'Look at the Evidence',
      ]);
    });

    it('decideSubtask sends it back with a comment', async () => {
      become({ waiting: [parked], subtasks: { api: subtask('parked') } });
      person.answer = ({ kind, choices }) =>
        kind === 'pick' ? choices[1] : kind === 'input' ? 'Without the cache.' : undefined;
      await run('decideSubtask', { runId: RUN, subtaskId: 'api' });
      sends({ type: 'reject', comment: 'Without the cache.', runId: RUN, topic: 'subtask:park-1', waitOn });
    });

    it('decideSubtask shows its diff, and decides nothing by that', async () => {
      become({ waiting: [parked], subtasks: { api: subtask('parked') } });
      person.answer = ({ kind, choices }) => (kind === 'pick' ? choices[2] : undefined);
      await run('decideSubtask');
      const of = { kind: 'commit', runId: RUN, path: 'a.txt', commit: FIRST, subtaskId: 'api' } as const;
      await until(
        () =>
          vscode.window.visibleTextEditors.some(({ document }) => String(document.uri) === String(fixture.uris.of(of))),
        { what: 'the diff of the subtask', timeoutMs: 15_000 },
      );
      sends();
    });

    it('retrySubtask ends the wait that holds it, and that one only', async () => {
      const other = waits('resume', 'resume:turn', { waitOn: `${RUN}/subtask-page` });
      become({ waiting: [other, failed], subtasks: { api: subtask('failed') } });
      await run('retrySubtask', { runId: RUN, subtaskId: 'api' });
      sends({ type: 'resume', runId: RUN, budgetUsd: null, topic: 'retry-1', waitOn: RUN });
    });

    it('retrySubtask asks which one, when several can be tried again', async () => {
      const page = waits('resume', 'resume:turn', { waitOn: `${RUN}/subtask-page` });
      const two = { api: subtask('failed'), page: { ...subtask('working'), id: 'page', title: 'The page' } };
      become({ waiting: [page, failed], subtasks: two });
      person.answer = ({ kind }) => (kind === 'pick' ? 'The page' : undefined);
      await run('retrySubtask');
      assert.deepEqual(asked('pick')[0]?.choices, ['The API: api', 'The page: page']);
      sends({ type: 'resume', runId: RUN, budgetUsd: null, topic: 'resume:turn', waitOn: `${RUN}/subtask-page` });
    });
  });

  describe('about the budget', () => {
    const budget = waits('resume', 'resume:turn', { code: 'budget_exceeded', waitOn: `${RUN}/subtask-api` });

    it('resume asks for a higher cap and sends it', async () => {
      become({ budgetUsd: 10, waiting: [budget] });
      person.answer = ({ kind }) => (kind === 'input' ? ' 15.5 ' : undefined);
      await run('resume');
      assert.match(asked('input')[0]?.text ?? '', /Raise the Budget of Notes/);
      sends({ type: 'resume', runId: RUN, budgetUsd: 15.5 });
    });

    it('resume of one wait names it, and sends nothing when the box is left', async () => {
      become({ budgetUsd: 10, waiting: [budget] });
      const { topic, waitOn } = budget;
      await run('resume', { runId: RUN, topic, waitOn });
      sends();
      person.answer = ({ kind }) => (kind === 'input' ? '20' : undefined);
      await run('resume', { runId: RUN, topic, waitOn });
      sends({ type: 'resume', runId: RUN, budgetUsd: 20, topic, waitOn });
    });
  });

  it('deploy starts the deployment of what was merged, and shows its progress', async () => {
    become({ status: 'complete', stoppedAfter: 'commit', mergeCommit: FIRST });
    await run('deploy');
    sends({ type: 'deploy', runId: RUN });
    assert.deepEqual(shown, [['progress', RUN]]);
    assert.deepEqual(live, [RUN]);
  });
});
