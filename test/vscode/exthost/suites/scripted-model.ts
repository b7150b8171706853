import * as vscode from 'vscode';
import { until } from '../../harness/until.ts';

const WAIT_MS = 20_000;

type Respond = vscode.LanguageModelChatProvider['provideLanguageModelChatResponse'];

const INFORMATION: vscode.LanguageModelChatInformation = {
  ...{ id: 'scripted', name: 'Scripted', family: 'harness', version: '1' },
  ...{ maxInputTokens: 1_000, maxOutputTokens: 1_000, capabilities: { toolCalling: true } },
};

/** Another extension's model, which answers as the test says. */
export class ScriptedModel implements vscode.Disposable {
  respond: Respond = async () => undefined;
  #registration: vscode.Disposable | undefined;

  async register(): Promise<vscode.LanguageModelChat> {
    const provider: vscode.LanguageModelChatProvider = {
      provideLanguageModelChatInformation: () => [INFORMATION],
      provideLanguageModelChatResponse: (...args) => this.respond(...args),
      provideTokenCount: async (_model, text) => String(text).length,
    };
    this.#registration = await vscode.commands.executeCommand('harness.provideModels', provider);
    return until(async () => (await vscode.lm.selectChatModels({ vendor: 'harness' }))[0], {
      what: 'the scripted model',
      timeoutMs: WAIT_MS,
    });
  }

  dispose(): void {
    this.#registration?.dispose();
  }
}
