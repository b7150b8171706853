/**
 * Text of models, vendors and briefs for places where the editor would read more than text out of it: messages turn
 * `[words](command:…)` into links that run commands, labels turn `$(name)` into pictures.
 */
export function plain(text: string): string {
  return text.replaceAll('](', '] (').replaceAll('$(', '$ (');
}

/** The same on one line, for labels and descriptions. */
export function plainLine(text: string, maxLength = 120): string {
  const line = plain(text).replace(/\s+/g, ' ').trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}
