import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS as CONTRACT } from '../contract/limits.js';
import { LIMITS, readNote, toNote } from '../functions/notes-api/src/note.js';

const valid = { title: 'Standup', body: 'Moved to ten.', author: 'Ada' };

test('a complete note is accepted as it is', () => {
  assert.deepEqual(readNote(valid), { ok: true, note: valid });
});

test('fields that a note does not have are left out', () => {
  assert.deepEqual(readNote({ ...valid, $id: 'x', admin: true }), { ok: true, note: valid });
});

test('outer white space and control characters are removed, line breaks of the text are kept', () => {
  const { note } = readNote({ title: '  Stand\u0000up\n', body: '\r\none  \r\ntwo\n', author: '\tAda ' });
  assert.deepEqual(note, { title: 'Stand up', body: 'one\ntwo', author: 'Ada' });
});

test('everything that is missing is named at once', () => {
  const { ok, problems } = readNote({ title: '   ', body: 7 });
  assert.equal(ok, false);
  assert.deepEqual(problems.map((problem) => problem.field), ['title', 'body', 'author']);
  assert.equal(problems[0].message, 'The title is missing.');
});

test('a text of the longest size fits and one more character does not', () => {
  for (const [field, limit] of Object.entries(LIMITS)) {
    assert.equal(readNote({ ...valid, [field]: 'x'.repeat(limit) }).ok, true, field);
    const { problems } = readNote({ ...valid, [field]: 'x'.repeat(limit + 1) });
    assert.equal(problems.length, 1, field);
    assert.match(problems[0].message, new RegExp(`${limit + 1} characters; at most ${limit} fit`));
  }
});

test('a character outside the basic plane counts once', () => {
  assert.equal(readNote({ ...valid, title: '🦀'.repeat(LIMITS.title) }).ok, true);
});

test('what is no object is refused in words', () => {
  for (const input of [null, undefined, 'text', 3, [valid]]) {
    const { ok, problems } = readNote(input);
    assert.equal(ok, false);
    assert.match(problems[0].message, /JSON object/);
  }
});

test('a row becomes a note without the internals of the table', () => {
  const row = { ...valid, $id: 'n1', $createdAt: '2026-01-01T10:00:00.000+00:00', $permissions: [], $tableId: 'notes' };
  assert.deepEqual(toNote(row), { id: 'n1', ...valid, createdAt: row.$createdAt });
});

test('the limits are the ones all parts agreed on', () => {
  assert.deepEqual(LIMITS, CONTRACT);
});
