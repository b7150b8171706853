import * as vscode from 'vscode';
import type { HostApp } from './app.ts';
import { confirm } from './commands/ask.ts';
import { plainLine } from './commands/plain.ts';
import { runCommand } from './commands/run-command.ts';
import { readLink } from './link.ts';

/** Links from web pages and chats: they show, or ask first; a link starts nothing by itself. */
export async function handleUri(app: HostApp, uri: vscode.Uri): Promise<void> {
  const link = readLink(uri.path);
  switch (link.kind) {
    case 'run':
      return runCommand(app, 'showDashboard', [{ runId: link.runId }]);
    case 'new':
      return runCommand(app, 'newTask', []);
    case 'sample': {
      const isSure = await confirm(
        vscode.l10n.t('A link asks to start a sample. Start it?'),
        vscode.l10n.t('It runs in the local cloud on this machine: no keys, no network, nothing is paid.'),
        vscode.l10n.t('Start Sample'),
      );
      return isSure ? runCommand(app, 'startSample', []) : undefined;
    }
    case 'unknown':
      void vscode.window.showWarningMessage(
        vscode.l10n.t(
          'This link is not understood: {0}. Links can end in {1}.',
          plainLine(uri.path),
          '/run/<run>, /new, /sample',
        ),
      );
  }
}
