import * as vscode from 'vscode';
import type { BriefDraft } from '../../protocol/console.ts';
import { SECTION, workspaceDirs } from '../settings.ts';
import { type DraftDefaults, emptyDraft, readDraft } from './draft.ts';

const DRAFT = 'draft';
/** In the global state: a draft that goes to the window of another folder. */
const HANDED = 'handedDraft';
/** A reload takes with it what is not written, so the first change is written at once. */
const WRITE_INTERVAL_MS = 200;
/** As package.json says; for an editor that does not know the setting. */
const BUDGET_USD = 10;

const defaults = (): DraftDefaults => ({
  workspaceDirs: workspaceDirs(),
  budgetUsd: vscode.workspace.getConfiguration(SECTION).get<number>('budgetUsd', BUDGET_USD),
});

/** The draft of this window's workspace. Every change counts at once; of quick ones the last is written. */
export class DraftStore implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  #draft: BriefDraft;
  #isWritten = true;
  /** Runs while the last write is too young for another. */
  #timer: NodeJS.Timeout | undefined;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
    this.#draft = readDraft(context.workspaceState.get(DRAFT), defaults());
    const handed = context.globalState.get<BriefDraft>(HANDED);
    if (handed !== undefined && workspaceDirs().includes(handed.workspaceDir)) {
      this.#draft = readDraft(handed, defaults());
      void this.#write();
      void context.globalState.update(HANDED, undefined);
    }
  }

  get(): BriefDraft {
    return this.#draft;
  }

  set(draft: BriefDraft): void {
    this.#draft = draft;
    this.#isWritten = false;
    if (this.#timer === undefined) void this.#write();
  }

  clear(): BriefDraft {
    const { local, until, askQuestions } = this.#draft;
    this.set({ ...emptyDraft(defaults()), local, until, askQuestions });
    return this.#draft;
  }

  /** Opens a folder that is not of this window; its console begins with the draft. */
  async takeTo(folder: vscode.Uri): Promise<void> {
    await this.#context.globalState.update(HANDED, { ...this.#draft, workspaceDir: folder.fsPath });
    const forceNewWindow = workspaceDirs().length > 0;
    await vscode.commands.executeCommand('vscode.openFolder', folder, { forceNewWindow });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    if (!this.#isWritten) void this.#context.workspaceState.update(DRAFT, this.#draft);
  }

  async #write(): Promise<void> {
    this.#isWritten = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#isWritten) void this.#write();
    }, WRITE_INTERVAL_MS);
    await this.#context.workspaceState.update(DRAFT, this.#draft);
  }
}
