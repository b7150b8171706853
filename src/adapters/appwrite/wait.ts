import type { Clock } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';

export interface Poll<T> {
  clock: Clock;
  /** Longest time between two looks. The first is an eighth of it, and each is twice the one before. */
  pollMs: number;
  deadlineMs: number;
  /** What is waited for, in words. */
  what: string;
  /** What the person can do when it does not come. */
  remedy: string;
  /** How it stands when it does not come in time; added to the error. */
  tail?(): string;
  /** The result, or null when it is not there yet. */
  look(round: number): Promise<T | null>;
}

const FIRST_SHARE = 1 / 8;

/** Looks until there is a result; code `timeout` after the deadline. A limit of calls makes the next look late, not the last. */
export async function waitUntil<T>(poll: Poll<T>, signal: AbortSignal): Promise<T> {
  const { clock, pollMs } = poll;
  const endsAt = clock.now() + poll.deadlineMs;
  let waitMs = pollMs * FIRST_SHARE;
  for (let round = 0; ; round++) {
    try {
      const result = await poll.look(round);
      if (result !== null) return result;
    } catch (error) {
      const isLimit = error instanceof AppError && error.code === 'rate_limited';
      if (!isLimit || clock.now() >= endsAt) throw error;
      waitMs = pollMs;
    }
    if (clock.now() >= endsAt) {
      const tail = poll.tail === undefined ? '' : ` ${poll.tail()}`;
      throw new AppError({
        code: 'timeout',
        message: `${poll.what}: not within ${poll.deadlineMs} ms`,
        userMessage: `${poll.what} did not happen within ${Math.round(poll.deadlineMs / 1000)} s. ${poll.remedy}${tail}`,
      });
    }
    await clock.sleep(Math.min(waitMs, endsAt - clock.now()), signal);
    waitMs = Math.min(waitMs * 2, pollMs);
  }
}
