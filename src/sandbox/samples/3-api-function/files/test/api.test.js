import assert from 'node:assert/strict';
import { test } from 'node:test';
import shippingQuote from '../functions/shipping-quote/src/main.js';
import { EXAMPLE } from '../functions/shipping-quote/src/request.js';

const respond = (body, status, headers) => ({ body, status, headers });

function ask(method, body, path = '/') {
  const bodyText = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  return shippingQuote({ req: { method, path, bodyText }, res: { json: respond, text: respond } });
}

test('GET explains the API with an example that works', async () => {
  const { status, body } = await ask('GET');
  assert.equal(status, 200);
  assert.deepEqual(body.services, ['economy', 'standard', 'express']);
  assert.equal((await ask('POST', body.example)).status, 200);
});

test('POST answers with the price and the time of every service', async () => {
  const { status, body } = await ask('POST', EXAMPLE);
  assert.equal(status, 200);
  assert.deepEqual(body, {
    zone: 'europe',
    chargedKg: 3,
    options: [
      { service: 'economy', priceCents: 1370, currency: 'EUR', workingDays: { from: 6, to: 10 } },
      { service: 'standard', priceCents: 1770, currency: 'EUR', workingDays: { from: 4, to: 6 } },
      { service: 'express', priceCents: 3470, currency: 'EUR', workingDays: { from: 1, to: 2 } },
    ],
  });
});

test('a country may be written in small letters', async () => {
  assert.equal((await ask('POST', { ...EXAMPLE, country: ' pt ' })).body.zone, 'home');
});

test('each wrong field is refused by name', async () => {
  const wrong = {
    weightGrams: [0, -1, 30_001, 1.5, '1200', null],
    lengthCm: [0, 151, 'long'],
    widthCm: [0, 151, undefined],
    heightCm: [0, 151, []],
    country: ['', 'FRA', '1', 7, null],
  };
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      const { status, body } = await ask('POST', { ...EXAMPLE, [field]: value });
      assert.equal(status, 400, `${field}: ${value}`);
      assert.deepEqual(body.problems.map((problem) => problem.field), [field]);
      assert.ok(body.problems[0].message.startsWith(field));
    }
  }
});

test('everything that is wrong is named at once', async () => {
  assert.equal((await ask('POST', {})).body.problems.length, 5);
});

test('a body that is no JSON object is refused in words', async () => {
  for (const body of ['', 'weight=1', '[]', 'null', '3']) {
    const answer = await ask('POST', body);
    assert.equal(answer.status, 400, body);
    assert.match(answer.body.problems[0].message, /JSON object/);
  }
});

test('a browser may ask from a shop on another domain', async () => {
  assert.equal((await ask('OPTIONS')).status, 204);
  for (const method of ['OPTIONS', 'GET', 'POST', 'PUT']) {
    assert.equal((await ask(method)).headers['access-control-allow-origin'], '*');
  }
});

test('other paths and methods are refused', async () => {
  assert.equal((await ask('GET', null, '/admin')).status, 404);
  assert.equal((await ask('PUT', EXAMPLE)).status, 405);
});
