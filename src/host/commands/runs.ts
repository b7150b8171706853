import * as vscode from 'vscode';
import type { HostApp } from '../app.ts';
import { confirm, lasting, send, tell } from './ask.ts';
import { chooseRun } from './choose.ts';
import { canPause, hasEnded } from './fits.ts';
import { nameOf } from './labels.ts';
import type { Target } from './target.ts';

/** Commands about a run as a whole. */

export async function pause(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: canPause,
    ask: vscode.l10n.t('Pause which run?'),
    none: vscode.l10n.t('No run is under way, so there is nothing to pause.'),
  });
  if (view === null) return;
  await send(app, { type: 'pause', runId: view.runId });
  tell(vscode.l10n.t('{0} pauses: what is under way is finished, then it waits to be resumed.', nameOf(view)));
}

export async function cancel(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: (candidate) => !hasEnded(candidate),
    ask: vscode.l10n.t('Cancel which run?'),
    none: vscode.l10n.t('All runs have ended, so there is nothing to cancel.'),
  });
  if (view === null) return;
  const isSure = await confirm(
    vscode.l10n.t('Cancel {0}?', nameOf(view)),
    vscode.l10n.t(
      'The agents stop for good. What they have made is kept in the repository below refs/orchestrator/{0}; your branch stays as it is.',
      view.runId,
    ),
    vscode.l10n.t('Cancel Run'),
  );
  if (!isSure) return;
  await send(app, { type: 'cancel', runId: view.runId });
  tell(vscode.l10n.t('{0} is cancelled; its work is kept.', nameOf(view)));
}

export async function exportRun(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: () => true,
    ask: vscode.l10n.t('Export which run?'),
    none: vscode.l10n.t('An export holds the events, the evidence and the outputs of a run.'),
  });
  if (view === null) return;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(view.workspaceDir);
  const file = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Export Run'),
    defaultUri: vscode.Uri.joinPath(folder, `${view.runId}.json`),
    filters: { JSON: ['json'] },
  });
  if (file === undefined) return;
  const text = await lasting(vscode.l10n.t('Exporting {0}', nameOf(view)), ({ signal }) =>
    app.service.call('exportRun', { runId: view.runId }, { signal }),
  );
  if (text === null) return;
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  const open = vscode.l10n.t('Open');
  vscode.window.showInformationMessage(vscode.l10n.t('The run is exported. No keys are in it.'), open).then(
    (answer) => {
      if (answer === open) void vscode.window.showTextDocument(file);
    },
    () => undefined,
  );
}

export async function deleteRun(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: hasEnded,
    ask: vscode.l10n.t('Delete which run?'),
    none: vscode.l10n.t('Only a run that has ended can be deleted; cancel it first.'),
  });
  if (view === null) return;
  const isSure = await confirm(
    vscode.l10n.t('Delete {0}?', nameOf(view)),
    vscode.l10n.t(
      'Its events, outputs and worktrees are removed. Its commits stay in the repository below refs/orchestrator-archive/{0}; branches, pull requests and deployments stay as they are.',
      view.runId,
    ),
    vscode.l10n.t('Delete Run'),
  );
  if (!isSure) return;
  await send(app, { type: 'delete', runId: view.runId });
  await app.live.forget(view.runId);
  app.runs.forget(view.runId);
  tell(vscode.l10n.t('{0} is deleted.', nameOf(view)));
}

export async function refresh(app: HostApp): Promise<void> {
  await app.runs.load();
  await app.runs.refresh();
}
