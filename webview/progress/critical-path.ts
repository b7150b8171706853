/** A piece of work on the way to the end: what it waits for, and what it takes (really, or by estimate). */
export interface PathNode {
  id: string;
  dependsOn: readonly string[];
  durationMs: number;
}

/**
 * The chain of dependent nodes that takes longest, first to last: what decides when everything is done. Between equal chains
 * the one whose last node comes first in the list wins. Unknown dependencies count for nothing; a cycle is cut where it closes.
 */
export function criticalPath(nodes: readonly PathNode[]): string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const best = new Map<string, { totalMs: number; before: string | null }>();
  const open = new Set<string>();

  const reach = (node: PathNode): number => {
    const known = best.get(node.id);
    if (known !== undefined) return known.totalMs;
    open.add(node.id);
    let before: string | null = null;
    let longestMs = 0;
    for (const id of node.dependsOn) {
      const dependency = byId.get(id);
      if (dependency === undefined || open.has(id)) continue;
      const reachedMs = reach(dependency);
      if (before !== null && reachedMs <= longestMs) continue;
      before = id;
      longestMs = reachedMs;
    }
    open.delete(node.id);
    const totalMs = longestMs + Math.max(0, node.durationMs);
    best.set(node.id, { totalMs, before });
    return totalMs;
  };

  let last: string | null = null;
  let longestMs = -1;
  for (const node of nodes) {
    const totalMs = reach(node);
    if (totalMs <= longestMs) continue;
    last = node.id;
    longestMs = totalMs;
  }
  const path: string[] = [];
  for (let id = last; id !== null; id = best.get(id)?.before ?? null) path.unshift(id);
  return path;
}
