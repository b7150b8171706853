import * as vscode from 'vscode';
import { commandId } from '../ids.ts';
import type { Row, TreeNode } from './nodes.ts';
import { badgeUri } from './row-badges.ts';
import { changedRows, type Snapshot, takeSnapshot } from './snapshot.ts';

export interface Tree extends vscode.Disposable {
  readonly provider: Required<vscode.TreeDataProvider<TreeNode>>;
  /** Draws what has changed since the last look; nothing before the editor asked for the tree. */
  update(): void;
}

export interface TreeOptions {
  /** Before the first rows. Never rejects: rows say what went wrong. */
  load(): Promise<void>;
  rows(): Row[];
  tooltip(node: TreeNode): string | null;
}

/** A tree of the editor over rows that are made anew at every change, and of which only the changed ones are drawn. */
export function createTree(options: TreeOptions): Tree {
  const changed = new vscode.EventEmitter<TreeNode | TreeNode[] | undefined>();
  /** The objects that the editor knows, by id: it finds a row to draw by the identity of its object. */
  const nodes = new Map<string, TreeNode>();
  let snapshot: Snapshot | null = null;

  const take = (): Snapshot => {
    const next = takeSnapshot(options.rows());
    for (const id of nodes.keys()) if (!next.rows.has(id)) nodes.delete(id);
    snapshot = next;
    return next;
  };
  const keep = (node: TreeNode): TreeNode => {
    const known = nodes.get(node.id);
    if (known !== undefined) return known;
    nodes.set(node.id, node);
    return node;
  };

  return {
    provider: {
      onDidChangeTreeData: changed.event,
      async getChildren(node) {
        if (node !== undefined) return (snapshot?.rows.get(node.id)?.children ?? []).map((row) => keep(row.node));
        await options.load();
        return take().roots.map((row) => keep(row.node));
      },
      getTreeItem(node) {
        const row = snapshot?.rows.get(node.id);
        return row === undefined ? new vscode.TreeItem('') : toItem({ ...row, node: keep(row.node) });
      },
      getParent(node) {
        const parent = snapshot?.parents.get(node.id);
        const row = parent == null ? undefined : snapshot?.rows.get(parent);
        return row === undefined ? undefined : keep(row.node);
      },
      resolveTreeItem(item, node) {
        item.tooltip = options.tooltip(node) ?? undefined;
        return item;
      },
    },
    update() {
      if (snapshot === null) return;
      const rows = changedRows(snapshot, take());
      if (rows === 'all') changed.fire(undefined);
      else if (rows.length > 0) changed.fire(rows.map(keep));
    },
    dispose: () => changed.dispose(),
  };
}

const FOLDING: Record<Row['folding'], vscode.TreeItemCollapsibleState> = {
  none: vscode.TreeItemCollapsibleState.None,
  collapsed: vscode.TreeItemCollapsibleState.Collapsed,
  expanded: vscode.TreeItemCollapsibleState.Expanded,
};

function toItem(row: Row): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label, FOLDING[row.folding]);
  item.id = row.node.id;
  item.description = row.description;
  item.contextValue = row.context;
  item.accessibilityInformation = { label: row.speech };
  item.iconPath = iconOf(row);
  const resourceUri = badgeUri(row);
  if (resourceUri !== null) item.resourceUri = resourceUri;
  if (row.click !== null) {
    const { command, title } = row.click;
    item.command = { command: commandId(command), title, arguments: [row.node] };
  }
  return item;
}

function iconOf({ icon }: Row): vscode.ThemeIcon {
  if (icon === null) return vscode.ThemeIcon.File;
  return new vscode.ThemeIcon(icon.id, icon.color === null ? undefined : new vscode.ThemeColor(icon.color));
}
