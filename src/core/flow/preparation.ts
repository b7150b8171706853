/**
 * What an agent needs before its first tool call, made while its model thinks about the first turn.
 *
 * 1. It runs at most once at a time. A failure is told once, by the next `end`; the one after that makes it again.
 * 2. Nothing of it runs any more when `abandon` has resolved.
 */
export interface Preparation {
  /** Begins, unless it has begun. A failure is told by `end`. */
  begin(): void;
  /** Waits for its end, beginning it when needed; cut short by the signal. */
  end(signal: AbortSignal): Promise<void>;
  /** Cuts it short. Never rejects. */
  abandon(): Promise<void>;
}

export function createPreparation(prepare: (signal: AbortSignal) => Promise<void>): Preparation {
  const cutting = new AbortController();
  let work: Promise<void> | null = null;

  const begin = (): Promise<void> => {
    if (work !== null) return work;
    const mine = prepare(cutting.signal);
    work = mine;
    // Told by `end`, if somebody asks.
    mine.catch(() => {});
    return mine;
  };

  return {
    begin: () => void begin(),
    async end(signal) {
      signal.throwIfAborted();
      const cut = () => cutting.abort(signal.reason);
      signal.addEventListener('abort', cut, { once: true });
      const mine = begin();
      try {
        await mine;
      } catch (thrown) {
        if (work === mine) work = null;
        throw thrown;
      } finally {
        signal.removeEventListener('abort', cut);
      }
    },
    async abandon() {
      cutting.abort();
      await work?.catch(() => {});
    },
  };
}
