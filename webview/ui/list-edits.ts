/** Changes of a list of lines. Pure. */

export function insertAt<T>(items: readonly T[], at: number, ...added: T[]): T[] {
  return [...items.slice(0, at), ...added, ...items.slice(at)];
}

export function removeAt<T>(items: readonly T[], at: number): T[] {
  return items.filter((_, index) => index !== at);
}

export function replaceAt<T>(items: readonly T[], at: number, item: T): T[] {
  return items.map((old, index) => (index === at ? item : old));
}

/** The same list when `to` is outside of it. */
export function moveItem<T>(items: readonly T[], from: number, to: number): T[] {
  const item = items[from];
  if (item === undefined || to < 0 || to >= items.length) return [...items];
  return insertAt(removeAt(items, from), to, item);
}

/** One item for each line that says something; signs of lists (`-`, `*`, `1.`, `[ ]`) are taken off. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*(?:(?:[-*+•–]|\d{1,3}[.)])\s+)?(?:\[[ xX]\]\s+)?/, '').trim())
    .filter((line) => line !== '');
}

/**
 * Text pasted into a row over its selection: what stood before the selection stays before the first line, what stood after it
 * stays behind the last. Null when the text has fewer than two lines, which the control takes by itself.
 */
export function pasteLines(
  items: readonly string[],
  at: number,
  text: string,
  selection: { start: number; end: number },
): { items: string[]; last: number } | null {
  const lines = linesOf(text);
  if (lines.length < 2) return null;
  const row = items[at] ?? '';
  const first = `${row.slice(0, selection.start)}${lines[0] ?? ''}`;
  const last = `${lines.at(-1) ?? ''}${row.slice(selection.end)}`;
  const added = [first, ...lines.slice(1, -1), last];
  return { items: [...items.slice(0, at), ...added, ...items.slice(at + 1)], last: at + added.length - 1 };
}
