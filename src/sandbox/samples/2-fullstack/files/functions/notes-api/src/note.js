/** Longest texts of a note, in characters; the same as the columns of the table. */
export const LIMITS = { title: 80, body: 2000, author: 40 };

const FIELDS = {
  title: { name: 'The title', multiline: false },
  body: { name: 'The text', multiline: true },
  author: { name: 'Your name', multiline: false },
};

/**
 * Reads a note out of whatever was sent.
 * Returns `{ ok: true, note: { title, body, author } }`, or `{ ok: false, problems: [{ field, message }] }`.
 */
export function readNote(input) {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return { ok: false, problems: [{ field: null, message: 'Send a JSON object with title, body and author.' }] };
  }
  const note = {};
  const problems = [];
  for (const [field, { name, multiline }] of Object.entries(FIELDS)) {
    const value = input[field];
    const text = typeof value === 'string' ? tidy(value, multiline) : '';
    const length = [...text].length;
    if (length === 0) problems.push({ field, message: `${name} is missing.` });
    else if (length > LIMITS[field]) {
      problems.push({ field, message: `${name} has ${length} characters; at most ${LIMITS[field]} fit.` });
    }
    note[field] = text;
  }
  return problems.length === 0 ? { ok: true, note } : { ok: false, problems };
}

/** A row of the table as the note that clients see. */
export function toNote(row) {
  return { id: row.$id, title: row.title, body: row.body, author: row.author, createdAt: row.$createdAt };
}

/** Removes control characters and outer white space; keeps line breaks where a text may have them. */
function tidy(text, multiline) {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const clean = lines.map((line) => line.replace(/\p{Cc}/gu, ' ').trimEnd());
  return clean.join(multiline ? '\n' : ' ').trim();
}
