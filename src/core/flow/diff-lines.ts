/** How `git diff` prints what changed. Lines of content begin with ` `, `+`, `-` or `\`, so no file can imitate a header. */

const ESCAPES: Record<string, string> = { a: '\x07', b: '\b', t: '\t', n: '\n', v: '\v', f: '\f', r: '\r' };

/** A path of a header as it is in the tree: git quotes control characters, quotes and backslashes, and ends one with spaces by a tab. */
export function printedPath(text: string): string {
  const name = text.replace(/\t$/, '');
  if (!name.startsWith('"')) return name;
  return name
    .slice(1, -1)
    .replace(/\\([0-7]{3}|.)/g, (_all, code: string) =>
      /^\d/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code),
    );
}

/** Line numbers, in the new file, that a unified diff touches (added lines and the place of removals), by path. */
export function touchedLines(patch: string): Map<string, Set<number>> {
  const touched = new Map<string, Set<number>>();
  let lines = new Set<number>();
  let next = 0;
  for (const line of patch.split('\n')) {
    if (line.startsWith('diff --git ')) next = 0;
    else if (line.startsWith('+++ ') && next === 0) {
      const path = printedPath(line.slice(4)).replace(/^b\//, '');
      lines = touched.get(path) ?? new Set();
      touched.set(path, lines);
    } else if (line.startsWith('@@')) {
      next = Number(/\+(\d+)/.exec(line)?.[1] ?? 0);
    } else if (next > 0) {
      if (line.startsWith('+')) lines.add(next++);
      else if (line.startsWith('-')) lines.add(next);
      // An empty line of context is one too: git can be told to print it without its space.
      else if (line.startsWith(' ') || line === '') next += 1;
    }
  }
  return touched;
}

/** True for a diff that `Repository.patch` has cut. */
export function isCut(patch: string): boolean {
  return patch.slice(patch.lastIndexOf('\n', patch.length - 2) + 1).startsWith('[diff cut after ');
}

/** The diff without the text of its lines, for which `touchedLines` gives the same: one character a line of content. */
export function outlineOf(patch: string): string {
  let inHunk = false;
  return patch
    .split('\n')
    .map((line) => {
      if (line.startsWith('diff --git ')) inHunk = false;
      else if (line.startsWith('@@')) inHunk = true;
      else if (inHunk && /^[ +\-\\]/.test(line)) return line.charAt(0);
      return line;
    })
    .join('\n');
}
