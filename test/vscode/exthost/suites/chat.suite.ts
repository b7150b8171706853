import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { answerChat, followups } from '../../../../src/host/chat/handler.ts';
import { EXTENSION_ID } from '../../../../src/host/ids.ts';
import { aRun, waits, withEvents } from '../../../../src/host/trees/testing.ts';
import { aBrief } from '../../../fakes/plan.ts';
import { FakeRuns } from './fake-runs.ts';
import { ScriptedModel } from './scripted-model.ts';

describe('the chat participant', () => {
  const scripted = new ScriptedModel();
  let model: vscode.LanguageModelChat;
  let runs: FakeRuns;

  const ask = async (prompt: string, command?: string, source = new vscode.CancellationTokenSource()) => {
    const said: string[] = [];
    const buttons: vscode.Command[] = [];
    const stream = {
      markdown: (text: string | vscode.MarkdownString) => said.push(String(text)),
      button: (button: vscode.Command) => buttons.push(button),
      progress: () => undefined,
    };
    const result = await answerChat({ runs }, { prompt, command, model }, stream, source.token);
    return { text: said.join(''), buttons, result };
  };

  before(async () => {
    model = await scripted.register();
  });
  after(() => scripted.dispose());
  beforeEach(() => {
    runs = new FakeRuns();
  });

  it('writes a brief with the model of the request, repairs it once, and starts nothing', async () => {
    const answers = ['{"name": 1}', JSON.stringify(aBrief({ name: 'Guest book' }))];
    scripted.respond = async (_model, _messages, _options, progress) => {
      progress.report(new vscode.LanguageModelTextPart(answers.shift() ?? ''));
    };
    const { text, buttons, result } = await ask('A guest book', 'start');
    assert.match(text, /### Guest book/);
    assert.deepEqual(answers, []);
    assert.deepEqual(buttons, [
      {
        command: 'orchestrator.chat.openBrief',
        title: 'Open in the console',
        arguments: [aBrief({ name: 'Guest book' })],
      },
    ]);
    assert.deepEqual(
      followups(result).map(({ command }) => command),
      ['status'],
    );
    assert.ok((await vscode.commands.getCommands(true)).includes('orchestrator.chat.openBrief'));
  });

  it('takes the words when no model answers, and says so', async () => {
    scripted.respond = async () => {
      throw new Error('overloaded');
    };
    const { text, buttons } = await ask('A guest book. With a page.', 'start');
    assert.match(text, /did not answer.*overloaded/s);
    assert.equal(buttons[0]?.arguments?.[0].description, 'A guest book. With a page.');
  });

  it('says nothing more when it is cancelled', async () => {
    const source = new vscode.CancellationTokenSource();
    const forever = Promise.withResolvers<void>();
    scripted.respond = async () => {
      source.cancel();
      await forever.promise;
    };
    const { text, buttons } = await ask('A guest book', 'start', source);
    assert.deepEqual([text, buttons], ['', []]);
    forever.resolve();
  });

  it('says how the runs stand, and what waits, with buttons for the commands that ask', async () => {
    runs.put(withEvents(aRun('r1'), waits('plan')));
    const status = await ask('');
    assert.match(status.text, /\*\*Run r1\*\*.*Approve the plan/s);
    assert.deepEqual(
      status.buttons.map(({ command }) => command),
      ['orchestrator.showPlan'],
    );
    assert.deepEqual(
      followups(status.result).map(({ command }) => command),
      ['approve'],
    );
    const approve = await ask('', 'approve');
    assert.deepEqual(approve.buttons[0], {
      command: 'orchestrator.approvePlan',
      title: 'Approve the plan',
      arguments: [{ runId: 'r1', gate: 'plan', topic: 'plan:1', waitOn: 'r1' }],
    });
  });

  it('says what went wrong when the runs cannot be read', async () => {
    runs.trouble = new Error('no disk');
    const { result } = await ask('', 'status');
    assert.equal(result.errorDetails?.message, 'no disk');
  });
});

describe('the language model tool', () => {
  it('is offered by the extension, and answers with JSON', async () => {
    await vscode.extensions.getExtension(EXTENSION_ID)?.activate();
    assert.ok(vscode.lm.tools.some(({ name }) => name === 'orchestrator_run_status'));
    const invoke = (input: object) =>
      vscode.lm.invokeTool('orchestrator_run_status', { input, toolInvocationToken: undefined });
    const [part] = (await invoke({})).content;
    assert.ok(part instanceof vscode.LanguageModelTextPart);
    assert.ok(Array.isArray(JSON.parse(part.value).runs));
    await assert.rejects(async () => invoke({ runId: 7 }));
  });
});
