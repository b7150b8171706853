import * as vscode from 'vscode';
import type { Dialogs } from './dialogs.ts';
import { hunksBetween, lineOf, nextHunk, previousHunk } from './hunks.ts';
import type { Hunk } from './line-diff.ts';
import { modifiedSides } from './multi-diff.ts';
import { cursorOf } from './place-of.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Uris } from './uris.ts';

export interface WalkParts {
  sessions: Sessions;
  uris: Uris;
  dialogs: Dialogs;
  /** Shows a file of the review with the cursor in a line. */
  reveal(session: Session, path: string, line: number): Promise<void>;
}

export type Direction = 'next' | 'previous';

/** Goes to the next change of a review, on into the next file and around at the end. */
export async function walk(parts: WalkParts, direction: Direction): Promise<void> {
  const { sessions, uris, dialogs } = parts;
  const cursor = cursorOf(uris, []);
  if (cursor === null) {
    dialogs.warn(vscode.l10n.t('Put the cursor into a file of a review first.'));
    return;
  }
  const { place, line, editor } = cursor;
  const session = await sessions.get(place.runId);
  const side = place.kind === 'commit' ? 'base' : 'current';
  const here = await hunksOf(parts, session, place.path);
  const hunk = direction === 'next' ? nextHunk(here, side, line) : previousHunk(here, side, line);
  if (hunk !== null && editor !== null) {
    const at = new vscode.Position(lineOf(hunk, side), 0);
    editor.selection = new vscode.Selection(at, at);
    editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    return;
  }
  const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
  if (tab !== undefined && modifiedSides(tab).length > 0) {
    // Only the editor itself can put the cursor into another file of its diff.
    const command = direction === 'next' ? 'goToNextChange' : 'goToPreviousChange';
    await vscode.commands.executeCommand(`multiDiffEditor.${command}`);
    return;
  }
  const paths = session.files.map((file) => file.path);
  const from = session.files.findIndex(({ path, oldPath }) => path === place.path || oldPath === place.path);
  const step = direction === 'next' ? 1 : -1;
  for (let n = 1; n <= paths.length; n += 1) {
    const path = paths.at((from + step * n + paths.length * 2) % paths.length);
    const found = path === undefined ? [] : await hunksOf(parts, session, path);
    const wanted = direction === 'next' ? found[0] : found.at(-1);
    if (path === undefined || wanted === undefined) continue;
    await parts.reveal(session, path, lineOf(wanted, 'current'));
    return;
  }
}

async function hunksOf({ uris }: WalkParts, session: Session, path: string): Promise<Hunk[]> {
  const file = await session.file(path);
  if (file === null || file.opaque !== null) return [];
  const uri = String(uris.of({ kind: 'review', runId: session.runId, path: file.path }));
  const open = vscode.workspace.textDocuments.find((document) => String(document.uri) === uri);
  return hunksBetween({ base: file.base ?? '', current: open?.getText() ?? session.kept(file) ?? '' });
}
