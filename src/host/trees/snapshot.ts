import type { Row, TreeNode } from './nodes.ts';

/** A tree at one moment. */
export interface Snapshot {
  readonly roots: readonly Row[];
  readonly rows: ReadonlyMap<string, Row>;
  /** Id of the row above; null at the top. */
  readonly parents: ReadonlyMap<string, string | null>;
}

export function takeSnapshot(roots: readonly Row[]): Snapshot {
  const rows = new Map<string, Row>();
  const parents = new Map<string, string | null>();
  const visit = (row: Row, parent: string | null) => {
    rows.set(row.node.id, row);
    parents.set(row.node.id, parent);
    for (const child of row.children) visit(child, row.node.id);
  };
  for (const row of roots) visit(row, null);
  return { roots, rows, parents };
}

function shownKey({ children: _, ...shown }: Row): string {
  return JSON.stringify(shown);
}

function hasSameRows(before: readonly Row[], after: readonly Row[]): boolean {
  return before.length === after.length && before.every((row, index) => row.node.id === after[index]?.node.id);
}

/**
 * The rows to draw anew: those that show something else, and the nearest parent of rows that came, went or moved; `'all'` when
 * that is the top. The editor draws what is below a row with it, so nothing below a returned row is returned.
 */
export function changedRows(before: Snapshot, after: Snapshot): 'all' | TreeNode[] {
  if (!hasSameRows(before.roots, after.roots)) return 'all';
  const changed: TreeNode[] = [];
  const compare = (old: Row, now: Row) => {
    if (old === now) return;
    if (!hasSameRows(old.children, now.children) || shownKey(old) !== shownKey(now)) {
      changed.push(now.node);
      return;
    }
    now.children.forEach((child, index) => {
      const oldChild = old.children[index];
      if (oldChild !== undefined) compare(oldChild, child);
    });
  };
  after.roots.forEach((row, index) => {
    const old = before.roots[index];
    if (old !== undefined) compare(old, row);
  });
  return changed;
}
