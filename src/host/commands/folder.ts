import * as vscode from 'vscode';
import type { HostApp } from '../app.ts';
import { workspaceDirs } from '../settings.ts';

/**
 * The folder whose configuration counts: the only one, or the person's choice. Without a folder, and in one that is not
 * trusted, a folder of the extension's own: looking must neither read a stranger's configuration nor run git in it. Null when
 * the person leaves the choice.
 */
export async function folderToLookAt(app: HostApp): Promise<string | null> {
  const dirs = vscode.workspace.isTrusted ? workspaceDirs() : [];
  const [first] = dirs;
  if (first === undefined) {
    await vscode.workspace.fs.createDirectory(app.context.globalStorageUri);
    return app.context.globalStorageUri.fsPath;
  }
  if (dirs.length === 1) return first;
  const picked = await vscode.window.showWorkspaceFolderPick({ placeHolder: vscode.l10n.t('Which folder?') });
  return picked?.uri.fsPath ?? null;
}
