import * as vscode from 'vscode';
import { marksOf, type PlaceMark } from './marks.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Uris } from './uris.ts';

/** Shows decisions: words beside the changes and in the overview ruler, a badge on files. */
export interface Markings extends vscode.Disposable {
  refresh(session: Session): void;
}

const COLOR: Record<PlaceMark['kind'], string> = {
  accepted: 'editorOverviewRuler.addedForeground',
  rejected: 'editorOverviewRuler.deletedForeground',
  changed: 'editorOverviewRuler.modifiedForeground',
};
const DELAY_MS = 150;

export function createMarkings(sessions: Sessions, uris: Uris): Markings {
  const types = Object.fromEntries(
    Object.entries(COLOR).map(([kind, color]) => [kind, decorationType(color)]),
  ) as Record<PlaceMark['kind'], vscode.TextEditorDecorationType>;
  const decorated = new vscode.EventEmitter<vscode.Uri[]>();
  let timer: NodeJS.Timeout | undefined;

  const draw = async (editor: vscode.TextEditor) => {
    const place = uris.read(editor.document.uri);
    const session = place?.kind === 'review' ? sessions.peek(place.runId) : undefined;
    if (place === null || session === undefined) return;
    const file = await session.file(place.path);
    const marks = file === null ? [] : marksOf(session, file, editor.document.getText());
    for (const [kind, type] of Object.entries(types)) {
      const of = marks.filter((mark) => mark.kind === kind);
      editor.setDecorations(
        type,
        of.map(({ line }) => optionsAt(editor.document, line, wordOf(kind as PlaceMark['kind']))),
      );
    }
  };

  const drawAll = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      for (const editor of vscode.window.visibleTextEditors) void draw(editor).catch(() => undefined);
    }, DELAY_MS);
  };

  const subscriptions = [
    vscode.window.onDidChangeVisibleTextEditors(drawAll),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.uri.scheme === uris.reviewScheme) drawAll();
    }),
    vscode.window.registerFileDecorationProvider({
      onDidChangeFileDecorations: decorated.event,
      provideFileDecoration(uri) {
        const place = uris.read(uri);
        const session = place?.kind === 'review' ? sessions.peek(place.runId) : undefined;
        return place === null || session === undefined ? undefined : badge(session, place.path);
      },
    }),
    decorated,
    ...Object.values(types),
  ];

  return {
    refresh(session) {
      drawAll();
      const { runId } = session;
      decorated.fire(session.files.map(({ path }) => uris.of({ kind: 'review', runId, path })));
    },
    dispose() {
      clearTimeout(timer);
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

function decorationType(color: string): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    overviewRulerColor: new vscode.ThemeColor(color),
    overviewRulerLane: vscode.OverviewRulerLane.Left,
    after: { margin: '0 0 0 2em', color: new vscode.ThemeColor('descriptionForeground') },
  });
}

function wordOf(kind: PlaceMark['kind']): string {
  switch (kind) {
    case 'accepted':
      return vscode.l10n.t('✓ Accepted');
    case 'rejected':
      return vscode.l10n.t('✗ Rejected');
    case 'changed':
      return vscode.l10n.t('✎ Changed by you');
  }
}

function optionsAt(document: vscode.TextDocument, line: number, word: string): vscode.DecorationOptions {
  const { range } = document.lineAt(Math.min(line, document.lineCount - 1));
  return { range, hoverMessage: word, renderOptions: { after: { contentText: word } } };
}

function badge(session: Session, path: string): vscode.FileDecoration | undefined {
  const { state } = session;
  const isPutBack = state.putBack.includes(path);
  const isAdded = session.files.some((file) => file.path === path && file.status === 'added');
  if (state.kept[path] === null || (isPutBack && isAdded))
    return new vscode.FileDecoration('✗', vscode.l10n.t('Left out by you'));
  if (isPutBack) return new vscode.FileDecoration('✗', vscode.l10n.t('Put back by you'));
  if (state.kept[path] !== undefined) return new vscode.FileDecoration('✎', vscode.l10n.t('Not as proposed'));
  return state.acceptedFiles.includes(path) ? new vscode.FileDecoration('✓', vscode.l10n.t('Accepted')) : undefined;
}
