import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../core/ports.ts';

const MINUTE_MS = 60_000;

/** Real time whose waits keep no process alive. */
export const unreferencedClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal, ref: false }),
};

export interface Scheduler {
  close(): Promise<void>;
}

/** Calls `onMinute` with the start of every minute that begins from now on; minutes slept through are not made up for. */
export function startScheduler(clock: Clock, onMinute: (startMs: number) => void): Scheduler {
  const abort = new AbortController();
  const run = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      const nextMs = (Math.floor(clock.now() / MINUTE_MS) + 1) * MINUTE_MS;
      // A timer may fire a moment early.
      while (clock.now() < nextMs) await clock.sleep(nextMs - clock.now(), abort.signal);
      onMinute(Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS);
    }
  };
  // Only `close` ends a sleep early.
  const done = run().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  return {
    close: async () => {
      abort.abort();
      await done;
    },
  };
}
