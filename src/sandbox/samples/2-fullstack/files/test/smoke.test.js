import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readUrls, smoke } from '../scripts/smoke.js';

const page = { part: 'page', method: 'GET', path: '/', body: null, status: 200, contains: 'Notes' };
const post = { part: 'api', method: 'POST', path: '/', body: { title: '' }, status: 400, contains: 'problems' };
const urls = { page: 'https://page.example', api: 'https://api.example/' };

test('every route is asked for at the address of its part', async () => {
  const asked = [];
  const fetch = async (url, { method, body }) => {
    asked.push([method, url, body]);
    return url.includes('page') ? new Response('<h1>Notes</h1>') : Response.json({ problems: [] }, { status: 400 });
  };
  const results = await smoke({ routes: [page, post], urls, fetch });
  assert.deepEqual(results.map((result) => result.passed), [true, true]);
  assert.deepEqual(asked, [
    ['GET', 'https://page.example/', undefined],
    ['POST', 'https://api.example/', '{"title":""}'],
  ]);
});

test('a wrong status, a missing text, an outage and an unknown address all fail by name', async () => {
  const one = async (fetch, known = urls) => (await smoke({ routes: [page], urls: known, fetch }))[0];
  assert.equal((await one(async () => new Response('', { status: 500 }))).detail, 'status 500 instead of 200');
  assert.equal((await one(async () => new Response('Hello'))).detail, '"Notes" is not in it');
  assert.equal((await one(async () => Promise.reject(new Error('no such host')))).detail, 'no such host');
  const unknown = await one(async () => assert.fail('asked'), {});
  assert.deepEqual(unknown, { route: 'GET page/', passed: false, detail: 'no address is known for page' });
});

test('addresses are read from the command line', () => {
  assert.deepEqual(readUrls(['page=https://page.example', 'api=http://127.0.0.1:80/']), {
    page: 'https://page.example',
    api: 'http://127.0.0.1:80/',
  });
  assert.throws(() => readUrls(['page']), /"page" is not of the form/);
});
