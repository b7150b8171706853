import type { Clock } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';

export interface Poll<T> {
  clock: Clock;
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

/** Looks until there is a result; code `timeout` after the deadline. */
export async function waitUntil<T>(poll: Poll<T>, signal: AbortSignal): Promise<T> {
  const endsAt = poll.clock.now() + poll.deadlineMs;
  for (let round = 0; ; round++) {
    const result = await poll.look(round);
    if (result !== null) return result;
    if (poll.clock.now() >= endsAt) {
      const tail = poll.tail === undefined ? '' : ` ${poll.tail()}`;
      throw new AppError({
        code: 'timeout',
        message: `${poll.what}: not within ${poll.deadlineMs} ms`,
        userMessage: `${poll.what} did not happen within ${Math.round(poll.deadlineMs / 1000)} s. ${poll.remedy}${tail}`,
      });
    }
    await poll.clock.sleep(poll.pollMs, signal);
  }
}
