/** The page is served from another domain than the function, and there is nothing secret in the answers. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers': 'content-type',
};
const PAGE_SIZE = 50;

/**
 * The function `notes-api`: `GET /` lists the newest notes, `POST /` adds one.
 *
 * readNote(input): checks a note; toNote(row): row to note; openRows(req): the table, with the key of this request.
 */
export function createHandler({ readNote, toNote, openRows }) {
  return async ({ req, res, error }) => {
    const answer = (body, status) => res.json(body, status, CORS);
    if (req.method === 'OPTIONS') return res.text('', 204, CORS);
    if (req.path !== '/') return answer({ error: `There is nothing at ${req.path}.` }, 404);
    try {
      if (req.method === 'GET') {
        const rows = await openRows(req).newest(PAGE_SIZE);
        return answer({ notes: rows.map(toNote) }, 200);
      }
      if (req.method === 'POST') {
        const checked = readNote(parseJson(req.bodyText));
        if (!checked.ok) return answer({ error: 'The note was not saved.', problems: checked.problems }, 400);
        return answer({ note: toNote(await openRows(req).add(checked.note)) }, 201);
      }
      return answer({ error: 'Only GET and POST are known here.' }, 405);
    } catch (cause) {
      // The details go to the log of the execution; they are of no use to a visitor.
      error(cause instanceof Error ? cause.message : String(cause));
      return answer({ error: 'The notes cannot be reached right now. Try again in a moment.' }, 502);
    }
  };
}

/** Undefined for what is no JSON: the rules of a note say what to send instead. */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
