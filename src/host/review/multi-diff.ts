import * as vscode from 'vscode';

/** One file of a multi-file diff. */
export interface DiffPair {
  label: vscode.Uri;
  original: vscode.Uri;
  modified: vscode.Uri;
}

export interface Reveal {
  modified: vscode.Uri;
  /** From 0. */
  line: number;
}

/** Opens VS Code's multi-file diff in place of `old` ones. */
export async function openMultiDiff(
  title: string,
  pairs: readonly DiffPair[],
  reveal: Reveal | null,
  old: readonly vscode.Tab[],
): Promise<void> {
  if (reveal !== null && (await openAt(title, pairs, reveal))) {
    await close(old);
    return;
  }
  await vscode.commands.executeCommand(
    'vscode.changes',
    title,
    pairs.map(({ label, original, modified }) => [label, original, modified]),
  );
  await close(old);
}

/** The editor's own command for opening at a place is not part of its API, so that it may be missing. */
async function openAt(title: string, pairs: readonly DiffPair[], reveal: Reveal): Promise<boolean> {
  const range = { startLineNumber: reveal.line + 1, startColumn: 1, endLineNumber: reveal.line + 1, endColumn: 1 };
  try {
    await vscode.commands.executeCommand('_workbench.openMultiDiffEditor', {
      title,
      resources: pairs.map(({ original, modified }) => ({ originalUri: original, modifiedUri: modified })),
      reveal: { modifiedUri: reveal.modified, range },
    });
    return true;
  } catch {
    return false;
  }
}

/** Open multi-file diffs of which `isWanted` says so of a modified side. */
export function tabsWith(isWanted: (modified: vscode.Uri) => boolean): vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => modifiedSides(tab).some(isWanted));
}

/** The modified sides of a tab; none for one that is no multi-file diff. */
export function modifiedSides(tab: vscode.Tab): vscode.Uri[] {
  // Its class is not part of the API yet, the object is there.
  const { input } = tab;
  if (typeof input !== 'object' || input === null || !('textDiffs' in input) || !Array.isArray(input.textDiffs))
    return [];
  return input.textDiffs.flatMap(({ modified }: { modified?: unknown }) =>
    modified instanceof vscode.Uri ? [modified] : [],
  );
}

async function close(tabs: readonly vscode.Tab[]): Promise<void> {
  const still = new Set(vscode.window.tabGroups.all.flatMap((group) => group.tabs));
  const left = tabs.filter((tab) => still.has(tab));
  if (left.length === 0) return;
  try {
    await vscode.window.tabGroups.close(left, true);
  } catch {
    // A preview has gone by itself when the next one opened.
  }
}
