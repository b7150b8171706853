import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandler } from '../functions/notes-api/src/handler.js';

const response = {
  json: (body, status, headers) => ({ body, status, headers }),
  text: (body, status, headers) => ({ body, status, headers }),
};

async function ask({ method, path = '/', bodyText = '' }, parts = {}) {
  const logged = [];
  const handler = createHandler({
    readNote: (input) =>
      input?.title ? { ok: true, note: input } : { ok: false, problems: [{ field: 'title', message: 'missing' }] },
    toNote: (row) => ({ id: row.$id, title: row.title }),
    openRows: () => ({
      newest: async () => [{ $id: 'b', title: 'Newer' }, { $id: 'a', title: 'Older' }],
      add: async (note) => ({ $id: 'c', ...note }),
    }),
    ...parts,
  });
  const req = { method, path, bodyText, headers: {} };
  return { ...(await handler({ req, res: response, error: (text) => logged.push(text) })), logged };
}

test('GET lists the notes in the order of the table', async () => {
  const { status, body } = await ask({ method: 'GET' });
  assert.equal(status, 200);
  assert.deepEqual(body, { notes: [{ id: 'b', title: 'Newer' }, { id: 'a', title: 'Older' }] });
});

test('POST adds a note and returns it', async () => {
  const { status, body } = await ask({ method: 'POST', bodyText: '{"title":"New"}' });
  assert.equal(status, 201);
  assert.deepEqual(body, { note: { id: 'c', title: 'New' } });
});

test('a wrong note is refused with its problems and never reaches the table', async () => {
  const openRows = () => assert.fail('the table was opened');
  const { status, body } = await ask({ method: 'POST', bodyText: '{"title":""}' }, { openRows });
  assert.equal(status, 400);
  assert.deepEqual(body.problems, [{ field: 'title', message: 'missing' }]);
});

test('a body that is no JSON is a wrong note, not a crash', async () => {
  assert.equal((await ask({ method: 'POST', bodyText: 'title=New' })).status, 400);
});

test('a browser may ask from another domain', async () => {
  const preflight = await ask({ method: 'OPTIONS' });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers['access-control-allow-headers'], /content-type/);
  for (const method of ['GET', 'POST', 'DELETE']) {
    assert.equal((await ask({ method })).headers['access-control-allow-origin'], '*');
  }
});

test('other paths and methods are refused', async () => {
  assert.equal((await ask({ method: 'GET', path: '/admin' })).status, 404);
  assert.equal((await ask({ method: 'DELETE' })).status, 405);
});

test('a failing table is logged and answered without its details', async () => {
  const openRows = () => ({ newest: async () => Promise.reject(new Error('401 general_unauthorized_scope')) });
  const { status, body, logged } = await ask({ method: 'GET' }, { openRows });
  assert.equal(status, 502);
  assert.doesNotMatch(JSON.stringify(body), /unauthorized/);
  assert.deepEqual(logged, ['401 general_unauthorized_scope']);
});
