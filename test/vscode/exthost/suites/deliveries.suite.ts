import assert from 'node:assert/strict';
import type { HostApp } from '../../../../src/host/app.ts';
import { runCommand } from '../../../../src/host/commands/run-command.ts';
import type { CommandName } from '../../../../src/host/ids.ts';
import { AppError } from '../../../../src/protocol/errors.ts';
import { LEAVE_OUT } from '../../../../src/protocol/losses.ts';
import type { TaskRecord } from '../../../../src/protocol/records.ts';
import type { RunView, Waiting } from '../../../../src/protocol/view.ts';
import type { DeploymentChange, IssueRef } from '../../../../src/protocol/work.ts';
import { type Person, type Shown, sitDown } from '../person.ts';
import { type Fixture, openFixture, RUN } from '../review-fixture.ts';

const change = (id: string, destructive: boolean): DeploymentChange => ({
  ...{ action: 'delete', kind: 'column', id, detail: destructive ? '41 rows have a value' : '', destructive },
});
const wait: Waiting = {
  ...{ gate: 'deployment', topic: 'deployment:0', waitOn: RUN, message: 'It would lose something.', code: null },
  since: '2026-01-01T00:00:00Z',
};
const asked: Partial<RunView> = {
  waiting: [wait],
  preview: { changes: [change('notes/colour', true), change('notes/empty', false)], irreversible: [] },
};
const issue: IssueRef = { owner: 'acme', name: 'notes', number: 12, url: 'https://github.test/12', title: 'Notes go' };
const brief = { name: 'Notes go' };
const task: TaskRecord = {
  ...{ taskId: 'r', userId: 'ada', projectName: 'Shop', requirements: {}, status: 'completed', grokAnalysis: null },
  ...{ claudeAssignments: [], githubRepo: '', deploymentInfo: {}, createdAt: '', updatedAt: '2026-01-05T11:00:00Z' },
};

/** Each command once, over a run and a process that a test plays. */
describe('deployments, issues and the team, by command', () => {
  let fixture: Fixture;
  let person: Person;
  let shown: unknown[];
  let called: [string, unknown][];
  let results: Record<string, unknown>;

  beforeEach(() => {
    person = sitDown();
    fixture = openFixture({});
    fixture.become({ diff: null, waiting: [], brief: { name: 'Notes' } as RunView['brief'] });
    shown = [];
    called = [];
    results = { dispatch: { runId: 'new-run' }, readIssue: { issue, brief }, openIssues: [issue], teamTasks: null };
  });
  afterEach(async () => {
    person.leave();
    await fixture.close();
  });

  const run = (name: CommandName, ...args: unknown[]) => {
    const app = {
      ...fixture.app,
      log: { warn: () => undefined, error: () => undefined },
      service: {
        call: async (method: string, params: unknown) => {
          called.push([method, params]);
          const result = results[method];
          if (result instanceof Error) throw result;
          return result;
        },
      },
      console: {
        show: async (...about: unknown[]) => void shown.push(about),
        edit: async (...about: unknown[]) => void shown.push(about),
      },
    };
    return runCommand(app as unknown as HostApp, name, args);
  };
  const intents = () =>
    called.filter(([method]) => method === 'dispatch').map(([, params]) => (params as { intent: unknown }).intent);
  const paramsOf = (name: string): Record<string, unknown> => {
    const [, params] = called.find(([method]) => method === name) ?? assert.fail(`${name} was not called`);
    return params as Record<string, unknown>;
  };
  const only = (kind: Shown['kind']): Shown => {
    const found = person.shown.filter((each) => each.kind === kind);
    assert.equal(found.length, 1, JSON.stringify(person.shown));
    return found[0] ?? assert.fail();
  };

  describe('decideDeployment', () => {
    it('names what is lost in a question whose first button loses nothing, and decides nothing when it is left', async () => {
      fixture.become(asked);
      await run('decideDeployment');
      const question = only('warning');
      assert.equal(question.isModal, true);
      assert.equal(question.text, 'Deploying Notes would delete or lose something. Do it?');
      assert.equal(question.detail, '– delete column notes/colour: 41 rows have a value');
      assert.deepEqual(question.choices, ['Leave These Out', 'Make Them, and Lose This']);
      assert.deepEqual(intents(), []);
    });

    it('leaves them out with fixed words, or makes them, each by the name of the wait', async () => {
      fixture.become(asked);
      const { topic, waitOn } = wait;
      person.answer = ({ choices }) => choices[0];
      await run('decideDeployment', { runId: RUN, topic, waitOn, gate: 'deployment' });
      person.answer = ({ choices }) => choices[1];
      await run('decideDeployment');
      assert.deepEqual(intents(), [
        { type: 'reject', runId: RUN, comment: LEAVE_OUT, topic, waitOn },
        { type: 'approve', gate: 'deployment', runId: RUN, topic, waitOn },
      ]);
    });

    it('decides nothing about a wait that is over', async () => {
      fixture.become(asked);
      await run('decideDeployment', { runId: RUN, topic: 'deployment:7', waitOn: RUN });
      assert.match(only('information').text, /decided already/);
      assert.deepEqual(intents(), []);
    });

    it('speaks of a rollback where it is one', async () => {
      fixture.become({ ...asked, purpose: 'rollback' });
      await run('decideDeployment');
      assert.equal(only('warning').text, 'Rollback of Notes would delete or lose something. Do it?');
    });
  });

  describe('rollBack', () => {
    const deployments = [{ kind: 'site', id: 'notes' }] as unknown as RunView['deployments'];

    it('says what it will do, and starts nothing when it is left', async () => {
      fixture.become({ status: 'complete', deployments });
      await run('rollBack', { runId: RUN });
      const question = only('warning');
      assert.equal(question.isModal, true);
      assert.match(question.detail, /first shows what it would do.*pull request that reverts.*asks before it deletes/);
      assert.deepEqual(intents(), []);
    });

    it('starts a run of its own and shows its progress', async () => {
      fixture.become({ status: 'failed', deployments });
      person.answer = ({ choices }) => choices[0];
      await run('rollBack');
      assert.deepEqual(intents(), [{ type: 'rollback', runId: RUN }]);
      assert.deepEqual(shown, [['progress', 'new-run']]);
    });

    it('refuses a run under way, and the rollback itself', async () => {
      fixture.become({ status: 'running', deployments });
      await run('rollBack', { runId: RUN });
      fixture.become({ status: 'complete', purpose: 'rollback' });
      await run('rollBack', { runId: RUN });
      assert.deepEqual(intents(), []);
      assert.ok(person.shown.every(({ text }) => /No deployment can be rolled back/.test(text)));
    });
  });

  describe('startFromIssue', () => {
    it('fills the form from an open issue, which the form keeps, and starts nothing', async () => {
      person.answer = ({ kind }) => (kind === 'pick' ? '#12 Notes go' : undefined);
      await run('startFromIssue');
      assert.deepEqual(only('pick').choices, ['Type an Issue or Its Address…', '#12 Notes go: acme/notes']);
      const { workspaceDir } = paramsOf('openIssues');
      assert.deepEqual(called, [
        ['openIssues', { workspaceDir }],
        ['readIssue', { ref: 'acme/notes#12', workspaceDir }],
      ]);
      assert.deepEqual(shown, [[brief, { issue, workspaceDir }]]);
    });

    it('takes one that is typed, also when the open ones cannot be read', async () => {
      results.openIssues = new AppError({ code: 'transport', message: 'offline' });
      person.answer = ({ kind, choices }) =>
        kind === 'pick' ? choices[0] : ' https://github.test/acme/notes/issues/3 ';
      await run('startFromIssue');
      assert.deepEqual(only('pick').choices, ['Type an Issue or Its Address…']);
      assert.equal(paramsOf('readIssue').ref, 'https://github.test/acme/notes/issues/3');
      assert.equal(shown.length, 1);
    });

    it('reads nothing when the person leaves', async () => {
      await run('startFromIssue');
      assert.deepEqual(
        called.map(([method]) => method),
        ['openIssues'],
      );
      assert.deepEqual(shown, []);
    });
  });

  describe('showTeamRuns', () => {
    it('says what to configure when there is no shared database', async () => {
      await run('showTeamRuns');
      const message = only('information');
      assert.match(message.text, /No shared database.*ORCHESTRATOR_RECORDS_KEY.*records/);
      assert.deepEqual(message.choices, ['Open Settings', 'Set Keys']);
    });

    it('lists who builds what, and says so of a run that has no address', async () => {
      results.teamTasks = [task];
      person.answer = ({ kind }) => (kind === 'pick' ? 'Shop' : undefined);
      await run('showTeamRuns');
      assert.deepEqual(only('pick').choices, ['Shop: complete · ada']);
      assert.match(only('information').text, /Shop has no repository and no live application/);
    });

    it('asks which address, when a run has several, and opens none that is not chosen', async () => {
      results.teamTasks = [
        { ...task, githubRepo: 'https://github.test/acme/shop', deploymentInfo: { url: 'https://shop.test' } },
      ];
      person.answer = ({ text, choices }) => (text === 'Runs of the Team' ? choices[0]?.split(':')[0] : undefined);
      await run('showTeamRuns');
      assert.deepEqual(
        person.shown.map(({ choices }) => choices),
        [
          ['Shop: complete · ada'],
          ['Repository: https://github.test/acme/shop', 'Live application: https://shop.test'],
        ],
      );
    });
  });
});
