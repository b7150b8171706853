import type * as vscode from 'vscode';
import type { HostApp } from './app.ts';

export async function handleUri(_app: HostApp, _uri: vscode.Uri): Promise<void> {}
