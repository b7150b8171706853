import assert from 'node:assert/strict';
import type { FidelityServer } from './server.ts';
import { assertRefused, refused, startServer } from './server.ts';

const ROWS = '/tablesdb/db/tables/notes/rows';
const place = { databaseId: 'db', tableId: 'notes' };

describe('Appwrite stand-in: rows', () => {
  let server: FidelityServer;
  const create = (rowId: string | null, data: unknown, more: Record<string, unknown> = {}) =>
    server.ask('POST', ROWS, { body: { rowId, data, ...more } });
  const change = (rowId: string, body: unknown, headers: Record<string, string> = {}) =>
    server.ask('PATCH', `${ROWS}/${rowId}`, { body, headers });
  const upsert = (rowId: string, body: unknown) => server.ask('PUT', `${ROWS}/${rowId}`, { body });

  beforeEach(async () => {
    server = await startServer();
    await server.tablesDB.create({ databaseId: 'db', name: 'Data' });
    await server.tablesDB.createTable({
      ...place,
      name: 'Notes',
      columns: [
        { key: 'title', type: 'string', size: 20, required: true },
        { key: 'rank', type: 'integer', min: 0, max: 10 },
        { key: 'score', type: 'double' },
        { key: 'on', type: 'boolean' },
        { key: 'due', type: 'datetime' },
        { key: 'mail', type: 'string', format: 'email' },
        { key: 'site', type: 'string', format: 'url' },
        { key: 'host', type: 'string', format: 'ip' },
        { key: 'state', type: 'string', format: 'enum', elements: ['open', 'done'], default: 'open' },
        { key: 'tags', type: 'string', size: 10, array: true },
        { key: 'spot', type: 'point' },
        { key: 'path', type: 'linestring' },
        { key: 'area', type: 'polygon' },
        { key: 'code', type: 'string', size: 10 },
      ],
      indexes: [{ key: 'by_code', type: 'unique', attributes: ['code'] }],
    });
  });
  afterEach(() => server.close());

  it('19: a row is 201 with its system fields; absent columns are null, lists are empty', async () => {
    const { status, body } = await create('one', { title: 'First' });
    assert.equal(status, 201);
    const { $createdAt, $updatedAt, $sequence, ...rest } = body ?? {};
    assert.equal(typeof $sequence, 'string');
    assert.match(String($createdAt), /\+00:00$/);
    assert.equal($updatedAt, $createdAt);
    const empty = { rank: null, score: null, on: null, due: null, mail: null, site: null, host: null, code: null };
    assert.deepEqual(rest, {
      ...{
        $id: 'one',
        $databaseId: 'db',
        $tableId: 'notes',
        $permissions: [],
        title: 'First',
        state: 'open',
        tags: [],
      },
      ...{ ...empty, spot: null, path: null, area: null },
    });
  });

  it('19: the server makes an id for unique()', async () => {
    const { body } = await create('unique()', { title: 'x' });
    assert.match(String(body?.$id), /^[0-9a-f]{20}$/);
  });

  it('20: a row without an id is 400 row_missing_data', async () => {
    assertRefused(await create(null, { title: 'x' }), 400, 'row_missing_data');
    assertRefused(await server.ask('POST', ROWS, { body: { rowId: 'x' } }), 400, 'row_missing_data');
  });

  it('20: data that is not an object is 400 general_argument_invalid', async () => {
    for (const data of ['text', 5, true, ['x']]) {
      assertRefused(await create('x', data), 400, 'general_argument_invalid', /data/);
    }
  });

  it('20: data may be a JSON object in a string', async () => {
    const { status, body } = await create('x', JSON.stringify({ title: 'from text', rank: 3 }));
    assert.deepEqual([status, body?.title, body?.rank], [201, 'from text', 3]);
  });

  const WRONG: [string, Record<string, unknown>][] = [
    ['a missing required column', { rank: 1 }],
    ['null in a required column', { title: null }],
    ['a number for text', { title: 5 }],
    ['text for a number', { title: 'x', rank: '5' }],
    ['a fraction for an integer', { title: 'x', rank: 1.5 }],
    ['a number out of its bounds', { title: 'x', rank: 11 }],
    ['text for a boolean', { title: 'x', on: 'yes' }],
    ['text that is too long', { title: 'a'.repeat(21) }],
    ['an unknown column', { title: 'x', colour: 'red' }],
    ['an unknown element', { title: 'x', state: 'other' }],
    ['no e-mail address', { title: 'x', mail: 'nobody' }],
    ['no URL', { title: 'x', site: 'nowhere' }],
    ['no IP address', { title: 'x', host: '300.1.1.1.1' }],
    ['no date', { title: 'x', due: 'tomorrow' }],
    ['one value for a list', { title: 'x', tags: 'a' }],
    ['a wrong item of a list', { title: 'x', tags: ['a', 5] }],
    ['a point of one coordinate', { title: 'x', spot: [1] }],
    ['a line of one point', { title: 'x', path: [[1, 2]] }],
  ];
  for (const [what, data] of WRONG) {
    it(`21: ${what} is 400 row_invalid_structure`, async () => {
      assertRefused(await create('x', data), 400, 'row_invalid_structure', /^Invalid row structure/);
      await refused(server.tablesDB.getRow({ ...place, rowId: 'x' }), 404, 'row_not_found');
    });
  }

  it('21: values that fit are stored as they are', async () => {
    const ring = [
      [0, 0],
      [0, 1],
      [1, 1],
      [0, 0],
    ];
    const data = {
      ...{ title: 'All', rank: 10, score: -0.5, on: false, mail: 'a@example.org', site: 'https://example.org/' },
      ...{
        host: '2001:db8::1',
        state: 'done',
        tags: ['a', 'b'],
        spot: [1, 2],
        path: [
          [0, 0],
          [1, 1],
        ],
        area: [ring],
      },
    };
    await create('all', data);
    const { body } = await server.ask('GET', `${ROWS}/all`);
    assert.deepEqual({ ...body, ...data }, body);
  });

  it('22: datetimes with an offset or the name of a zone are stored as UTC', async () => {
    const cases = {
      '1975-06-12 14:12:55+02:00': '1975-06-12T12:12:55.000+00:00',
      '1975-06-12 14:12:55 America/New_York': '1975-06-12T18:12:55.000+00:00',
      '2026-01-31T10:00:00.123Z': '2026-01-31T10:00:00.123+00:00',
      '2026-01-31': '2026-01-31T00:00:00.000+00:00',
    };
    for (const [due, stored] of Object.entries(cases)) {
      assert.equal((await upsert('dated', { data: { title: 'x', due } })).body?.due, stored);
    }
  });

  it('23: the same id or a clash of a unique index is 409', async () => {
    await create('one', { title: 'x', code: 'c1' });
    await create('two', { title: 'x', code: 'c2' });
    assertRefused(await create('one', { title: 'y' }), 409, 'row_already_exists');
    assertRefused(await create('three', { title: 'y', code: 'c1' }), 409, 'row_already_exists');
    assertRefused(await change('two', { data: { code: 'c1' } }), 409, 'row_already_exists');
    assert.equal((await change('one', { data: { code: 'c1', rank: 1 } })).status, 200);
    await create('four', { title: 'no code' });
    assert.equal((await create('five', { title: 'no code either' })).status, 201);
  });

  it('23: an unknown table is 404', async () => {
    const body = { rowId: 'x', data: { title: 'x' } };
    assertRefused(await server.ask('POST', '/tablesdb/db/tables/none/rows', { body }), 404, 'table_not_found');
    assertRefused(await server.ask('POST', '/tablesdb/none/tables/none/rows', { body }), 404, 'database_not_found');
  });

  it('24: an update merges', async () => {
    await create('one', { title: 'First', rank: 1 });
    const { status, body } = await change('one', { data: { rank: 2 } });
    assert.deepEqual([status, body?.title, body?.rank], [200, 'First', 2]);
    const cleared = await change('one', { data: { rank: null } });
    assert.equal(cleared.body?.rank, null);
    assertRefused(await change('one', { data: { title: null } }), 400, 'row_invalid_structure');
    assertRefused(await change('none', { data: { rank: 2 } }), 404, 'row_not_found');
  });

  it('24: only permissions keep the data; neither is 400 row_missing_payload', async () => {
    await create('one', { title: 'First' });
    const { status, body } = await change('one', { permissions: ['read("any")'] });
    assert.deepEqual([status, body?.title, body?.$permissions], [200, 'First', ['read("any")']]);
    assertRefused(await change('one', {}), 400, 'row_missing_payload');
    assertRefused(await change('one', { data: {} }), 400, 'row_missing_payload');
    assertRefused(await upsert('one', {}), 400, 'row_missing_payload');
    const kept = await change('one', { data: { rank: 1 } });
    assert.deepEqual(kept.body?.$permissions, ['read("any")']);
  });

  it('24: an upsert is 201, makes or changes, and keeps $createdAt', async () => {
    const made = await upsert('one', { data: { title: 'First', rank: 1 }, permissions: ['read("any")'] });
    assert.equal(made.status, 201);
    const changed = await upsert('one', { data: { title: 'Second' } });
    assert.equal(changed.status, 201);
    const { title, rank, $createdAt, $sequence, $permissions } = changed.body ?? {};
    assert.deepEqual([title, rank, $permissions], ['Second', 1, ['read("any")']]);
    assert.deepEqual([$createdAt, $sequence], [made.body?.$createdAt, made.body?.$sequence]);
    assertRefused(await upsert('one', { data: { rank: 2 } }), 400, 'row_invalid_structure', /title/);
  });

  it('25: a timestamp older than the row is 409 row_update_conflict', async () => {
    await create('one', { title: 'First' });
    const old = { 'x-appwrite-timestamp': '2020-01-01T00:00:00.000Z' };
    assertRefused(await change('one', { data: { rank: 1 } }, old), 409, 'row_update_conflict');
    assertRefused(await server.ask('DELETE', `${ROWS}/one`, { body: {}, headers: old }), 409, 'row_update_conflict');
    const later = { 'x-appwrite-timestamp': new Date(Date.now() + 60_000).toISOString() };
    assert.equal((await change('one', { data: { rank: 1 } }, later)).status, 200);
    assert.equal((await server.ask('DELETE', `${ROWS}/one`, { body: {}, headers: later })).status, 204);
  });

  it('numbers go up and down within their bounds', async () => {
    await create('one', { title: 'First', rank: 5 });
    const at = (verb: string, body: unknown = {}, column = 'rank') =>
      server.ask('PATCH', `${ROWS}/one/${column}/${verb}`, { body });
    assert.equal((await at('increment')).body?.rank, 6);
    assert.equal((await at('increment', { value: 2, max: 8 })).body?.rank, 8);
    assert.equal((await at('decrement', { value: 3 })).body?.rank, 5);
    assertRefused(await at('increment', { value: 2, max: 6 }), 400, 'column_limit_exceeded', /maximum value of 6/);
    assertRefused(await at('decrement', { value: 2, min: 4 }), 400, 'column_limit_exceeded', /minimum value of 4/);
    assertRefused(await at('increment', { value: 6 }), 400, 'row_invalid_structure');
    assertRefused(await at('increment', {}, 'title'), 400, 'column_type_invalid');
    assertRefused(await at('increment', {}, 'nothing'), 404, 'column_not_found');
    assert.equal((await at('increment', { value: 0.5 }, 'score')).body?.score, 0.5);
    const nobody = server.ask('PATCH', `${ROWS}/none/rank/increment`, { body: {} });
    assertRefused(await nobody, 404, 'row_not_found');
  });

  it('a key may set the dates of a row', async () => {
    const { body } = await create('one', { title: 'x', $createdAt: '2001-02-03T04:05:06.000+00:00' });
    assert.equal(body?.$createdAt, '2001-02-03T04:05:06.000+00:00');
  });
});
