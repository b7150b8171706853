import * as vscode from 'vscode';
import { arrival } from './arrival.ts';
import type { Dialogs } from './dialogs.ts';
import { hunksBetween, lineOf, nextHunk, previousHunk } from './hunks.ts';
import type { Hunk } from './line-diff.ts';
import { modifiedSides } from './multi-diff.ts';
import { type Cursor, cursorOf } from './place-of.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Uris } from './uris.ts';

export interface WalkerParts {
  sessions: Pick<Sessions, 'get'>;
  uris: Uris;
  dialogs: Dialogs;
  /** Shows a file of the review with the cursor in a line. */
  reveal(session: Session, path: string, line: number): Promise<void>;
  /** How long the cursor may take to come to where it was sent, in ms; default 2,000. */
  limitMs?: number;
}

type Direction = 'next' | 'previous';

/** Takes the cursor through the changes of a review. */
export interface Walker extends vscode.Disposable {
  /** Goes to the next change, on into the next file and around at the end. */
  walk(direction: Direction): Promise<void>;
  /**
   * Waits for the walks under way. False when the cursor did not come to where it was sent, and nobody has moved it since:
   * then it may stand in another file than the one that is shown.
   */
  arrived(): Promise<boolean>;
}

const LIMIT_MS = 2_000;

export function createWalker(parts: WalkerParts): Walker {
  const { uris, limitMs = LIMIT_MS } = parts;
  /** The last walk that was asked for; each begins where the one before has ended. */
  let last: Promise<void> = Promise.resolve();
  let isLost = false;
  const found = () => {
    isLost = false;
  };
  const subscriptions = [
    vscode.window.onDidChangeActiveTextEditor(found),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (textEditor === vscode.window.activeTextEditor) found();
    }),
  ];

  const go = async (direction: Direction) => {
    const cursor = cursorOf(uris, []);
    if (cursor === null) {
      parts.dialogs.warn(vscode.l10n.t('Put the cursor into a file of a review first.'));
      return;
    }
    const session = await parts.sessions.get(cursor.place.runId);
    const target = await targetFrom(parts, session, cursor, direction);
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    const isInside = target?.path === filePath(session, cursor) && !target.isAround;
    if (target !== null && isInside) {
      moveTo(cursor, target.line);
      return;
    }
    const isMultiDiff = tab !== undefined && modifiedSides(tab).length > 0;
    if (isMultiDiff) {
      // Only the editor itself can put the cursor into another file of its diff. It does so a moment later, and leaves the
      // cursor where it was when it has not drawn the other file yet.
      const from = spot();
      const other = arrival(() => spot() !== '' && spot() !== from, limitMs);
      const command = direction === 'next' ? 'goToNextChange' : 'goToPreviousChange';
      await vscode.commands.executeCommand(`multiDiffEditor.${command}`);
      if (await other) return;
      if (target === null || (target.path === filePath(session, cursor) && target.line === cursor.line)) return;
    }
    if (target === null) return;
    const there = arrival(() => {
      const now = cursorOf(uris, []);
      return now !== null && filePath(session, now) === target.path;
    }, limitMs);
    // The diff of a part is not the review: only the person can go on there.
    if (cursor.place.kind === 'review' || cursor.place.subtaskId === null) {
      await parts.reveal(session, target.path, target.line);
    }
    isLost = !(await there);
  };

  return {
    walk(direction) {
      const walk = last.then(() => go(direction));
      last = walk.catch(() => undefined);
      return walk;
    },
    async arrived() {
      await last;
      return !isLost;
    },
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

/** Where the cursor is; empty when it is nowhere. */
function spot(): string {
  const editor = vscode.window.activeTextEditor;
  return editor === undefined ? '' : `${editor.document.uri}:${editor.selection.active.line}`;
}

function moveTo({ editor }: Cursor, line: number): void {
  if (editor === null) return;
  const at = new vscode.Position(line, 0);
  editor.selection = new vscode.Selection(at, at);
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** The cursor's file by its name in the proposal. */
function filePath(session: Session, { place }: Cursor): string {
  return session.files.find(({ path, oldPath }) => path === place.path || oldPath === place.path)?.path ?? place.path;
}

interface Target {
  path: string;
  /** On the side of the cursor in its own file, else on the reviewed one. */
  line: number;
  /** In the cursor's file, but only by way of all others. */
  isAround: boolean;
}

async function targetFrom(
  parts: WalkerParts,
  session: Session,
  cursor: Cursor,
  direction: Direction,
): Promise<Target | null> {
  const { place, line } = cursor;
  const side = place.kind === 'commit' ? 'base' : 'current';
  const own = filePath(session, cursor);
  const here = await hunksOf(parts, session, own);
  const hunk = direction === 'next' ? nextHunk(here, side, line) : previousHunk(here, side, line);
  if (hunk !== null) return { path: own, line: lineOf(hunk, side), isAround: false };
  const paths = session.files.map(({ path }) => path);
  const from = paths.indexOf(own);
  const step = direction === 'next' ? 1 : -1;
  for (let n = 1; n <= paths.length; n += 1) {
    const path = paths.at((from + step * n + paths.length * 2) % paths.length);
    const found = path === undefined ? [] : await hunksOf(parts, session, path);
    const wanted = direction === 'next' ? found[0] : found.at(-1);
    if (path === undefined || wanted === undefined) continue;
    return { path, line: lineOf(wanted, 'current'), isAround: path === own };
  }
  return null;
}

async function hunksOf({ uris }: WalkerParts, session: Session, path: string): Promise<Hunk[]> {
  const file = await session.file(path);
  if (file === null || file.opaque !== null) return [];
  const uri = String(uris.of({ kind: 'review', runId: session.runId, path: file.path }));
  const open = vscode.workspace.textDocuments.find((document) => String(document.uri) === uri);
  return hunksBetween({ base: file.base ?? '', current: open?.getText() ?? session.kept(file) ?? '' });
}
