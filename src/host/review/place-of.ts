import * as vscode from 'vscode';
import type { Place, Uris } from './uris.ts';

/** The file that a command is about: the one it was called on, else the one with the cursor. */
export interface Cursor {
  place: Place;
  /** The line of the cursor, from 0. */
  line: number;
  editor: vscode.TextEditor | null;
}

export function cursorOf(uris: Uris, args: readonly unknown[]): Cursor | null {
  const [first] = args;
  const active = vscode.window.activeTextEditor ?? null;
  const called = first instanceof vscode.Uri ? uris.read(first) : null;
  const under = active === null ? null : uris.read(active.document.uri);
  if (called !== null) {
    const isSame = under !== null && first instanceof vscode.Uri && String(active?.document.uri) === String(first);
    return { place: called, line: isSame ? lineOf(active) : 0, editor: isSame ? active : null };
  }
  return under === null ? null : { place: under, line: lineOf(active), editor: active };
}

function lineOf(editor: vscode.TextEditor | null): number {
  return editor?.selection.active.line ?? 0;
}
