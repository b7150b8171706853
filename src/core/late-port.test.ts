import assert from 'node:assert/strict';
import { latePort } from './late-port.ts';

interface Counter {
  add(amount: number): Promise<number>;
  fail(): Promise<never>;
}

const NAMES = { add: true, fail: true } as const;

function createCounter(): Counter {
  let total = 0;
  return {
    add: async (amount) => {
      total += amount;
      return total;
    },
    fail: () => Promise.reject(new Error('no')),
  };
}

describe('a port that is loaded late', () => {
  it('is loaded once, by the first call, and keeps its state', async () => {
    let loads = 0;
    const port = latePort<Counter>(NAMES, async () => {
      loads += 1;
      return createCounter();
    });
    assert.equal(loads, 0);
    assert.deepEqual(await Promise.all([port.add(1), port.add(2)]), [1, 3]);
    assert.equal(await port.add(3), 6);
    await assert.rejects(port.fail(), /^Error: no$/);
    assert.equal(loads, 1);
  });

  it('is asked for again after it could not be loaded', async () => {
    let loads = 0;
    const port = latePort<Counter>(NAMES, async () => {
      loads += 1;
      if (loads === 1) throw new Error('the disk was away');
      return createCounter();
    });
    await assert.rejects(port.add(1), /the disk was away/);
    assert.equal(await port.add(1), 1);
  });
});
