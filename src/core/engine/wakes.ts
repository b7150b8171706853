import { AppError } from '../../protocol/errors.ts';
import type { Clock } from '../ports.ts';

/**
 * Tells waiting code to look again. A wake carries no data: the listener reads the database, so one too many is harmless.
 *
 * 1. A commit of this store wakes the listeners of its topics at once.
 * 2. A commit of any other connection wakes all listeners, found by polling while there is a listener, never otherwise.
 */
export interface Wakes {
  on(topics: readonly string[], listener: () => void): () => void;
  emit(topics: Iterable<string>): void;
  close(): void;
}

/** Measured: one poll costs 3 microseconds. */
const POLL_MS = 75;

/** `dataVersion` is SQLite's counter, which changes when another connection has committed. */
export function createWakes(dataVersion: () => number): Wakes {
  const byTopic = new Map<string, Set<() => void>>();
  const all = new Set<() => void>();
  let timer: NodeJS.Timeout | null = null;
  let seen = dataVersion();

  const changed = (): boolean => {
    try {
      const now = dataVersion();
      if (now === seen) return false;
      seen = now;
      return true;
    } catch {
      // A file that cannot be read is reported by whoever reads or writes next, not by a timer.
      return false;
    }
  };

  const poll = () => {
    if (!changed()) return;
    for (const listener of [...all]) if (all.has(listener)) listener();
  };

  const setPolling = () => {
    if (all.size > 0 && timer === null) timer = setInterval(poll, POLL_MS);
    if (all.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  };

  return {
    on(topics, listener) {
      // A wrapper of its own, so that one function may listen several times.
      const entry = () => listener();
      for (const topic of topics) {
        const set = byTopic.get(topic) ?? new Set();
        byTopic.set(topic, set.add(entry));
      }
      all.add(entry);
      setPolling();
      return () => {
        if (!all.delete(entry)) return;
        for (const topic of topics) {
          const set = byTopic.get(topic);
          set?.delete(entry);
          if (set?.size === 0) byTopic.delete(topic);
        }
        setPolling();
      };
    },
    emit(topics) {
      for (const topic of topics) for (const listener of [...(byTopic.get(topic) ?? [])]) listener();
    },
    close() {
      all.clear();
      byTopic.clear();
      setPolling();
    },
  };
}

interface UntilOptions {
  signal: AbortSignal;
  clock: Clock;
  /** Milliseconds since the epoch; null waits without end. */
  deadline: number | null;
  /** Tells when to look beside the wakes; returns the function that ends it. */
  watch?: (listener: () => void) => () => void;
}

/**
 * Waits until `check` answers something else than undefined; looks at once, after each wake and at the deadline. Undefined
 * when the deadline has passed. Rejects with the signal's AppError reason or `aborted`, or with what `check` throws.
 */
export function until<T>(
  wakes: Wakes,
  topics: readonly string[],
  check: () => T | undefined,
  options: UntilOptions,
): Promise<T | undefined> {
  const { signal, clock, deadline } = options;
  return new Promise((resolve, reject) => {
    const timer = new AbortController();
    let done = false;
    let unwatch: (() => void) | undefined;
    const settle = (act: () => void) => {
      if (done) return;
      done = true;
      off();
      unwatch?.();
      timer.abort();
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const look = () => {
      if (done) return;
      try {
        const found = check();
        if (found !== undefined) settle(() => resolve(found));
      } catch (thrown) {
        settle(() => reject(thrown));
      }
    };
    const onAbort = () => settle(() => reject(abortError(signal)));
    const off = wakes.on(topics, look);
    unwatch = options.watch?.(look);
    if (done) unwatch?.();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    look();
    if (done || deadline === null) return;
    waitForDeadline(clock, deadline, timer.signal).then(
      () => {
        look();
        settle(() => resolve(undefined));
      },
      (thrown) => settle(() => reject(thrown)),
    );
  });
}

async function waitForDeadline(clock: Clock, deadline: number, signal: AbortSignal): Promise<void> {
  // Timers may fire a little before the clock shows the time.
  while (clock.now() < deadline) await clock.sleep(deadline - clock.now(), signal);
}

function abortError(signal: AbortSignal): AppError {
  if (signal.reason instanceof AppError) return signal.reason;
  return new AppError({ code: 'aborted', message: 'The wait was aborted.', userMessage: 'Cancelled.' });
}

/** Like AbortSignal.any, but lets go of the long-lived signals when it is disposed of. */
export function joinSignals(signals: readonly AbortSignal[]): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signals.find((signal) => signal.aborted)?.reason);
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  if (signals.some((signal) => signal.aborted)) onAbort();
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    },
  };
}
