import { isAbsolute, relative } from 'node:path';
import * as vscode from 'vscode';
import type { RunView } from '../../protocol/view.ts';
import type { Dialogs } from './dialogs.ts';
import type { Uris } from './uris.ts';

/** Unsaved typing in the review of a run counts: it is saved before a decision. */
export async function saveReviewed(uris: Uris, runId: string): Promise<void> {
  const mine = vscode.workspace.textDocuments.filter((document) => {
    const place = document.isDirty ? uris.read(document.uri) : null;
    return place?.kind === 'review' && place.runId === runId;
  });
  for (const document of mine) await document.save();
}

/** Files of the workspace with unsaved changes that the diff concerns are saved or left: never overwritten. False: do not go on. */
export async function saveOpenFiles(dialogs: Dialogs, view: RunView): Promise<boolean> {
  const paths = new Set(view.diff?.files.map(({ path }) => path));
  const pathOf = (uri: vscode.Uri) => relative(view.workspaceDir, uri.fsPath).replaceAll('\\', '/');
  const unsaved = vscode.workspace.textDocuments.filter(({ isDirty, uri }) => {
    return isDirty && uri.scheme === 'file' && !isAbsolute(pathOf(uri)) && paths.has(pathOf(uri));
  });
  if (unsaved.length === 0) return true;
  const names = unsaved.map(({ uri }) => pathOf(uri)).join(', ');
  const question = vscode.l10n.t('Files of this diff have unsaved changes in an editor: {0}', names);
  const detail = vscode.l10n.t(
    'Once saved they stay as they are: the accepted work is then put on its branch only, and your files are left alone.',
  );
  if (!(await dialogs.confirm(question, detail, vscode.l10n.t('Save and Continue')))) return false;
  for (const document of unsaved) {
    if (await document.save()) continue;
    dialogs.warn(vscode.l10n.t('{0} could not be saved. Nothing was accepted.', pathOf(document.uri)));
    return false;
  }
  return true;
}
