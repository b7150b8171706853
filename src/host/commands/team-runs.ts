import * as vscode from 'vscode';
import type { HostApp } from '../app.ts';
import { commandId } from '../ids.ts';
import { lasting } from './ask.ts';
import { folderToLookAt } from './folder.ts';
import { openAddress } from './looking.ts';
import { type TaskItem, taskItem } from './team-tasks.ts';

const LIMIT_MS = 60_000;

/** What the team's shared database knows of everybody's runs; a choice opens its repository or live application. */
export async function showTeamRuns(app: HostApp): Promise<void> {
  const workspaceDir = await folderToLookAt(app);
  if (workspaceDir === null) return;
  // Null of `lasting` is a person who left; null of the call is a database that is not configured.
  const read = await lasting(vscode.l10n.t('Reading the runs of the team'), async ({ signal }) => ({
    tasks: await app.service.call('teamTasks', { workspaceDir }, { signal, timeoutMs: LIMIT_MS }),
  }));
  if (read === null) return;
  if (read.tasks === null) return sayNotConfigured();
  if (read.tasks.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('The shared database holds no runs yet.'));
    return;
  }
  const wording = { l10n: vscode.l10n, locale: vscode.env.language };
  const items = read.tasks.map((task) => taskItem(wording, task));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Runs of the Team'),
    placeHolder: vscode.l10n.t('A choice opens its repository, pull request or live application.'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked !== undefined) await openOne(picked);
}

async function openOne({ label, addresses }: TaskItem): Promise<void> {
  const [only] = addresses;
  if (only === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('{0} has no repository and no live application yet.', label),
    );
    return;
  }
  if (addresses.length === 1) return openAddress(only.address);
  const items = addresses.map(({ label: name, address }) => ({ label: name, description: address, address }));
  const picked = await vscode.window.showQuickPick(items, { title: label });
  if (picked !== undefined) await openAddress(picked.address);
}

function sayNotConfigured(): void {
  const openSettings = vscode.l10n.t('Open Settings');
  const setKeys = vscode.l10n.t('Set Keys');
  const message = vscode.l10n.t(
    'No shared database is configured. Set the key {0}; where the address, project and database are not the usual ones, set them as "records" in the settings.',
    'ORCHESTRATOR_RECORDS_KEY',
  );
  vscode.window.showInformationMessage(message, openSettings, setKeys).then(
    (answer) => {
      if (answer === openSettings) void vscode.commands.executeCommand(commandId('openSettings'));
      if (answer === setKeys) void vscode.commands.executeCommand(commandId('setKeys'));
    },
    () => undefined,
  );
}
