import * as vscode from 'vscode';
import type { Contents } from './contents.ts';
import type { ReviewedFile, Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Place, Uris } from './uris.ts';

const BOM = '\uFEFF';

/** The reviewed side: contents as proposed, overlaid by what the person has changed. */
export interface ReviewFiles extends vscode.FileSystemProvider, vscode.Disposable {
  announce(session: Session, paths: readonly string[]): void;
}

export function createFiles(sessions: Sessions, uris: Uris): ReviewFiles {
  const changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();

  const find = async (uri: vscode.Uri): Promise<{ session: Session; file: ReviewedFile }> => {
    const place = uris.read(uri);
    if (place?.kind !== 'review') throw vscode.FileSystemError.FileNotFound(uri);
    const session = await sessions.get(place.runId);
    const file = await session.file(place.path);
    if (file?.path !== place.path) throw vscode.FileSystemError.FileNotFound(uri);
    return { session, file };
  };

  const textOf = (session: Session, file: ReviewedFile): string =>
    file.opaque === null ? (session.kept(file) ?? '') : opaqueText(session, file);

  const readOnly = (uri: vscode.Uri) => vscode.FileSystemError.NoPermissions(uri);

  return {
    onDidChangeFile: changed.event,
    watch: () => new vscode.Disposable(() => undefined),
    async stat(uri) {
      const { session, file } = await find(uri);
      const size = encoded(textOf(session, file), uri).byteLength;
      const isFixed = session.wait === null || file.opaque !== null;
      return {
        type: vscode.FileType.File,
        ctime: 0,
        mtime: session.changedAtMs(file.path),
        size,
        ...(isFixed ? { permissions: vscode.FilePermission.Readonly } : {}),
      };
    },
    async readFile(uri) {
      const { session, file } = await find(uri);
      return encoded(textOf(session, file), uri);
    },
    async writeFile(uri, content) {
      const { session, file } = await find(uri);
      if (session.wait === null || file.opaque !== null) throw readOnly(uri);
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);
      const hadMark = (file.proposed ?? file.base ?? '').startsWith(BOM);
      session.save(file, !hadMark && text.startsWith(BOM) ? text.slice(1) : text);
    },
    readDirectory: () => [],
    createDirectory(uri) {
      throw readOnly(uri);
    },
    delete(uri) {
      throw readOnly(uri);
    },
    rename(uri) {
      throw readOnly(uri);
    },
    announce(session, paths) {
      if (paths.length === 0) return;
      const type = vscode.FileChangeType.Changed;
      changed.fire(paths.map((path) => ({ type, uri: uris.of({ kind: 'review', runId: session.runId, path }) })));
    },
    dispose: () => changed.dispose(),
  };
}

/** What is shown in place of a file that is not text. */
function opaqueText(session: Session, file: ReviewedFile): string {
  const kept = session.kept(file);
  if (kept === null) return '';
  return `${file.opaque ?? ''}\n${
    kept === file.proposed
      ? vscode.l10n.t('It is in the changes as a whole.')
      : vscode.l10n.t('It stays as it was before.')
  }\n`;
}

/** A byte order mark makes the editor read UTF-8 whatever its setting for encodings says. */
function encoded(text: string, uri: vscode.Uri): Uint8Array {
  const setting = vscode.workspace.getConfiguration('files', uri).get<string>('encoding', 'utf8');
  const isMarked = setting.startsWith('utf8') || text.startsWith(BOM) || text === '';
  return new TextEncoder().encode(isMarked ? text : BOM + text);
}

/** Files at commits, for looking only. Empty where there is none. */
export function createCommits(contents: Contents, uris: Uris): vscode.TextDocumentContentProvider {
  return {
    async provideTextDocumentContent(uri) {
      const place: Place | null = uris.read(uri);
      if (place?.kind !== 'commit') return '';
      const file = await contents.read(place.runId, place.commit, place.path);
      if (file.kind === 'text') return file.text.startsWith(BOM) ? file.text.slice(1) : file.text;
      return file.kind === 'absent' ? '' : `${file.why}\n`;
    },
  };
}
