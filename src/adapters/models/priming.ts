import { createHash } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';

/**
 * Lets the first request of a shared prompt prefix go ahead, so that the provider's cache is filled once: parallel first
 * requests would each pay for the write. A cached prefix lives for an hour after its last use; ours counts as cold a
 * little earlier.
 */
export interface Priming {
  /** Waits for the prefix's first answer when another request is fetching it, at most `waitMs`. */
  enter(prefix: string, signal: AbortSignal): Promise<PrimingTurn>;
}

interface PrimingTurn {
  /** The answer has begun: the cache is filled. */
  began(): void;
  /** The request is over; without `began` before it, another one may go first. Idempotent. */
  ended(): void;
}

export interface PrimingOptions {
  /** Milliseconds of a clock that only goes forward. */
  now: () => number;
  /** Default 30,000. */
  waitMs?: number;
}

const WARM_MS = 55 * 60_000;
const MAX_PREFIXES = 64;

type State = { kind: 'warming'; over: Promise<void>; finish: () => void } | { kind: 'warm'; usedAt: number };

export function createPriming({ now, waitMs = 30_000 }: PrimingOptions): Priming {
  const states = new Map<string, State>();

  const setWarm = (key: string): void => {
    const before = states.get(key);
    states.delete(key);
    states.set(key, { kind: 'warm', usedAt: now() });
    if (before?.kind === 'warming') before.finish();
    const oldest = states.keys().next();
    if (states.size > MAX_PREFIXES && !oldest.done && states.get(oldest.value)?.kind === 'warm') {
      states.delete(oldest.value);
    }
  };

  const lead = (key: string): PrimingTurn => {
    const { promise: over, resolve: finish } = Promise.withResolvers<void>();
    const mine: State = { kind: 'warming', over, finish };
    states.set(key, mine);
    return {
      began: () => setWarm(key),
      ended() {
        if (states.get(key) === mine) states.delete(key);
        finish();
      },
    };
  };

  const follow = (key: string): PrimingTurn => ({ began: () => setWarm(key), ended: () => {} });

  return {
    async enter(prefix, signal) {
      const key = createHash('sha256').update(prefix).digest('hex');
      const deadline = now() + waitMs;
      for (;;) {
        const state = states.get(key);
        if (state === undefined) return lead(key);
        if (state.kind === 'warm') {
          if (now() - state.usedAt < WARM_MS) return follow(key);
          states.delete(key);
          continue;
        }
        const leftMs = deadline - now();
        if (leftMs <= 0) return follow(key);
        await settledOrLater(state.over, leftMs, signal);
      }
    },
  };
}

/** Resolves when the promise does or the time is over; rejects with `aborted` when the signal fires. */
async function settledOrLater(promise: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void =>
    reject(
      new AppError({
        code: 'aborted',
        message: 'cancelled before the model was called',
        userMessage: 'Cancelled.',
        details: { charged: 'no' },
      }),
    );
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  promise.then(resolve, resolve);
  try {
    await ended;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
