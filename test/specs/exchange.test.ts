import assert from 'node:assert/strict';
import { describedBy } from './description.ts';
import { assertDescribed, checkExchange, type Exchange, type Requests } from './exchange.ts';
import { problemsOf } from './schemas.ts';
import type { Vendor } from './types.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const JSON_TYPE = 'application/json; charset=utf-8';

function exchange(line: string, sent: unknown, status: number, answered: unknown): Exchange {
  const [method = '', path = ''] = line.split(' ');
  const [requestBody, answerBody] = [sent, answered].map((value) =>
    value === undefined ? Buffer.alloc(0) : json(value),
  );
  assert.ok(requestBody && answerBody);
  return { method, path, requestType: JSON_TYPE, requestBody, status, answerType: JSON_TYPE, answerBody };
}

async function faults(vendor: Vendor, tried: Exchange, requests?: Requests): Promise<string[]> {
  const { violations } = await checkExchange(vendor, tried, requests);
  return violations.map(({ where, what }) => `${where}: ${what}`);
}

const database = {
  ...{ $id: 'db', name: 'Data', enabled: true, type: 'tablesdb' },
  ...{ $createdAt: '2026-01-01T00:00:00.000+00:00', $updatedAt: '2026-01-01T00:00:00.000+00:00' },
};
const refusal = { message: 'No.', code: 404, type: 'database_not_found', version: '1.9.5' };
const createDatabase = (sent: unknown, status: number, answered: unknown) =>
  exchange('POST /tablesdb', sent, status, answered);

describe('the descriptions', () => {
  for (const vendor of ['appwrite', 'github'] as const) {
    it(`of ${vendor} hold only schemas that can be checked`, function () {
      this.timeout(20_000);
      let schemas = 0;
      for (const { id, parameters, requestBody, answers } of describedBy(vendor).operations) {
        const asked = [
          ...parameters.map(({ name, schema }) => [`${name} of`, schema] as const),
          ...Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => [type, schema] as const),
        ];
        const answered = Object.entries(answers).flatMap(([status, { content = {} }]) =>
          Object.entries(content).map(([type, { schema }]) => [`${status} ${type}`, schema] as const),
        );
        for (const [direction, parts] of [['request', asked] as const, ['answer', answered] as const]) {
          for (const [name, schema = {}] of parts) {
            problemsOf({ vendor, direction, carrier: 'json', key: `${name} ${id}` }, schema, null);
            schemas += 1;
          }
        }
      }
      assert.ok(schemas > 900, String(schemas));
    });
  }

  it('tell operations apart whose paths fit the same address', () => {
    const ids = (vendor: Vendor, ...lines: string[]) =>
      lines.map((line) => {
        const [method = '', path = ''] = line.split(' ');
        return describedBy(vendor).find(method, path)?.operation.id;
      });
    assert.deepEqual(
      ids('appwrite', 'GET /functions/runtimes', 'GET /functions/x', 'GET /functions/x/y', 'PUT /functions'),
      [...['functionsListRuntimes', 'functionsGet', undefined, undefined]],
    );
    const repo = '/repos/me/shop';
    assert.deepEqual(
      ids('github', `GET ${repo}/git/ref/heads/a/b`, `GET ${repo}/commits/a/b/check-runs`, `GET ${repo}/commits/a%2Fb`),
      ['git/get-ref', 'checks/list-for-ref', 'repos/get-commit'],
    );
    assert.deepEqual(describedBy('github').find('GET', `${repo}/branches/a%2Fb`)?.pathParameters, {
      ...{ owner: 'me', repo: 'shop', branch: 'a/b' },
    });
  });
});

describe('an exchange with Appwrite', () => {
  it('is as described', async () => {
    await assertDescribed('appwrite', createDatabase({ databaseId: 'db', name: 'Data' }, 201, database));
    await assertDescribed('appwrite', exchange('DELETE /tablesdb/db', {}, 204, undefined));
    const queries = 'queries[0]=%7B%7D&queries[1]=%7B%7D&total=false';
    await assertDescribed(
      'appwrite',
      exchange(`GET /tablesdb?${queries}`, undefined, 200, { total: 0, databases: [] }),
    );
    await assertDescribed('appwrite', exchange('GET /health/version', undefined, 200, { version: '1.9.5' }));
  });

  it('has an unknown operation, field or parameter', async () => {
    assert.deepEqual(await faults('appwrite', exchange('GET /tablesdb/db/collections', undefined, 200, {})), [
      'operation: appwrite describes none of this method and path',
    ]);
    assert.deepEqual(
      await faults('appwrite', createDatabase({ databaseId: 'db', name: 'x', nmae: 'y' }, 201, database)),
      ['request body /nmae: is not described'],
    );
    assert.deepEqual(
      await faults('appwrite', exchange('GET /tablesdb?query[0]=x', undefined, 200, { total: 0, databases: [] })),
      ['query /query: is not described'],
    );
  });

  it('has a request without what is required, or with the wrong type', async () => {
    const wrong = createDatabase({ name: 7 }, 201, database);
    assert.deepEqual(await faults('appwrite', wrong), [
      "request body: must have required property 'databaseId'",
      'request body /name: must be string',
    ]);
    assert.deepEqual(
      await faults('appwrite', exchange('GET /tablesdb?total=maybe', undefined, 200, { total: 0, databases: [] })),
      ['query /total: must be boolean'],
    );
    const bare = { ...wrong, requestBody: Buffer.from('name=x') };
    assert.deepEqual(await faults('appwrite', bare), ['request body: is not JSON']);
    const upload = exchange('POST /functions/web/deployments', undefined, 202, {});
    const cut = {
      ...upload,
      requestType: 'multipart/form-data; boundary=x',
      requestBody: Buffer.from('--x\r\nContent-Disp'),
    };
    const ofRequest = (await faults('appwrite', cut)).filter((fault) => fault.startsWith('request'));
    assert.deepEqual(ofRequest, ['request body: is no form']);
    assert.deepEqual(await faults('appwrite', exchange('DELETE /tablesdb/db', { now: true }, 204, undefined)), [
      'request body: the operation takes none',
    ]);
  });

  it('may have a wrong request that is refused, unless every request counts', async () => {
    const refused = createDatabase({}, 400, { ...refusal, code: 400 });
    assert.deepEqual(await faults('appwrite', refused), []);
    assert.equal((await faults('appwrite', refused, 'all')).length, 2);
    await assert.rejects(
      assertDescribed('appwrite', refused),
      /POST \/tablesdb \(tablesDBCreate\): request body: must have/,
    );
  });

  it('has a form whose fields are texts, and null where the description allows it', async () => {
    const form = new FormData();
    form.append('activate', 'true');
    form.append('code', new File(['x'], 'code.tar.gz'));
    const sent = async (body: FormData) => {
      const request = new Request('http://api.invalid', { method: 'POST', body });
      const tried = exchange('POST /functions/f/deployments', undefined, 400, { ...refusal, code: 400 });
      const requestBody = new Uint8Array(await request.arrayBuffer());
      return faults(
        'appwrite',
        { ...tried, requestBody, requestType: request.headers.get('content-type') ?? '' },
        'all',
      );
    };
    assert.deepEqual(await sent(form), []);
    form.set('activate', 'perhaps');
    form.delete('code');
    assert.deepEqual(await sent(form), [
      "request body: must have required property 'code'",
      'request body /activate: must be boolean',
    ]);
    const row = {
      $id: 'r',
      $sequence: '1',
      $tableId: 't',
      $databaseId: 'd',
      $createdAt: '',
      $updatedAt: '',
      $permissions: [],
    };
    const rows = '/tablesdb/d/tables/t/rows';
    await assertDescribed('appwrite', exchange(`POST ${rows}`, { rowId: 'r', data: {}, permissions: null }, 201, row));
    assert.deepEqual(await faults('appwrite', exchange(`POST ${rows}`, { rowId: null, data: {} }, 201, row)), [
      'request body /rowId: must be string',
    ]);
  });

  it('has an answer with another status, type or body', async () => {
    const sent = { databaseId: 'db', name: 'Data' };
    assert.deepEqual(await faults('appwrite', createDatabase(sent, 200, database)), [
      'status: 200 is not described; 201 is',
    ]);
    const { name: _, ...nameless } = database;
    assert.deepEqual(
      await faults('appwrite', createDatabase(sent, 201, { ...nameless, enabled: 'yes', type: 'sql' })),
      [
        "answer body: must have required property 'name'",
        'answer body /enabled: must be boolean',
        'answer body /type: must be equal to one of the allowed values: legacy, tablesdb, documentsdb, vectorsdb',
      ],
    );
    const list = exchange('GET /tablesdb', undefined, 200, { total: '0', databases: [nameless] });
    assert.deepEqual(await faults('appwrite', list), [
      'answer body /total: must be integer',
      "answer body /databases/0: must have required property 'name'",
    ]);
    const page = { ...createDatabase(sent, 201, database), answerType: 'text/html' };
    assert.deepEqual(await faults('appwrite', page), ['answer type: is text/html, not application/json']);
    assert.deepEqual(await faults('appwrite', exchange('DELETE /tablesdb/db', {}, 204, {})), [
      'answer body: must be empty',
    ]);
  });

  it('may have any request where only answers count', async () => {
    assert.deepEqual(await faults('appwrite', createDatabase({ colour: 1 }, 201, database), 'none'), []);
    assert.equal((await faults('appwrite', createDatabase({ colour: 1 }, 201, {}), 'none')).length, 6);
    assert.equal((await faults('appwrite', exchange('GET /nothing', undefined, 200, {}), 'none')).length, 1);
  });

  it('takes the orders of an index in capitals, as the server does', async () => {
    const create = (orders: string[]) => {
      const sent = { key: 'k', type: 'key', columns: ['a'], orders };
      const refused = { ...refusal, code: 400 };
      return faults('appwrite', exchange('POST /tablesdb/d/tables/t/indexes', sent, 400, refused), 'all');
    };
    assert.deepEqual(await create(['ASC', 'desc']), []);
    assert.equal((await create(['up'])).length, 1);
  });

  it('has a list for an answer when it is the bulk form', async () => {
    const rows = 'POST /tablesdb/d/tables/t/rows';
    assert.deepEqual(await faults('appwrite', exchange(rows, { rows: [{}] }, 201, { total: 0, rows: [] })), []);
    assert.deepEqual(await faults('appwrite', exchange(rows, { rows: [{}] }, 201, { total: 0 })), [
      "answer body: must have required property 'rows'",
    ]);
  });

  it('leaves out of items what a select query leaves out, and nothing else', async () => {
    const select = `queries[0]=${encodeURIComponent('{"method":"select","values":["name"]}')}`;
    const some = { total: 1, databases: [{ name: 'Data' }] };
    assert.deepEqual(await faults('appwrite', exchange(`GET /tablesdb?${select}`, undefined, 200, some)), []);
    assert.equal((await faults('appwrite', exchange('GET /tablesdb', undefined, 200, some))).length, 5);
    assert.deepEqual(await faults('appwrite', exchange(`GET /tablesdb?${select}`, undefined, 200, { databases: [] })), [
      "answer body: must have required property 'total'",
    ]);
  });

  it('has a refusal in other words than those of the vendor', async () => {
    const read = (answered: unknown) => faults('appwrite', exchange('GET /tablesdb/db', undefined, 404, answered));
    assert.deepEqual(await read(refusal), []);
    assert.deepEqual(await read({ ...refusal, code: '404' }), [
      'answer body /code: must be integer',
      'answer body /code: is 404, the status 404',
    ]);
    assert.deepEqual(await read({ ...refusal, code: 400 }), ['answer body /code: is 400, the status 404']);
    assert.equal((await read({ error: 'gone' })).length, 5);
  });
});

describe('an exchange with GitHub', () => {
  const label = {
    id: 1,
    node_id: 'L',
    url: 'http://h.invalid/x',
    name: 'bug',
    color: 'fff',
    default: false,
    description: null,
  };
  const labels = '/repos/me/shop/labels';
  const error = { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' };

  it('is as described', async () => {
    await assertDescribed('github', exchange(`POST ${labels}`, { name: 'bug' }, 201, label));
    await assertDescribed('github', exchange(`GET ${labels}?per_page=100`, undefined, 304, undefined));
    await assertDescribed('github', exchange(`DELETE ${labels}/bug`, undefined, 204, undefined));
    await assertDescribed('github', exchange(`GET ${labels}`, undefined, 401, error));
  });

  it('is not', async () => {
    assert.deepEqual(
      await faults('github', exchange(`POST ${labels}`, { colour: 'fff' }, 201, { ...label, url: 'x' })),
      [
        "request body: must have required property 'name'",
        'request body /colour: is not described',
        'answer body /url: must match format "uri"',
      ],
    );
    assert.deepEqual(await faults('github', exchange(`GET ${labels}?per_page=all`, undefined, 200, [])), [
      'query /per_page: must be integer',
    ]);
    assert.deepEqual(await faults('github', exchange(`POST ${labels}`, { name: 'bug' }, 304, undefined)), [
      'status: 304 is not described; 201, 404, 422 is',
    ]);
    assert.deepEqual(await faults('github', exchange(`DELETE ${labels}/bug`, undefined, 204, {})), [
      'answer body: must be empty',
    ]);
    assert.deepEqual(await faults('github', exchange(`GET ${labels}`, undefined, 418, error)), [
      'status: 418 is not described',
    ]);
    assert.deepEqual(await faults('github', exchange(`GET ${labels}`, undefined, 403, { message: 'No.' })), [
      "answer body: must have required property 'documentation_url'",
    ]);
  });

  it('is about what has moved, the root folder, a number or a name, a range of dates', async () => {
    const moved = { ...error, url: 'http://h.invalid/repositories/1' };
    await assertDescribed('github', exchange(`GET ${labels}`, undefined, 301, moved));
    await assertDescribed('github', exchange('POST /repositories/1/labels', { name: 'bug' }, 201, label));
    assert.deepEqual(await faults('github', exchange(`GET ${labels}`, undefined, 301, {})), [
      "answer body: must have required property 'message'",
      "answer body: must have required property 'documentation_url'",
    ]);
    for (const path of ['/contents', '/contents/', '/contents/a/b']) {
      assert.equal(describedBy('github').find('GET', `/repos/me/shop${path}`)?.operation.id, 'repos/get-content');
    }
    const runs = { total_count: 0, workflow_runs: [] };
    for (const workflow of ['ci.yml', '17']) {
      const path = `/repos/me/shop/actions/workflows/${workflow}/runs?created=${encodeURIComponent('>=2026-01-01')}`;
      await assertDescribed('github', exchange(`GET ${path}`, undefined, 200, runs));
    }
    // Described with a status, and in prose only what its body is.
    const ref = 'DELETE /repos/me/shop/git/refs/heads/x';
    assert.deepEqual(await faults('github', exchange(ref, undefined, 422, error)), []);
    assert.equal((await faults('github', exchange(ref, undefined, 422, {}))).length, 2);
  });
});
