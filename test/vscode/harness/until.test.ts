import assert from 'node:assert/strict';
import { until, within } from './until.ts';

const never = new Promise<never>(() => undefined);

describe('waiting with a limit', () => {
  it('gives what is found, and says what is not', async () => {
    let looks = 0;
    const third = () => (looks++ < 2 ? undefined : 'found');
    assert.equal(await until(third, { what: 'x', timeoutMs: 5_000, everyMs: 1 }), 'found');
    const vain = until(() => false, { what: 'the door', timeoutMs: 5, everyMs: 1 });
    await assert.rejects(vain, /waited 5 ms in vain for the door/);
  });

  it('ends a look that gives no answer', async function () {
    this.timeout(10_000);
    const hung = until(() => never, { what: 'the door', timeoutMs: 5 });
    await assert.rejects(hung, /in vain for an answer about the door/);
  });

  it('gives the result or the failure of work that ends in time', async () => {
    const wait = { what: 'the key', timeoutMs: 5_000 };
    assert.equal(await within(Promise.resolve(1), wait), 1);
    await assert.rejects(within(Promise.reject(new Error('own')), wait), /own/);
    await assert.rejects(within(never, { ...wait, timeoutMs: 5 }), /waited 5 ms in vain for the key/);
  });
});
