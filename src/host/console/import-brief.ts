import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { ImportedBrief } from '../../protocol/console.ts';
import type { ServiceClient } from '../service-client.ts';
import { briefFormat } from './draft.ts';

const MAX_SIZE_BYTES = 1_000_000;

interface Text {
  name: string;
  text: string;
}

/** Null: nothing was picked. */
export async function importFile(service: ServiceClient): Promise<ImportedBrief | null> {
  const picked = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Import a brief'),
    openLabel: vscode.l10n.t('Import'),
    canSelectMany: false,
    filters: { [vscode.l10n.t('Briefs')]: ['yaml', 'yml', 'json', 'md', 'markdown'] },
  });
  const [uri] = picked ?? [];
  if (uri === undefined) return null;
  const { size } = await vscode.workspace.fs.stat(uri);
  const name = basename(uri.path);
  if (size > MAX_SIZE_BYTES) return refused(vscode.l10n.t('{0} is larger than 1 MB, so it is no brief.', name));
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  return read(service, { name, text });
}

/** The selection of the text editor that was used last; the whole document when nothing is selected. */
export async function importSelection(
  service: ServiceClient,
  editor: vscode.TextEditor | undefined,
): Promise<ImportedBrief> {
  if (editor === undefined || editor.document.isClosed) {
    return refused(vscode.l10n.t('No text editor is open. Open a brief, select its text, and try again.'));
  }
  const { document, selection } = editor;
  const text = document.getText(selection.isEmpty ? undefined : selection);
  return read(service, { name: basename(document.fileName), text });
}

async function read(service: ServiceClient, { name, text }: Text): Promise<ImportedBrief> {
  if (text.trim() === '') return refused(vscode.l10n.t('{0} is empty.', name));
  const checked = await service.call('parseBrief', { name, text, format: briefFormat(name, text) });
  if (checked.ok) return { brief: checked.brief, message: vscode.l10n.t('The brief was taken from {0}.', name) };
  return refused(checked.problems.map(({ message }) => message).join('\n'));
}

const refused = (message: string): ImportedBrief => ({ brief: null, message });
