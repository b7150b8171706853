/** Id of the function that keeps the notes; the deployment writes its address into settings.json. */
const FUNCTION_ID = 'notes-api';

/** A refusal of the function, with what is wrong with each field. */
export class NoteRefused extends Error {
  constructor(message, problems) {
    super(message);
    this.name = 'NoteRefused';
    this.problems = problems;
  }
}

/** The address of the function, out of the settings that the deployment wrote beside this page. */
export async function findApi(fetch) {
  const response = await fetch('settings.json', { cache: 'no-store' });
  const settings = response.ok ? await response.json() : {};
  const url = settings.functions?.[FUNCTION_ID];
  if (typeof url !== 'string') throw new Error('This page is not connected to its notes yet. Deploy it first.');
  return url.replace(/\/$/, '');
}

/** The notes behind a URL: `list()` gives them newest first, `add(note)` saves one. */
export function createApi({ url, fetch }) {
  async function call(options) {
    const response = await fetch(`${url}/`, options);
    const body = await response.json().catch(() => ({}));
    if (response.status === 400) throw new NoteRefused(body.error, body.problems ?? []);
    if (!response.ok) throw new Error(body.error ?? 'The notes cannot be reached right now.');
    return body;
  }
  return {
    list: async () => (await call({ method: 'GET' })).notes,
    add: async (note) => {
      const headers = { 'content-type': 'application/json' };
      return (await call({ method: 'POST', headers, body: JSON.stringify(note) })).note;
    },
  };
}
