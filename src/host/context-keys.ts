import * as vscode from 'vscode';
import type { HostApp } from './app.ts';

export function trackContext(_app: HostApp): vscode.Disposable {
  return new vscode.Disposable(() => undefined);
}
