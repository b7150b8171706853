import * as vscode from 'vscode';
import type { HostApp } from '../app.ts';
import type { AnyTree } from '../shells.ts';

export interface TreeViews {
  inbox: vscode.TreeView<unknown>;
  agents: vscode.TreeView<unknown>;
  tasks: vscode.TreeView<unknown>;
}

export interface Trees extends vscode.Disposable {
  readonly inbox: AnyTree;
  readonly agents: AnyTree;
  readonly tasks: AnyTree;
}

export function createTrees(_app: HostApp, _views: TreeViews): Trees {
  const none: AnyTree = { getChildren: () => [], getTreeItem: () => new vscode.TreeItem('') };
  return { inbox: none, agents: none, tasks: none, dispose: () => undefined };
}
