import assert from 'node:assert/strict';
import type { Clock } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { type Poll, waitUntil } from './wait.ts';

/** A clock that moves with its sleeps, and what it slept. */
function sleeper(): { clock: Clock; slept: number[] } {
  const slept: number[] = [];
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  return { slept, clock: { now: () => slept.reduce((sum, ms) => sum + ms, 0), sleep } };
}

const { signal } = new AbortController();
const wait = <T>(clock: Clock, look: Poll<T>['look'], deadlineMs = 20_000) =>
  waitUntil({ clock, pollMs: 2000, deadlineMs, what: 'The build', remedy: 'Look at it.', look }, signal);

describe('waiting for Appwrite', () => {
  it('looks at once, soon, and then ever later up to a limit', async () => {
    const { clock, slept } = sleeper();
    assert.equal(await wait(clock, async (round) => (round === 6 ? 'ready' : null)), 'ready');
    assert.deepEqual(slept, [250, 500, 1000, 2000, 2000, 2000]);
  });

  it('ends at the deadline, with no look too many', async () => {
    const { clock, slept } = sleeper();
    let looks = 0;
    const never = wait(clock, async () => {
      looks += 1;
      return null;
    });
    await assert.rejects(never, { code: 'timeout', userMessage: 'The build did not happen within 20 s. Look at it.' });
    assert.deepEqual([looks, slept.length, clock.now()], [14, 13, 20_000]);
  });

  it('looks later when calls are limited, and gives up with that only at the deadline', async () => {
    const limit = new AppError({ code: 'rate_limited', message: 'limited' });
    const { clock, slept } = sleeper();
    const look = async (round: number) => {
      if (round === 0) throw limit;
      return round === 1 ? 'ready' : null;
    };
    assert.equal(await wait(clock, look), 'ready');
    assert.deepEqual(slept, [2000]);
    await assert.rejects(
      wait(clock, async () => {
        throw limit;
      }),
      { code: 'rate_limited' },
    );
  });
});
