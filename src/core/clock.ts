import { AppError } from '../protocol/errors.ts';
import type { Clock } from './ports.ts';

/** Longest delay that the platform's timers take; a longer one fires at once. */
const MAX_TIMER_MS = 2_147_483_647;

const aborted = () => new AppError({ code: 'aborted', message: 'The wait was aborted.', userMessage: 'Cancelled.' });

function sleepOnce(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(aborted());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** The computer's own clock. Waits of any length, also above the 24.8 days that one timer takes. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    if (signal.aborted) throw aborted();
    for (let leftMs = Math.max(0, ms); ; leftMs -= MAX_TIMER_MS) {
      await sleepOnce(Math.min(leftMs, MAX_TIMER_MS), signal);
      if (leftMs <= MAX_TIMER_MS) return;
    }
  },
};
