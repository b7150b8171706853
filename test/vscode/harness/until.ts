import { setTimeout as pauseMs } from 'node:timers/promises';

export interface Wait {
  /** What is waited for, in the words of the error. */
  what: string;
  timeoutMs: number;
  everyMs?: number;
}

/** The last look gets so long for its answer, also when the time is up. */
const LEAST_LOOK_MS = 2_000;

/** What the work gives, or an error that says what gave no answer in time. What was begun goes on; its result is not waited for. */
export async function within<T>(work: Promise<T>, { what, timeoutMs }: Wait): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const limit = setTimeout(
    () => reject(new Error(`waited ${Math.round(timeoutMs)} ms in vain for ${what}`)),
    timeoutMs,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(limit);
  }
}

/** Looks again and again until `look` gives something else than undefined or false; a look that gives no answer ends it, too. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  wait: Wait,
): Promise<T> {
  const endMs = performance.now() + wait.timeoutMs;
  for (;;) {
    const timeoutMs = Math.max(LEAST_LOOK_MS, endMs - performance.now());
    const found = await within(Promise.resolve(look()), { what: `an answer about ${wait.what}`, timeoutMs });
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`waited ${wait.timeoutMs} ms in vain for ${wait.what}`);
    await pauseMs(wait.everyMs ?? 50);
  }
}
