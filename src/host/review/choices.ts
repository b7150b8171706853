import * as vscode from 'vscode';
import type { Dialogs } from './dialogs.ts';
import { asTextEdit, hunkAt, hunksBetween, type LineEdit, markOf, revertOf, type Side, type Sides } from './hunks.ts';
import { cursorOf } from './place-of.ts';
import { withAccepted, withAcceptedFile, withKept, withPutBack } from './review-state.ts';
import type { ReviewedFile, Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Uris } from './uris.ts';

/** Accepting and rejecting files and hunks: edits of the reviewed side, which the editor can undo, then saved. */
export interface Choices {
  acceptFile(args: readonly unknown[]): Promise<void>;
  rejectFile(args: readonly unknown[]): Promise<void>;
  acceptHunk(args: readonly unknown[]): Promise<void>;
  rejectHunk(args: readonly unknown[]): Promise<void>;
}

export interface ChoicesParts {
  sessions: Pick<Sessions, 'get'>;
  uris: Uris;
  dialogs: Dialogs;
  /** Of the walker: false when it is not certain which file the cursor is meant to be in. */
  arrived(): Promise<boolean>;
}

interface Chosen {
  session: Session;
  file: ReviewedFile;
  line: number;
  side: Side;
}

export function createChoices({ sessions, uris, dialogs, arrived }: ChoicesParts): Choices {
  const choose = async (args: readonly unknown[]): Promise<Chosen | null> => {
    const isNamed = args[0] instanceof vscode.Uri;
    // What was walked to is meant, also when the keys come faster than the cursor.
    if (!isNamed && !(await arrived())) {
      dialogs.warn(
        vscode.l10n.t(
          'Nothing was changed: it is not certain which file is meant. Put the cursor into it and try again.',
        ),
      );
      return null;
    }
    const cursor = cursorOf(uris, args);
    if (cursor === null || (cursor.place.kind === 'commit' && cursor.place.subtaskId !== null)) {
      dialogs.warn(vscode.l10n.t('Put the cursor into a file of a review first.'));
      return null;
    }
    const { place, line } = cursor;
    const session = await sessions.get(place.runId);
    if (session.wait === null) {
      dialogs.warn(vscode.l10n.t('These changes do not wait for a decision any more. The review is for looking only.'));
      return null;
    }
    const file = await session.file(place.path);
    if (file === null) {
      dialogs.warn(vscode.l10n.t('{0} is not part of the changes any more.', place.path));
      return null;
    }
    const isBase = place.kind === 'commit' && place.commit === session.state.baseCommit;
    return { session, file, line, side: isBase ? 'base' : 'current' };
  };

  const documentOf = ({ session, file }: Chosen) =>
    vscode.workspace.openTextDocument(uris.of({ kind: 'review', runId: session.runId, path: file.path }));

  /** The sides with what stands in the editor, saved or not. */
  const sidesOf = async (chosen: Chosen): Promise<{ sides: Sides; document: vscode.TextDocument }> => {
    const document = await documentOf(chosen);
    return { sides: { base: textOf(chosen.file.base), current: document.getText() }, document };
  };

  /** Shows a side of a text as the whole file. */
  const write = async (chosen: Chosen, content: string | null) => {
    if (chosen.file.opaque !== null) return;
    const document = await documentOf(chosen);
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    await edit(document, document.validateRange(whole), textOf(content));
  };

  return {
    async acceptFile(args) {
      const chosen = await choose(args);
      if (chosen === null) return;
      const { session, file } = chosen;
      if (session.kept(file) === file.base) {
        await write(chosen, file.proposed);
        // Absent and empty look the same in an editor, and so do two names or modes.
        session.update((state) => withKept(state, file.path, undefined));
      }
      if (file.opaque === null) {
        const { sides, document } = await sidesOf(chosen);
        if (document.isDirty) await document.save();
        const marks = hunksBetween(sides).map((hunk) => markOf(hunk, sides));
        session.update((state) => withAccepted(state, file.path, marks));
      }
      session.update((state) => withAcceptedFile(state, file.path));
      dialogs.mention(vscode.l10n.t('Accepted: {0}', file.path));
    },
    async rejectFile(args) {
      const chosen = await choose(args);
      if (chosen === null) return;
      const { session, file } = chosen;
      await write(chosen, file.base);
      session.update((state) => withPutBack(state, file.path));
      dialogs.mention(vscode.l10n.t('Rejected: {0}', file.path));
    },
    async acceptHunk(args) {
      const chosen = await choose(args);
      if (chosen === null) return;
      const { session, file, line, side } = chosen;
      const { sides } = await sidesOf(chosen);
      const hunk = file.opaque === null ? hunkAt(hunksBetween(sides), side, line) : null;
      if (hunk === null) return dialogs.warn(noHunk(file));
      const marks = [...(session.state.accepted[file.path] ?? []), markOf(hunk, sides)];
      session.update((state) => withAccepted(state, file.path, marks));
      dialogs.mention(vscode.l10n.t('Change accepted.'));
    },
    async rejectHunk(args) {
      const chosen = await choose(args);
      if (chosen === null) return;
      const { file, line, side } = chosen;
      const { sides, document } = await sidesOf(chosen);
      const hunk = file.opaque === null ? hunkAt(hunksBetween(sides), side, line) : null;
      if (hunk === null) return dialogs.warn(noHunk(file));
      const { range, text } = inDocument(document, revertOf(hunk, sides));
      await edit(document, range, text);
      dialogs.mention(vscode.l10n.t('Change rejected.'));
    },
  };
}

function textOf(content: string | null): string {
  const text = content ?? '';
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function noHunk(file: ReviewedFile): string {
  return file.opaque === null
    ? vscode.l10n.t('{0} has no change here.', file.path)
    : vscode.l10n.t('{0} is not shown as text: accept or reject the whole file.', file.path);
}

function inDocument(document: vscode.TextDocument, change: LineEdit): { range: vscode.Range; text: string } {
  const { from, to, text } = asTextEdit(change, (line) => document.lineAt(line).text.length, document.lineCount);
  return { range: new vscode.Range(...from, ...to), text };
}

async function edit(document: vscode.TextDocument, range: vscode.Range, text: string): Promise<void> {
  const change = new vscode.WorkspaceEdit();
  change.replace(document.uri, range, text);
  await vscode.workspace.applyEdit(change);
  await document.save();
}
