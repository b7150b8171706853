import * as vscode from 'vscode';
import { toAppError } from '../protocol/errors.ts';
import type { HostBase } from './app.ts';

export function showError(app: HostBase, thrown: unknown): void {
  const error = toAppError(thrown);
  if (error.code === 'aborted') return;
  app.log.error(error.message);
  void vscode.window.showErrorMessage(error.userMessage);
}
