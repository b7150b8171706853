/** Text of people, models and vendors, inside Markdown: every mark is taken literally, so nothing becomes a link or a picture. */
export function escaped(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

/** The same, cut to a length before it is escaped. */
export function shortened(text: string, maxLength: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return escaped(line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`);
}
