import * as vscode from 'vscode';

/**
 * Resolves with true as soon as the cursor is where it is wanted, with false after `limitMs`. Call it before what moves the
 * cursor, so that no change of it is missed.
 */
export function arrival(isThere: () => boolean, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      if (isThere()) end(true);
    };
    const subscriptions = [
      vscode.window.onDidChangeActiveTextEditor(look),
      vscode.window.onDidChangeTextEditorSelection(look),
    ];
    const limit = setTimeout(() => end(isThere()), limitMs);
    const end = (isArrived: boolean) => {
      clearTimeout(limit);
      for (const subscription of subscriptions) subscription.dispose();
      resolve(isArrived);
    };
    look();
  });
}
