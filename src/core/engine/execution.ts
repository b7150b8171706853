import { AppError, toAppError } from '../../protocol/errors.ts';
import type { Log } from '../ports.ts';
import type { CallSite } from './journal.ts';
import { cancelledInfo, type Fence, findRun, type RunRow, runTopic, touchRun } from './runs.ts';
import type { Durability, Store } from './store.ts';

/**
 * One run being executed by this process.
 *
 * 1. Every write of a run goes through `record`, which checks the fence in the same transaction.
 * 2. Halting is final: the signal is aborted, every pending and later call rejects, nothing more is recorded by calls.
 * 3. A cancellation or a takeover by another process halts as soon as its commit is seen.
 */
type HaltKind = 'stopped' | 'cancelled' | 'lost' | 'storage' | 'conflict' | 'parked';

interface Halt {
  kind: HaltKind;
  error: AppError;
}

export interface Execution {
  readonly run: RunRow;
  readonly fence: Fence;
  /** Its reason is the halt's AppError. */
  readonly signal: AbortSignal;
  readonly halted: Halt | null;
  /** The work's outcome, or a rejection with the halt's error as soon as there is one. Keeps nothing once it has settled. */
  orHalted<T>(work: Promise<T>): Promise<T>;
  halt(kind: HaltKind, error: AppError): AppError;
  throwIfHalted(): void;
  /**
   * Runs the change in a fenced transaction; halts and throws when the fence or the storage fails. `soon`: it is
   * flushed within moments.
   */
  record<T>(change: () => T, options?: { status?: 'running' | 'waiting'; durability?: Durability | 'soon' }): T;
  /** Resolves when all that was recorded is on the disk; halts and rejects when the storage fails. */
  flush(): Promise<void>;
  /** The step whose function is running now, for counting an orderly interruption. */
  openStep: CallSite | null;
  /** Resolves when neither the definition nor a step function of this run is running any more, whether awaited or not. */
  idle(): Promise<void>;
  track(work: Promise<unknown>): void;
  /** Stops listening; idempotent. */
  close(): void;
}

interface ExecutionDeps {
  store: Store;
  log: Log;
}

function lossOf(store: Store, fence: Fence): Halt | null {
  const row = findRun(store, fence.runId);
  if (row?.status === 'cancelled') return { kind: 'cancelled', error: AppError.fromInfo(cancelledInfo(fence.runId)) };
  if (row !== null && row.owner_id === fence.ownerId && row.epoch === fence.epoch) return null;
  return {
    kind: 'lost',
    error: new AppError({
      code: 'aborted',
      message: `Run ${fence.runId} has been taken over by another process, or has been removed.`,
      userMessage: 'Another window has taken the run over.',
    }),
  };
}

export function createExecution(deps: ExecutionDeps, run: RunRow, fence: Fence): Execution {
  const { store, log } = deps;
  const controller = new AbortController();
  const working = new Set<Promise<unknown>>();
  // A list rather than one promise to race with: such a promise would keep the value of every race until the end.
  const haltListeners = new Set<(error: AppError) => void>();
  let halted: Halt | null = null;

  const halt = (kind: HaltKind, error: AppError): AppError => {
    if (halted !== null) return halted.error;
    halted = { kind, error };
    off();
    for (const listener of haltListeners) listener(error);
    haltListeners.clear();
    controller.abort(error);
    return error;
  };

  const checkFence = () => {
    try {
      const loss = store.read(() => lossOf(store, fence));
      if (loss !== null) halt(loss.kind, loss.error);
    } catch (thrown) {
      // The next write meets the same trouble and reports it.
      log.warn('fence not read', { runId: fence.runId, error: String(thrown) });
    }
  };
  const off = store.wakes.on([runTopic(fence.runId)], checkFence);

  const throwIfHalted = () => {
    if (halted !== null) throw halted.error;
  };

  const orHalt = async (flushed: Promise<void>) => {
    try {
      await flushed;
    } catch (thrown) {
      throw halt('storage', toAppError(thrown));
    }
  };

  return {
    run,
    fence,
    signal: controller.signal,
    get halted() {
      return halted;
    },
    orHalted: (work) =>
      new Promise((resolve, reject) => {
        if (halted === null) haltListeners.add(reject);
        else reject(halted.error);
        const settled = () => haltListeners.delete(reject);
        work.then(resolve, reject).finally(settled);
      }),
    halt,
    throwIfHalted,
    record(change, { status = 'running', durability = 'full' } = {}) {
      throwIfHalted();
      let outcome: { value: ReturnType<typeof change> } | null;
      try {
        outcome = store.write(
          () => (touchRun(store, fence, status) ? { value: change() } : null),
          durability === 'full' ? 'full' : 'process',
        );
      } catch (thrown) {
        if (thrown instanceof AppError && thrown.code === 'storage_failed') throw halt('storage', thrown);
        throw thrown;
      }
      // A flush that fails halts the run, which tells everybody.
      if (durability === 'soon') orHalt(store.flushSoon()).catch(() => {});
      if (outcome !== null) return outcome.value;
      const loss = store.read(() => lossOf(store, fence));
      throw halt(loss?.kind ?? 'lost', loss?.error ?? ended(fence.runId));
    },
    flush: () => orHalt(store.flush()),
    openStep: null,
    async idle() {
      while (working.size > 0) await Promise.allSettled(working);
    },
    track(work) {
      working.add(work);
      const forget = () => {
        working.delete(work);
      };
      work.then(forget, forget);
    },
    close: off,
  };
}

const ended = (runId: string) => new AppError({ code: 'aborted', message: `Run ${runId} has ended.` });
