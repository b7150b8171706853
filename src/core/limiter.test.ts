import assert from 'node:assert/strict';
import { AppError } from '../protocol/errors.ts';
import { createLimiter, type Lease } from './limiter.ts';
import type { Clock } from './ports.ts';

const aborted = () => new AppError({ code: 'aborted', message: 'aborted' });
const rateLimited = (retryAfterMs?: number) =>
  new AppError({
    code: 'rate_limited',
    message: '429',
    ...(retryAfterMs === undefined ? {} : { details: { retryAfterMs } }),
  });

/** A clock that moves only by hand. */
function manualClock(): Clock & { advance(ms: number): Promise<void>; sleepers(): number } {
  let now = 0;
  const sleepers = new Set<{ at: number; wake(): void }>();
  return {
    now: () => now,
    sleepers: () => sleepers.size,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(aborted());
        });
      }),
    async advance(ms) {
      now += ms;
      for (const sleeper of [...sleepers].filter(({ at }) => at <= now)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await settle();
    },
  };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));
const forever = new AbortController().signal;

describe('limiter', () => {
  it('gives out no more leases than slots, and the next in the order of asking', async () => {
    const limiter = createLimiter({ clock: manualClock(), maxConcurrency: 2 });
    const order: number[] = [];
    const leases: Lease[] = [];
    for (const id of [1, 2, 3, 4]) {
      void limiter.acquire('k', forever).then((lease) => {
        order.push(id);
        leases.push(lease);
      });
    }
    await settle();
    assert.deepEqual(order, [1, 2]);
    leases[0]?.release(null);
    leases[0]?.release(null);
    await settle();
    assert.deepEqual(order, [1, 2, 3]);
    leases[1]?.release(null);
    await settle();
    assert.deepEqual(order, [1, 2, 3, 4]);
  });

  it('keeps the gates of different keys apart', async () => {
    const limiter = createLimiter({ clock: manualClock(), maxConcurrency: 1 });
    await limiter.acquire('a', forever);
    await limiter.acquire('b', forever);
    assert.equal(limiter.slots('a'), 1);
  });

  it('halves once for a burst of rate limits, again for a later one, and never below one', async () => {
    const limiter = createLimiter({ clock: manualClock(), maxConcurrency: 8 });
    const burst = await Promise.all([1, 2, 3].map(() => limiter.acquire('k', forever)));
    for (const lease of burst) lease.release(rateLimited());
    assert.equal(limiter.slots('k'), 4);
    for (const expected of [2, 1, 1]) {
      (await limiter.acquire('k', forever)).release(rateLimited());
      assert.equal(limiter.slots('k'), expected);
    }
  });

  it('gives a slot back after calls that went well, up to where it began', async () => {
    const limiter = createLimiter({ clock: manualClock(), maxConcurrency: 2, recoverAfter: 3 });
    (await limiter.acquire('k', forever)).release(rateLimited());
    assert.equal(limiter.slots('k'), 1);
    for (let call = 0; call < 3; call += 1) (await limiter.acquire('k', forever)).release(null);
    assert.equal(limiter.slots('k'), 2);
    for (let call = 0; call < 6; call += 1) (await limiter.acquire('k', forever)).release(null);
    assert.equal(limiter.slots('k'), 2);
  });

  it('starts nobody before the time that a rate limit named', async () => {
    const clock = manualClock();
    const limiter = createLimiter({ clock, maxConcurrency: 4 });
    (await limiter.acquire('k', forever)).release(rateLimited(5_000));
    let started = 0;
    for (let call = 0; call < 2; call += 1) void limiter.acquire('k', forever).then(() => (started += 1));
    await settle();
    await clock.advance(4_999);
    assert.equal(started, 0);
    await clock.advance(1);
    assert.equal(started, 2);
  });

  it('lets a waiting call be cancelled without losing its place to anyone else', async () => {
    const clock = manualClock();
    const limiter = createLimiter({ clock, maxConcurrency: 1 });
    const held = await limiter.acquire('k', forever);
    const controller = new AbortController();
    const cancelled = limiter.acquire('k', controller.signal);
    const next = limiter.acquire('k', forever);
    controller.abort();
    await assert.rejects(cancelled, { code: 'aborted' });
    held.release(rateLimited(1_000));
    const late = new AbortController();
    await settle();
    assert.equal(clock.sleepers(), 1);
    await clock.advance(1_000);
    (await next).release(null);
    late.abort();
    await assert.rejects(limiter.acquire('k', late.signal), { code: 'aborted' });
    (await limiter.acquire('k', forever)).release(null);
  });

  it('gives the slot back when cancelled during the common wait', async () => {
    const clock = manualClock();
    const limiter = createLimiter({ clock, maxConcurrency: 1 });
    (await limiter.acquire('k', forever)).release(rateLimited(1_000));
    const controller = new AbortController();
    const cancelled = limiter.acquire('k', controller.signal);
    await settle();
    controller.abort();
    await assert.rejects(cancelled, { code: 'aborted' });
    const next = limiter.acquire('k', forever);
    await settle();
    await clock.advance(1_000);
    (await next).release(null);
  });
});
