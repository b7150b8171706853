import * as vscode from 'vscode';
import type { HostApp } from './app.ts';

/** Registered objects whose insides are loaded when the editor first asks for them. */

/** The same promise for every caller; after a failure the next caller tries again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    if (made !== null) return made;
    const work = make();
    made = work;
    work.catch(() => {
      if (made === work) made = null;
    });
    return work;
  };
}

/** Runs a part of the activation; its failure is shown in the console of the host and stays its own. */
export function guard(work: () => void): void {
  try {
    work();
  } catch (thrown) {
    console.error('AI Development Orchestrator:', thrown);
  }
}

/** Tree elements are opaque here; each tree knows its own. */
export type AnyTree = vscode.TreeDataProvider<unknown>;

export function lazyTree(load: () => Promise<AnyTree>): AnyTree & vscode.Disposable {
  const changed = new vscode.EventEmitter<unknown>();
  let tree: AnyTree | null = null;
  let subscription: vscode.Disposable | undefined;
  const loaded = once(async () => {
    tree = await load();
    subscription = tree.onDidChangeTreeData?.((element) => changed.fire(element));
    return tree;
  });
  return {
    onDidChangeTreeData: changed.event,
    getChildren: async (element) => (await loaded()).getChildren(element),
    // Elements come from a loaded tree.
    getTreeItem: async (element) => (tree ?? (await loaded())).getTreeItem(element),
    getParent: async (element) => (await loaded()).getParent?.(element),
    resolveTreeItem: async (item, element, token) => (await loaded()).resolveTreeItem?.(item, element, token) ?? item,
    dispose() {
      subscription?.dispose();
      changed.dispose();
    },
  };
}

export function lazyCommits(app: () => Promise<HostApp>): vscode.TextDocumentContentProvider {
  return {
    provideTextDocumentContent: async (uri, token) =>
      (await app()).review.commits.provideTextDocumentContent(uri, token),
  };
}

/** The editor asks `watch` and `onDidChangeFile` at once; everything else may wait for the insides. */
export function lazyFiles(app: () => Promise<HostApp>): vscode.FileSystemProvider {
  const changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  const files = once(async () => {
    const { files: real } = (await app()).review;
    real.onDidChangeFile((events) => changed.fire(events));
    return real;
  });
  return {
    onDidChangeFile: changed.event,
    watch: () => ({ dispose: () => undefined }),
    stat: async (uri) => (await files()).stat(uri),
    readDirectory: async (uri) => (await files()).readDirectory(uri),
    createDirectory: async (uri) => (await files()).createDirectory(uri),
    readFile: async (uri) => (await files()).readFile(uri),
    writeFile: async (uri, content, options) => (await files()).writeFile(uri, content, options),
    delete: async (uri, options) => (await files()).delete(uri, options),
    rename: async (from, to, options) => (await files()).rename(from, to, options),
  };
}
