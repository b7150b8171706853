import { AppError } from '../protocol/errors.ts';
import type { Clock } from './ports.ts';

/**
 * One gate per provider and model, shared by all runs of a process.
 *
 * Invariants:
 * 1. At most `slots(key)` leases of a key are given out, in the order of asking.
 * 2. After a rate limit nobody starts before the common not-before time.
 * 3. One burst of rate limits halves once: answers to calls that began before the last halving do not halve again.
 */
export interface Lease {
  /** Gives the slot back; only the first call counts. `failure` is what the call threw, null when it went well. */
  release(failure: AppError | null): void;
}

export interface Limiter {
  /** Waits for a slot; rejects with `aborted` when the signal fires. */
  acquire(key: string, signal: AbortSignal): Promise<Lease>;
  /** How many calls of a key may run at once at present. */
  slots(key: string): number;
}

export interface LimiterOptions {
  clock: Clock;
  /** Default 8. */
  maxConcurrency?: number;
  /** Calls in a row that must go well before one slot comes back; default 10. */
  recoverAfter?: number;
  /** A common wait longer than this is not waited for: `rate_limited` with `parkMs`, not retriable; default 600,000. */
  maxWaitMs?: number;
}

interface Gate {
  slots: number;
  active: number;
  goodInRow: number;
  notBefore: number;
  /** Counts halvings; a lease remembers the count at its start. */
  generation: number;
  queue: (() => void)[];
}

const cancelled = (): AppError =>
  new AppError({ code: 'aborted', message: 'cancelled while waiting for a model slot', userMessage: 'Cancelled.' });

const tooLong = (key: string, parkMs: number): AppError =>
  new AppError({
    code: 'rate_limited',
    message: `${key} is rate limited for another ${parkMs} ms`,
    userMessage: `${key}: the provider asks to wait ${Math.ceil(parkMs / 60_000)} min; resume the run after that.`,
    retry: false,
    details: { charged: 'no', parkMs },
  });

export function createLimiter(options: LimiterOptions): Limiter {
  const { clock, maxConcurrency = 8, recoverAfter = 10, maxWaitMs = 600_000 } = options;
  const gates = new Map<string, Gate>();

  const gateOf = (key: string): Gate => {
    const known = gates.get(key);
    if (known !== undefined) return known;
    const gate: Gate = { slots: maxConcurrency, active: 0, goodInRow: 0, notBefore: 0, generation: 0, queue: [] };
    gates.set(key, gate);
    return gate;
  };

  const pump = (gate: Gate): void => {
    while (gate.active < gate.slots) {
      const next = gate.queue.shift();
      if (next === undefined) return;
      gate.active += 1;
      next();
    }
  };

  const giveBack = (gate: Gate): void => {
    gate.active -= 1;
    pump(gate);
  };

  const learn = (gate: Gate, generation: number, failure: AppError | null): void => {
    if (failure === null) {
      gate.goodInRow += 1;
      if (gate.goodInRow >= recoverAfter && gate.slots < maxConcurrency) {
        gate.slots += 1;
        gate.goodInRow = 0;
      }
      return;
    }
    if (failure.code !== 'rate_limited') return;
    gate.goodInRow = 0;
    const retryAfterMs = failure.details?.retryAfterMs;
    if (typeof retryAfterMs === 'number') gate.notBefore = Math.max(gate.notBefore, clock.now() + retryAfterMs);
    if (generation !== gate.generation) return;
    gate.generation += 1;
    gate.slots = Math.max(1, Math.floor(gate.slots / 2));
  };

  const enter = (gate: Gate, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const granted = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        const place = gate.queue.indexOf(granted);
        if (place >= 0) gate.queue.splice(place, 1);
        reject(cancelled());
      };
      signal.addEventListener('abort', onAbort, { once: true });
      gate.queue.push(granted);
      pump(gate);
    });

  const acquire = async (key: string, signal: AbortSignal): Promise<Lease> => {
    if (signal.aborted) throw cancelled();
    const gate = gateOf(key);
    await enter(gate, signal);
    try {
      // Asked again after each sleep, because another answer may have moved the time.
      for (let waitMs = gate.notBefore - clock.now(); waitMs > 0; waitMs = gate.notBefore - clock.now()) {
        if (waitMs > maxWaitMs) throw tooLong(key, waitMs);
        await clock.sleep(waitMs, signal);
      }
      if (signal.aborted) throw cancelled();
    } catch (error) {
      giveBack(gate);
      throw error;
    }
    const { generation } = gate;
    let held = true;
    return {
      release(failure) {
        if (!held) return;
        held = false;
        learn(gate, generation, failure);
        giveBack(gate);
      },
    };
  };

  return { acquire, slots: (key) => gateOf(key).slots };
}
