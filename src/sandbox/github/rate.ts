import type { Clock } from '../../core/ports.ts';

const RATE_LIMIT = 5_000;
const HOUR_MS = 3_600_000;

export interface Rate {
  current(): { limit: number; remaining: number; reset: number; used: number };
  /** Headers of an answer; one that is free (304, `/rate_limit`) counts nothing. */
  take(free: boolean, resource: 'core' | 'graphql'): Record<string, string>;
}

/** Counts as GitHub does, and never refuses: the limits of the real service are no business of a local run. */
export function createRate(clock: Clock): Rate {
  let used = 0;
  let resetMs = 0;
  const current = () => {
    if (clock.now() >= resetMs) {
      resetMs = clock.now() + HOUR_MS;
      used = 0;
    }
    return { limit: RATE_LIMIT, remaining: Math.max(1, RATE_LIMIT - used), reset: Math.floor(resetMs / 1000), used };
  };
  return {
    current,
    take(free, resource) {
      current();
      if (!free) used += 1;
      const { limit, remaining, reset } = current();
      return {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(remaining),
        'x-ratelimit-reset': String(reset),
        'x-ratelimit-used': String(used),
        'x-ratelimit-resource': resource,
      };
    },
  };
}
