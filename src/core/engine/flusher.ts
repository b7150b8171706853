import { close, fdatasync, openSync } from 'node:fs';

/**
 * Brings what was written to a file to the disk, beside the program's own thread; many askers share one flush.
 *
 * 1. A promise of `flush` resolves when everything that was noted before the call is on the disk.
 * 2. At most one flush is under way; those who ask meanwhile, for something newer, share the next one.
 * 3. What has time waits SOON_MS for another's flush: one that is under way keeps whoever is in a hurry waiting.
 */
export interface Flusher {
  /** Something was written. */
  note(): void;
  /** Rejects with the system's error; after `close` with one that says so. Nothing new: no flush. */
  flush(): Promise<void>;
  /** The same, begun within SOON_MS; rejects also when `close` comes first. */
  flushSoon(): Promise<void>;
  /** Idempotent; a flush that is under way still ends. */
  close(): void;
}

/** Longest wait of what has time, in milliseconds. */
export const SOON_MS = 10;

type Sync = (descriptor: number, done: (error: Error | null) => void) => void;

/** The file is opened at the first flush and must not be replaced before `close`. */
export function createFlusher(file: string, sync: Sync = fdatasync): Flusher {
  let descriptor: number | null = null;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let soon: { promise: Promise<void>; now(): void } | null = null;
  let hasNew = false;
  let isClosed = false;

  const release = () => {
    if (descriptor === null || running !== null || !isClosed) return;
    close(descriptor, () => {});
    descriptor = null;
  };

  const syncFile = (): Promise<void> =>
    new Promise((resolve, reject) => {
      descriptor ??= openSync(file, 'r+');
      sync(descriptor, (error) => (error === null ? resolve() : reject(error)));
    });

  const begin = async (): Promise<void> => {
    if (isClosed) throw new Error(`${file} was closed before it was flushed`);
    hasNew = false;
    running = syncFile();
    try {
      await running;
    } catch (thrown) {
      hasNew = true;
      throw thrown;
    } finally {
      running = null;
      release();
    }
  };

  const beginAfter = async (current: Promise<void>): Promise<void> => {
    // Its failure is told to those who asked for it.
    await current.catch(() => {});
    next = null;
    return begin();
  };

  const flush = (): Promise<void> => {
    if (!hasNew) return running ?? Promise.resolve();
    if (running === null && next === null) return begin();
    next ??= beginAfter(running ?? Promise.resolve());
    return next;
  };

  const beginSoon = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const now = () => {
      clearTimeout(timer);
      soon = null;
      resolve(flush());
    };
    const timer = setTimeout(now, SOON_MS);
    return { promise, now };
  };

  return {
    note() {
      hasNew = true;
    },
    flush,
    flushSoon() {
      soon ??= beginSoon();
      return soon.promise;
    },
    close() {
      isClosed = true;
      soon?.now();
      release();
    },
  };
}
