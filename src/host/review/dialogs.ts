import * as vscode from 'vscode';
import { confirm, lasting } from '../commands/ask.ts';
import { plain } from '../commands/plain.ts';

/** How a review asks and tells. */
export interface Dialogs {
  /** Modal; true for `yes`. */
  confirm(question: string, detail: string, yes: string): Promise<boolean>;
  /** Null when the person leaves it. */
  input(title: string, prompt: string): Promise<string | null>;
  tell(message: string): void;
  warn(message: string): void;
  /** A word in the status bar. */
  mention(message: string): void;
  /** Under a notification with a cancel button; null when the person cancels. */
  lasting<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | null>;
}

const MENTION_MS = 5_000;

export const editorDialogs: Dialogs = {
  confirm,
  async input(title, prompt) {
    return (await vscode.window.showInputBox({ title, prompt, ignoreFocusOut: true })) ?? null;
  },
  tell(message) {
    void vscode.window.showInformationMessage(plain(message));
  },
  warn(message) {
    void vscode.window.showWarningMessage(plain(message));
  },
  mention(message) {
    vscode.window.setStatusBarMessage(plain(message), MENTION_MS);
  },
  lasting: (title, work) => lasting(title, ({ signal }) => work(signal)),
};
