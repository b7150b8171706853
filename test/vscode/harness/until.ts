import { setTimeout as pauseMs } from 'node:timers/promises';

export interface Wait {
  /** What is waited for, in the words of the error. */
  what: string;
  timeoutMs: number;
  everyMs?: number;
}

/** Looks again and again until `look` gives something else than undefined or false. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  wait: Wait,
): Promise<T> {
  const endMs = performance.now() + wait.timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`waited ${wait.timeoutMs} ms in vain for ${wait.what}`);
    await pauseMs(wait.everyMs ?? 50);
  }
}
