import * as vscode from 'vscode';
import type { KeyTestResult } from '../../protocol/service.ts';
import type { HostApp } from '../app.ts';
import { commandId } from '../ids.ts';
import { lasting } from './ask.ts';
import { folderToLookAt } from './folder.ts';
import { plain } from './plain.ts';

/** Three requests, each with a limit of its own. */
const LIMIT_MS = 240_000;

export async function testKeys(app: HostApp): Promise<void> {
  const workspaceDir = await folderToLookAt(app);
  if (workspaceDir === null) return;
  const title = vscode.l10n.t('Testing keys with one tiny paid request for each model');
  const results = await lasting(title, ({ signal, report }) =>
    app.service.call(
      'testKeys',
      { workspaceDir },
      { signal, timeoutMs: LIMIT_MS, onPart: (part) => report(lineOf(part as KeyTestResult)) },
    ),
  );
  if (results === null) return;
  for (const result of results) app.log.info(`key test: ${lineOf(result)}`);
  showResults(results);
}

function showResults(results: readonly KeyTestResult[]): void {
  const failed = results.filter((result) => result.outcome === 'failed');
  const message = plain((failed.length === 0 ? results : failed).map(lineOf).join(' · '));
  if (failed.length === 0) {
    void vscode.window.showInformationMessage(message);
    return;
  }
  const setKeys = vscode.l10n.t('Set Keys');
  const showLog = vscode.l10n.t('Show Log');
  vscode.window.showWarningMessage(message, setKeys, showLog).then(
    (answer) => {
      if (answer === setKeys) void vscode.commands.executeCommand(commandId('setKeys'));
      if (answer === showLog) void vscode.commands.executeCommand(commandId('showLog'));
    },
    () => undefined,
  );
}

function lineOf({ role, model, outcome, latencyMs, message }: KeyTestResult): string {
  const who = `${roleLabel(role)} (${model})`;
  switch (outcome) {
    case 'answered':
      return vscode.l10n.t('{0}: answered in {1} s', who, (latencyMs / 1000).toFixed(1));
    case 'reachable':
      return vscode.l10n.t('{0}: reachable, answers recordings only', who);
    case 'failed':
      return `${who}: ${message}`;
  }
}

function roleLabel(role: KeyTestResult['role']): string {
  switch (role) {
    case 'lead':
      return vscode.l10n.t('Lead');
    case 'agent':
      return vscode.l10n.t('Agents');
    case 'escalation':
      return vscode.l10n.t('Escalation');
  }
}
