import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commandId } from '../../../../src/host/ids.ts';
import { type Person, sitDown } from '../person.ts';

/** A model of the editor as far as the command sees it; the real ones need an account. */
function modelNamed(name: string, answer: () => Promise<{ text: AsyncIterable<string> }>) {
  const asked: string[] = [];
  const model = {
    id: 'tea-1',
    vendor: 'acme',
    family: 'tea',
    version: '1',
    name,
    maxInputTokens: 32_000,
    sendRequest: async (_messages: unknown, options: { justification?: string }) => {
      asked.push(options.justification ?? '');
      return answer();
    },
  };
  return { model, asked };
}

async function* words(): AsyncIterable<string> {
  yield 'ok';
}

describe('picking models', () => {
  let person: Person;
  const lm = vscode.lm as unknown as { selectChatModels: unknown };
  const { selectChatModels } = lm;
  const setting = (key: string) => vscode.workspace.getConfiguration('orchestrator').get<string>(key);

  beforeEach(() => {
    person = sitDown();
  });
  afterEach(async () => {
    person.leave();
    lm.selectChatModels = selectChatModels;
    for (const key of ['models.agent.provider', 'models.agent.model', 'models.lead.model', 'models.lead.provider']) {
      await vscode.workspace.getConfiguration('orchestrator').update(key, undefined, vscode.ConfigurationTarget.Global);
    }
  });

  const pick = async (role: RegExp, model: RegExp, typed?: string) => {
    person.answer = ({ kind, choices }) => {
      if (kind === 'input') return typed;
      const row = choices.find((choice) => role.test(choice)) ?? choices.find((choice) => model.test(choice));
      return kind === 'pick' ? row?.replace(/: [^:]* · .*$/, '') : undefined;
    };
    await vscode.commands.executeCommand(commandId('pickModels'));
  };

  it('asks the editor for leave once, with a reason, and then sets provider and model', async () => {
    const { model, asked } = modelNamed('Tea One', async () => ({ text: words() }));
    lm.selectChatModels = async () => [model];
    await pick(/^Agents/, /^Tea One/);
    assert.equal(asked.length, 1);
    assert.match(asked[0] ?? '', /plan and build/);
    assert.equal(setting('models.agent.provider'), 'editor');
    assert.equal(setting('models.agent.model'), 'acme/tea-1');
  });

  it('changes nothing when leave is refused, and says what to do', async () => {
    const refused = modelNamed('Tea One', () => Promise.reject(vscode.LanguageModelError.NoPermissions('no')));
    lm.selectChatModels = async () => [refused.model];
    await pick(/^Agents/, /^Tea One/);
    const said = person.shown.at(-1);
    assert.equal(said?.kind, 'error');
    assert.match(said.text, /does not let this extension use acme\/tea-1/);
    assert.equal(setting('models.agent.provider'), 'anthropic');
  });

  it('asks nobody for leave before a person has picked', async () => {
    const { model, asked } = modelNamed('Tea One', async () => ({ text: words() }));
    lm.selectChatModels = async () => [model];
    await pick(/^Agents/, /^nothing of the kind/);
    assert.deepEqual(asked, []);
    assert.equal(setting('models.agent.provider'), 'anthropic');
  });

  it('takes a typed name for the provider with a key', async () => {
    lm.selectChatModels = async () => [];
    await pick(/^Lead/, /^xAI/, 'grok-9');
    assert.equal(setting('models.lead.provider'), 'xai');
    assert.equal(setting('models.lead.model'), 'grok-9');
  });
});
