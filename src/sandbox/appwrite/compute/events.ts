/** Something that happened in a project: `databases.crew.tables.tasks.rows.r1.create`, with every id filled in. */
export interface ProjectEvent {
  name: string;
  payload: unknown;
  /** Who did it; '' for a key. */
  userId: string;
}

/** The older words for tables and rows, which patterns may use too. */
const OLDER: Readonly<Record<string, string>> = { tables: 'collections', rows: 'documents' };

/**
 * True when the pattern names the event, or one of the things it belongs to: `databases.*`, `databases.a.tables.b`,
 * `databases.a.tables.b.rows.*`, each with or without the stars.
 */
export function eventMatches(pattern: string, name: string): boolean {
  const older = name
    .split('.')
    .map((word, index) => (index % 2 === 0 ? (OLDER[word] ?? word) : word))
    .join('.');
  return [name, older].some((one) => namesEvent(pattern.split('.'), one.split('.')));
}

/** Names stand at even places and ids at odd ones; the last word is the action. */
function namesEvent(pattern: readonly string[], name: readonly string[]): boolean {
  if (pattern.length !== name.length && (pattern.length % 2 === 1 || pattern.length > name.length)) return false;
  return pattern.every((word, index) => word === name[index] || (word === '*' && index % 2 === 1));
}
