import assert from 'node:assert/strict';
import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { createTurnstile } from './turnstile.ts';

describe('turnstile', () => {
  it('lets what is ready outside be heard between two who came together', async () => {
    const pass = createTurnstile(async () => {});
    const { port1, port2 } = new MessageChannel();
    const order: string[] = [];
    const heard = once(port2, 'message').then(() => order.push('heard'));
    const first = pass().then(() => {
      order.push('first');
      port1.postMessage('ready');
    });
    const rest = ['second', 'third'].map((name) => pass().then(() => order.push(name)));
    await Promise.all([first, heard, ...rest]);
    port1.close();
    assert.deepEqual(order, ['first', 'heard', 'second', 'third']);
  });

  it('lets everybody through, also those who come while others pass', async () => {
    const pass = createTurnstile(async () => {});
    const order: number[] = [];
    const come = async (number: number): Promise<void> => {
      await pass();
      order.push(number);
      if (number < 3) await come(number + 10);
    };
    await Promise.all([1, 2, 3].map(come));
    await pass();
    assert.deepEqual(order, [1, 2, 3, 11, 12]);
  });

  it('lets the next one go when what the one before has begun is over, however it ends', async () => {
    const { promise: sent, reject } = Promise.withResolvers<void>();
    let begun: Promise<void> = Promise.resolve();
    const pass = createTurnstile(() => begun);
    const order: string[] = [];
    const first = pass().then(() => {
      order.push('first');
      begun = sent;
    });
    const second = pass().then(() => order.push('second'));
    await first;
    for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(order, ['first']);
    order.push('sent');
    reject(new Error('the disk is full'));
    await second;
    assert.deepEqual(order, ['first', 'sent', 'second']);
  });
});
