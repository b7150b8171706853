import assert from 'node:assert/strict';
import { createFakeClock } from '../../test/fakes/clock.ts';
import { systemClock } from './clock.ts';

describe('system clock', () => {
  it('sleeps, and rejects with aborted when the signal fires or has fired', async () => {
    const controller = new AbortController();
    const before = performance.now();
    await systemClock.sleep(5, controller.signal);
    assert.ok(performance.now() - before >= 4);
    const sleeping = assert.rejects(systemClock.sleep(60_000, controller.signal), { code: 'aborted' });
    controller.abort();
    await sleeping;
    await assert.rejects(systemClock.sleep(1, controller.signal), { code: 'aborted' });
  });

  it('does not end a sleep of years at once', async () => {
    const controller = new AbortController();
    let ended = false;
    const sleeping = systemClock.sleep(1e12, controller.signal).finally(() => {
      ended = true;
    });
    await systemClock.sleep(10, new AbortController().signal);
    assert.equal(ended, false);
    controller.abort();
    await assert.rejects(sleeping, { code: 'aborted' });
  });
});

describe('fake clock', () => {
  it('wakes sleepers in order and at their time, also those that sleep again', async () => {
    const clock = createFakeClock(0);
    const { signal } = new AbortController();
    const woken: string[] = [];
    const nap = async (name: string, ...spans: number[]) => {
      for (const span of spans) {
        await clock.sleep(span, signal);
        woken.push(`${name}@${clock.now()}`);
      }
    };
    void nap('a', 10, 10);
    void nap('b', 15);
    void nap('c', 100);
    await clock.sleeping(3);
    assert.deepEqual(clock.wakeTimes, [10, 15, 100]);
    await clock.advance(50);
    assert.deepEqual(woken, ['a@10', 'b@15', 'a@20']);
    assert.equal(clock.now(), 50);
  });
});
