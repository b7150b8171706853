import * as vscode from 'vscode';
import type { HostApp } from '../app.ts';
import { EVIDENCE_SCHEME } from '../ids.ts';

const MAX_DOCUMENTS = 50;

/** Texts that are there to be read; the editor asks for them by address. Registered with the first of them. */
class Documents implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.path) ?? vscode.l10n.t('Open this again: it is not kept over a reload.');
  }

  put(uri: vscode.Uri, text: string): void {
    this.#texts.delete(uri.path);
    this.#texts.set(uri.path, text);
    for (const path of this.#texts.keys()) {
      if (this.#texts.size <= MAX_DOCUMENTS) break;
      this.#texts.delete(path);
    }
    this.#changed.fire(uri);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

const ofApp = new WeakMap<HostApp, Documents>();

function documentsOf(app: HostApp): Documents {
  const known = ofApp.get(app);
  if (known !== undefined) return known;
  const documents = new Documents();
  ofApp.set(app, documents);
  const registration = vscode.workspace.registerTextDocumentContentProvider(EVIDENCE_SCHEME, documents);
  app.context.subscriptions.push(registration, documents);
  return documents;
}

/** Shows a text that cannot be edited; `path` names it, its last part is the title. */
export async function showDocument(app: HostApp, path: string, text: string, line = 0): Promise<void> {
  const uri = vscode.Uri.from({ scheme: EVIDENCE_SCHEME, path: `/${path}` });
  documentsOf(app).put(uri, text);
  const document = await vscode.workspace.openTextDocument(uri);
  const at = new vscode.Range(line, 0, line, 0);
  await vscode.window.showTextDocument(document, { preview: true, selection: at });
}
