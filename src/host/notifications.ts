import * as vscode from 'vscode';
import type { HostApp } from './app.ts';

export function createNotifications(_app: HostApp): vscode.Disposable {
  return new vscode.Disposable(() => undefined);
}
