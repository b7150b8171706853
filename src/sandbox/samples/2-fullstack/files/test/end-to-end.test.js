import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { routes } from '../contract/routes.js';
import notesApi from '../functions/notes-api/src/main.js';
import { smoke } from '../scripts/smoke.js';
import { createApi, NoteRefused } from '../site/api.js';
import { renderNotes } from '../site/render.js';

const API_URL = 'https://notes-api.example';
const KEY = 'key-of-this-execution';
let table = [];

process.env.APPWRITE_FUNCTION_API_ENDPOINT = 'https://cloud.example/v1';
process.env.APPWRITE_FUNCTION_PROJECT_ID = 'p1';

/** The cloud's table, as far as the function uses it. */
globalThis.fetch = async (url, { method, headers, body }) => {
  assert.ok(url.startsWith('https://cloud.example/v1/tablesdb/team-notes/tables/notes/rows'), url);
  assert.equal(headers['x-appwrite-key'], KEY);
  if (method === 'GET') return Response.json({ total: table.length, rows: table.toReversed() });
  const { rowId, data } = JSON.parse(body);
  const row = { $id: rowId, $createdAt: new Date().toISOString(), ...data };
  table.push(row);
  return Response.json(row, { status: 201 });
};

/** Carries a browser's request to the function the way the cloud does. */
async function callFunction(url, { method, body = '' }) {
  const { pathname } = new URL(url);
  const respond = (text, status, headers) => new Response(status === 204 ? null : text, { status, headers });
  return notesApi({
    req: { method, path: pathname, bodyText: body, headers: { 'x-appwrite-key': KEY } },
    res: { json: (value, ...rest) => respond(JSON.stringify(value), ...rest), text: respond },
    error: (text) => assert.fail(text),
  });
}

const api = createApi({ url: API_URL, fetch: callFunction });

beforeEach(() => {
  table = [];
});

test('a note written on the page is there for everybody, newest first', async () => {
  await api.add({ title: 'First', body: 'One', author: 'Ada' });
  const saved = await api.add({ title: 'Second', body: 'Two', author: 'Grace' });
  const notes = await api.list();
  assert.deepEqual(notes.map((note) => note.title), ['Second', 'First']);
  assert.deepEqual(notes[0], saved);
});

test('a wrong note is refused with a clear message and not kept', async () => {
  await assert.rejects(api.add({ title: 'x'.repeat(81), body: '', author: 'Ada' }), (error) => {
    assert.ok(error instanceof NoteRefused);
    assert.deepEqual(error.problems.map((problem) => problem.field), ['title', 'body']);
    return true;
  });
  assert.deepEqual(table, []);
});

test('a note that holds markup is shown as text all the way', async () => {
  const attack = '<img src=x onerror="alert(1)">';
  await api.add({ title: attack, body: attack, author: attack });
  const shown = renderNotes(await api.list(), 'en-GB');
  assert.doesNotMatch(shown, /<img/);
  assert.equal(shown.split('&lt;img src=x').length - 1, 3);
});

test('the function answers its routes of the smoke check', async () => {
  const ours = routes.filter((route) => route.part === 'notes-api');
  assert.ok(ours.length >= 2);
  const results = await smoke({ routes: ours, urls: { 'notes-api': API_URL }, fetch: callFunction });
  assert.deepEqual(results.filter((result) => !result.passed), []);
  assert.deepEqual(table, []);
});

test('every deployed part is covered by the smoke check', () => {
  assert.deepEqual([...new Set(routes.map((route) => route.part))].sort(), ['notes-api', 'team-notes']);
});
