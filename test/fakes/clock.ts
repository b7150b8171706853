import type { Clock } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /** Moves time forward, waking sleepers in order; those who sleep again within the span are woken again. */
  advance(ms: number): Promise<void>;
  /** Resolves as soon as at least so many sleeps are pending (default 1). */
  sleeping(count?: number): Promise<void>;
  /** Wake-up times of the pending sleeps, earliest first. */
  readonly wakeTimes: readonly number[];
}

interface Sleeper {
  at: number;
  wake: () => void;
}

/** Lets everything run that is ready now, including what needs a turn of the event loop or two. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Starts at 2026-01-01 00:00 UTC unless told otherwise (milliseconds since the epoch). */
export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let now = startMs;
  const sleepers = new Set<Sleeper>();
  const watchers = new Set<() => void>();
  const ordered = () => [...sleepers].sort((a, b) => a.at - b.at);

  return {
    now: () => now,
    get wakeTimes() {
      return ordered().map(({ at }) => at);
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        const aborted = () => new AppError({ code: 'aborted', message: 'The wait was aborted.' });
        if (signal.aborted) {
          reject(aborted());
          return;
        }
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(aborted());
        };
        const sleeper: Sleeper = {
          at: now + Math.max(0, ms),
          wake: () => {
            sleepers.delete(sleeper);
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
        for (const watcher of [...watchers]) watcher();
      });
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (let next = ordered()[0]; next !== undefined && next.at <= end; next = ordered()[0]) {
        now = Math.max(now, next.at);
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
    sleeping(count = 1) {
      return new Promise((resolve) => {
        const watcher = () => {
          if (sleepers.size < count) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      });
    },
  };
}
