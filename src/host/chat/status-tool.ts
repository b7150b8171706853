import * as vscode from 'vscode';
import { AppError } from '../../protocol/errors.ts';
import type { ChatSource } from './handler.ts';
import { RunStatusInput, statusJson } from './status-json.ts';

/** What the language model tool answers. `input` comes from a model. */
export async function answerStatusTool(app: ChatSource, input: unknown): Promise<vscode.LanguageModelToolResult> {
  const parsed = RunStatusInput.safeParse(input ?? {});
  if (!parsed.success) {
    throw new AppError({ code: 'usage', message: 'The only input is runId, a text; leave it out to get all runs.' });
  }
  await app.runs.load();
  return new vscode.LanguageModelToolResult([
    new vscode.LanguageModelTextPart(statusJson(app.runs.all(), parsed.data)),
  ]);
}
