interface Folder {
  name: string;
  depth: number;
  folders: Map<string, Folder>;
  files: string[];
  /** Files in it and below. */
  fileCount: number;
  expanded: boolean;
}

function folder(name: string, depth: number): Folder {
  return { name, depth, folders: new Map(), files: [], fileCount: 0, expanded: false };
}

function build(paths: readonly string[]): Folder {
  const root = folder('', -1);
  for (const entry of paths) {
    const parts = entry.split('/');
    const file = parts.pop() ?? '';
    let at = root;
    at.fileCount += 1;
    for (const part of parts) {
      let next = at.folders.get(part);
      if (next === undefined) {
        next = folder(part, at.depth + 1);
        at.folders.set(part, next);
      }
      at = next;
      at.fileCount += 1;
    }
    at.files.push(file);
  }
  return root;
}

function line(depth: number, text: string): string {
  return `${'  '.repeat(depth)}${text}\n`;
}

function folderLine(at: Folder): string {
  if (at.expanded) return line(at.depth, `${at.name}/`);
  return line(at.depth, `${at.name}/ (${at.fileCount} ${at.fileCount === 1 ? 'file' : 'files'})`);
}

/** Characters that the children take while their own folders are closed. */
function childrenLength(at: Folder): number {
  let length = 0;
  for (const child of at.folders.values()) length += folderLine(child).length;
  for (const file of at.files) length += line(at.depth + 1, file).length;
  return length;
}

function render(at: Folder, lines: string[]): void {
  for (const child of [...at.folders.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    lines.push(folderLine(child));
    if (child.expanded) render(child, lines);
  }
  for (const file of [...at.files].sort()) lines.push(line(at.depth + 1, file));
}

/** The start of a listing that does not fit, with a line that says how much is missing. */
function cutLines(lines: readonly string[], maxCharacters: number): string {
  const note = (missing: number) => `... ${missing} more\n`;
  const room = maxCharacters - note(lines.length).length;
  let text = '';
  let shown = 0;
  for (const entry of lines) {
    if (text.length + entry.length > room) break;
    text += entry;
    shown += 1;
  }
  return room < 0 ? '' : text + note(lines.length - shown);
}

/**
 * Indented tree of files, two spaces a level, at most maxCharacters. Folders are opened from the top, the small ones of
 * a level first, as long as there is room; a closed one shows its number of files.
 */
export function renderTree(paths: readonly string[], maxCharacters: number): string {
  const root = build(paths);
  root.expanded = true;
  let length = childrenLength(root);
  const lines: string[] = [];
  if (length > maxCharacters) {
    render(root, lines);
    return cutLines(lines, maxCharacters);
  }
  let level = [...root.folders.values()];
  while (level.length > 0) {
    const next: Folder[] = [];
    for (const at of level.sort((a, b) => a.fileCount - b.fileCount || (a.name < b.name ? -1 : 1))) {
      const closed = folderLine(at).length;
      const opened = line(at.depth, `${at.name}/`).length + childrenLength(at);
      if (length - closed + opened > maxCharacters) continue;
      length += opened - closed;
      at.expanded = true;
      next.push(...at.folders.values());
    }
    level = next;
  }
  render(root, lines);
  return lines.join('');
}
