import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routes } from '../contract/routes.js';

test('every route says what is asked and what must come back', () => {
  for (const route of routes) {
    const label = JSON.stringify(route);
    assert.match(route.part, /^[a-z0-9-]+$/, label);
    assert.ok(['GET', 'POST'].includes(route.method), label);
    assert.ok(route.path.startsWith('/'), label);
    assert.equal(route.body === null, route.method === 'GET', label);
    assert.ok(route.status >= 200 && route.status < 600, label);
    assert.ok(route.contains.length > 0, label);
  }
});

test('no route is listed twice', () => {
  const keys = routes.map((route) => `${route.method} ${route.part}${route.path}`);
  assert.deepEqual(keys, [...new Set(keys)]);
});
