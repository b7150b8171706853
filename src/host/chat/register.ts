import * as vscode from 'vscode';
import type { HostApp } from '../app.ts';

export function registerChat(_app: () => Promise<HostApp>): vscode.Disposable {
  return new vscode.Disposable(() => undefined);
}
