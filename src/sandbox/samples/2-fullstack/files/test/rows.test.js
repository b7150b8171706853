import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRows } from '../functions/notes-api/src/rows.js';

function rowsWith(respond) {
  const calls = [];
  const rows = createRows({
    endpoint: 'https://cloud.example/v1',
    projectId: 'p1',
    key: 'dynamic-key',
    databaseId: 'team-notes',
    tableId: 'notes',
    fetch: async (url, options) => {
      calls.push({ url: new URL(url), ...options });
      return respond();
    },
  });
  return { rows, calls };
}

test('the newest rows are asked for with the project and the key of the execution', async () => {
  const { rows, calls } = rowsWith(() => Response.json({ total: 1, rows: [{ $id: 'a' }] }));
  assert.deepEqual(await rows.newest(50), [{ $id: 'a' }]);
  const [{ url, method, headers }] = calls;
  assert.equal(method, 'GET');
  assert.equal(url.pathname, '/v1/tablesdb/team-notes/tables/notes/rows');
  assert.deepEqual(
    [...url.searchParams].map(([name, query]) => [name, JSON.parse(query)]),
    [
      ['queries[0]', { method: 'orderDesc', attribute: '$createdAt' }],
      ['queries[1]', { method: 'limit', values: [50] }],
    ],
  );
  assert.equal(headers['x-appwrite-project'], 'p1');
  assert.equal(headers['x-appwrite-key'], 'dynamic-key');
});

test('a new row is sent with an id of its own', async () => {
  const { rows, calls } = rowsWith(() => Response.json({ $id: 'made' }, { status: 201 }));
  assert.deepEqual(await rows.add({ title: 'One' }), { $id: 'made' });
  await rows.add({ title: 'Two' });
  const bodies = calls.map((call) => JSON.parse(call.body));
  assert.deepEqual(bodies.map((body) => body.data), [{ title: 'One' }, { title: 'Two' }]);
  for (const { rowId } of bodies) assert.match(rowId, /^[a-z0-9]{1,36}$/);
  assert.notEqual(bodies[0].rowId, bodies[1].rowId);
});

test('a refusal is an error that names the status and the type, never the key', async () => {
  const { rows } = rowsWith(() => Response.json({ type: 'general_unauthorized_scope' }, { status: 401 }));
  await assert.rejects(rows.newest(1), (error) => {
    assert.match(error.message, /401 general_unauthorized_scope/);
    assert.doesNotMatch(error.message, /dynamic-key/);
    return true;
  });
});

test('an answer that is no JSON is an error, too', async () => {
  const { rows } = rowsWith(() => new Response('<html>', { status: 503 }));
  await assert.rejects(rows.newest(1), /GET rows: 503/);
});
