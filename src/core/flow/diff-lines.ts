/** Line numbers, in the new file, that a unified diff touches (added lines and the place of removals), by path. */
export function touchedLines(patch: string): Map<string, Set<number>> {
  const touched = new Map<string, Set<number>>();
  let lines = new Set<number>();
  let next = 0;
  for (const line of patch.split('\n')) {
    if (line.startsWith('diff --git ')) next = 0;
    else if (line.startsWith('+++ ') && next === 0) {
      const path = line
        .slice(4)
        .replace(/^"?b\//, '')
        .replace(/"?\t?$/, '');
      lines = touched.get(path) ?? new Set();
      touched.set(path, lines);
    } else if (line.startsWith('@@')) {
      next = Number(/\+(\d+)/.exec(line)?.[1] ?? 0);
    } else if (next > 0) {
      if (line.startsWith('+')) lines.add(next++);
      else if (line.startsWith('-')) lines.add(next);
      else if (line.startsWith(' ')) next += 1;
    }
  }
  return touched;
}
