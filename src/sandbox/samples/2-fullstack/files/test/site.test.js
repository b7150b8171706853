import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LIMITS } from '../contract/limits.js';
import { createApi, findApi, NoteRefused } from '../site/api.js';
import { renderNotes } from '../site/render.js';

const site = new URL('../site/', import.meta.url);
const html = readFileSync(new URL('index.html', site), 'utf8');
const note = { id: 'a', title: 'Standup', body: 'Moved to ten.', author: 'Ada', createdAt: '2026-03-01T09:30:00.000+00:00' };

test('the form takes as much text as all parts agreed on', () => {
  for (const [field, limit] of Object.entries(LIMITS)) {
    assert.match(html, new RegExp(`<(input|textarea) id="${field}" name="${field}"[^>]* maxlength="${limit}" required`));
    assert.match(html, new RegExp(`<label for="${field}">`));
  }
});

test('the page loads only files of its own', () => {
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]);
  assert.ok(files.length >= 3);
  for (const file of files) assert.ok(existsSync(new URL(file, site)), file);
});

test('a note shows its title, text, author and time', () => {
  const shown = renderNotes([note], 'en-GB');
  for (const text of ['Standup', 'Moved to ten.', 'Ada', 'datetime="2026-03-01T09:30:00.000Z"', '1 Mar 2026']) {
    assert.ok(shown.includes(text), text);
  }
});

test('notes are shown in the order they come in', () => {
  const shown = renderNotes([{ ...note, title: 'Second' }, { ...note, title: 'First' }], 'en-GB');
  assert.ok(shown.indexOf('Second') < shown.indexOf('First'));
});

test('an empty board invites to write', () => {
  assert.match(renderNotes([], 'en-GB'), /Write the first one/);
});

test('the address of the function comes out of the settings', async () => {
  const settings = { functions: { 'notes-api': 'https://notes.example/' } };
  assert.equal(await findApi(async () => Response.json(settings)), 'https://notes.example');
});

test('a page without settings says that it is not connected', async () => {
  for (const answer of [new Response('', { status: 404 }), Response.json({ functions: {} })]) {
    await assert.rejects(findApi(async () => answer), /not connected/);
  }
});

test('a note is sent as JSON and comes back saved', async () => {
  const sent = [];
  const fetch = async (url, options) => {
    sent.push({ url, ...options });
    return Response.json({ note }, { status: 201 });
  };
  const api = createApi({ url: 'https://notes.example', fetch });
  assert.deepEqual(await api.add({ title: 'Standup' }), note);
  assert.equal(sent[0].url, 'https://notes.example/');
  assert.equal(sent[0].headers['content-type'], 'application/json');
  assert.equal(sent[0].body, '{"title":"Standup"}');
});

test('a refusal carries the problems of the fields', async () => {
  const problems = [{ field: 'title', message: 'The title is missing.' }];
  const fetch = async () => Response.json({ error: 'The note was not saved.', problems }, { status: 400 });
  const api = createApi({ url: 'https://notes.example', fetch });
  await assert.rejects(api.add({}), (error) => {
    assert.ok(error instanceof NoteRefused);
    assert.equal(error.message, 'The note was not saved.');
    assert.deepEqual(error.problems, problems);
    return true;
  });
});

test('an outage is told in the words of the function', async () => {
  const fetch = async () => Response.json({ error: 'Try again in a moment.' }, { status: 502 });
  await assert.rejects(createApi({ url: 'https://notes.example', fetch }).list(), /Try again in a moment/);
});
