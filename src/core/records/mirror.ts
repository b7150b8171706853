import { randomUUID } from 'node:crypto';
import { AppError, toAppError } from '../../protocol/errors.ts';
import { ALL_EVENTS } from '../engine/event-log.ts';
import type { EventLog } from '../engine/port.ts';
import type { Store } from '../engine/store.ts';
import { joinSignals } from '../engine/wakes.ts';
import type { Clock, Log, RecordStore } from '../ports.ts';
import type { RecordContext } from './fold.ts';
import { createMirrorState } from './mirror-state.ts';
import { createRunPages } from './run-pages.ts';

/**
 * Copies the records of all runs of a state folder to a shared database. The event log is the queue.
 *
 * 1. It only reads what runs have written: a slow, failing or absent database costs them nothing.
 * 2. Of each run the records go in the order of its events, a page of events at a time; the cursor follows when a page has
 *    arrived. What was sent and not noted is sent again, which is harmless.
 * 3. Of several mirrors on one state folder, whatever their process, one sends; another takes over when that one ends, or
 *    when its lease does.
 * 4. Nothing is thrown to anybody. Trouble is logged once, kept for `doctor`, and tried again after a pause that doubles up
 *    to a limit.
 */
export interface Mirror {
  /**
   * Sends what is left for as long as the grace allows and ends. Must be called before the store is closed. Idempotent, never
   * throws.
   */
  close(): Promise<void>;
}

export interface MirrorOptions {
  store: Store;
  events: EventLog;
  target: RecordStore;
  /** Names the database for the cursors; a new name means everything is sent to it. */
  destination: string;
  /** False keeps the runs of a workspace out. */
  wants(workspaceDir: string): boolean;
  contextOf(workspaceDir: string): Promise<RecordContext>;
  clock: Clock;
  log: Log;
  /** A mirror that has not renewed for so long counts as gone; default 30,000. */
  leaseMs?: number;
  /** Time after an event in which others are waited for, to be sent together; default 500. */
  gatherMs?: number;
  /** First pause after a failure, default 1,000, and the longest one, default 300,000. */
  retryMs?: number;
  maxRetryMs?: number;
  /** Longest time of one call of the target; default 20,000. Less than four fifths of `leaseMs`. */
  callLimitMs?: number;
  /** Longest time that `close` goes on sending; default 700. */
  graceMs?: number;
}

/** What a turn ended with: nothing left to send, or when to look again (milliseconds since the epoch). */
type Turn = { kind: 'idle' } | { kind: 'held' | 'failed'; until: number };

export function startMirror(options: MirrorOptions): Mirror {
  const { store, clock, log, target, destination } = options;
  const { leaseMs = 30_000, gatherMs = 500, retryMs = 1_000, maxRetryMs = 300_000 } = options;
  const { callLimitMs = 20_000, graceMs = 700 } = options;
  const state = createMirrorState(store, destination, randomUUID());
  const pages = createRunPages(options.events);
  /** Aborted by `close`: no more waiting. */
  const closing = new AbortController();
  /** Aborted at the end of the grace: no more sending. */
  const ended = new AbortController();
  /** Runs that may have something to send, with the seq of their last event. */
  const changed = new Map<string, number>();
  /** Runs that cannot be sent as they are: they do not keep back others. */
  const refused = new Map<string, { until: number; times: number; reason: AppError }>();
  let lastRow = 0;
  let failures = 0;
  let lastTrouble: string | null = null;
  let isWoken = true;
  let onWake = () => {};
  const off = store.wakes.on([ALL_EVENTS], () => {
    isWoken = true;
    onWake();
  });

  const discover = () => {
    const found = state.changedRuns(lastRow);
    lastRow = found.lastRow;
    for (const [runId, seq] of found.runs) {
      // The last changed run is the last of the map, and the first to be sent.
      changed.delete(runId);
      if (state.sentSeq(runId) < seq) changed.set(runId, seq);
    }
    for (const runId of refused.keys()) if (!changed.has(runId)) refused.delete(runId);
  };

  const nextRun = (): string | undefined =>
    [...changed.keys()].findLast((runId) => (refused.get(runId)?.until ?? 0) <= clock.now());

  /** The next attempt is another run's, where there is one: it may be this one that the database fails at. */
  const postpone = (runId: string): void => {
    const others = [...changed].filter(([id]) => id !== runId);
    const seq = changed.get(runId) ?? 0;
    changed.clear();
    for (const [id, last] of [[runId, seq] as const, ...others]) changed.set(id, last);
  };

  const send = async (runId: string): Promise<void> => {
    const sentSeq = state.sentSeq(runId);
    // Another mirror has had the lease meanwhile.
    if (sentSeq >= (changed.get(runId) ?? 0)) return void changed.delete(runId);
    const page = await pages.next(runId, sentSeq, ended.signal);
    if (page === null || page.workspaceDir === '') return void changed.delete(runId);
    if (!options.wants(page.workspaceDir)) {
      pages.forget(runId);
      return void changed.delete(runId);
    }
    const work = async (signal: AbortSignal) => {
      const context = await options.contextOf(page.workspaceDir);
      return target.upsert(page.records(context), signal);
    };
    await limited(work, callLimitMs, clock, ended.signal);
    refused.delete(runId);
    if (!state.moveCursor(runId, page.lastSeq)) return;
    page.keep();
    if (page.lastSeq >= (changed.get(runId) ?? 0)) changed.delete(runId);
  };

  const sendOrRefuse = async (runId: string): Promise<void> => {
    try {
      await send(runId);
    } catch (thrown) {
      const reason = refusalOf(thrown);
      if (reason === null) {
        postpone(runId);
        throw thrown;
      }
      const times = (refused.get(runId)?.times ?? 0) + 1;
      refused.set(runId, { until: clock.now() + pauseAfter(times), times, reason });
    }
  };

  /** Sends until nothing is left but what was refused. */
  const turn = async (): Promise<Turn> => {
    try {
      for (;;) {
        ended.signal.throwIfAborted();
        discover();
        const runId = nextRun();
        if (runId === undefined) break;
        const heldUntil = state.claim(leaseMs);
        if (heldUntil !== null) return { kind: 'held', until: heldUntil };
        await sendOrRefuse(runId);
        failures = 0;
      }
      const [first] = [...refused.values()].sort((a, b) => a.until - b.until);
      tellTrouble(first?.reason ?? null);
      return first === undefined ? { kind: 'idle' } : { kind: 'held', until: first.until };
    } catch (thrown) {
      failures += 1;
      const error = toAppError(thrown);
      if (!ended.signal.aborted) tellTrouble(error);
      return { kind: 'failed', until: clock.now() + pauseAfter(failures) };
    }
  };

  const pauseAfter = (times: number) => Math.min(retryMs * 2 ** (times - 1), maxRetryMs);

  const tellTrouble = (error: AppError | null) => {
    const message = error?.message ?? null;
    if (message !== lastTrouble) {
      if (error === null) log.info('shared records are sent again', { destination });
      else log.warn('shared records wait', { destination, code: error.code, message: error.message });
      lastTrouble = message;
    }
    if (error === null) return;
    try {
      state.setTrouble(error.userMessage);
    } catch {
      // A state folder that cannot be written has told its runs already.
    }
  };

  /** Until an event, or `until` when that is not null, or `close`. */
  const rest = async (until: number | null): Promise<void> => {
    const awake = new AbortController();
    onWake = () => awake.abort();
    if (isWoken) awake.abort();
    const either = joinSignals([awake.signal, closing.signal]);
    const ms = until === null ? Number.MAX_SAFE_INTEGER : Math.max(0, until - clock.now());
    await clock.sleep(ms, either.signal).catch(() => {});
    either.dispose();
    onWake = () => {};
  };

  const loop = async (): Promise<void> => {
    // Whoever starts it does not wait for the first look.
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      isWoken = false;
      const isLast = closing.signal.aborted;
      const result = await turn();
      if (isLast || (closing.signal.aborted && result.kind !== 'idle')) return;
      if (result.kind === 'failed') {
        await clock.sleep(Math.max(0, result.until - clock.now()), closing.signal).catch(() => {});
        if (closing.signal.aborted) return;
      } else {
        await rest(result.kind === 'held' ? result.until : null);
        await clock.sleep(gatherMs, closing.signal).catch(() => {});
      }
    }
  };

  const running = loop().catch((thrown: unknown) => log.warn('shared records stopped', { message: String(thrown) }));

  const end = async () => {
    closing.abort();
    const grace = new AbortController();
    const limit = clock.sleep(graceMs, grace.signal).then(
      () => ended.abort(aborted()),
      () => {},
    );
    await running;
    grace.abort();
    await limit;
    ended.abort(aborted());
    off();
    try {
      state.release();
    } catch {
      // The lease ends by itself.
    }
  };
  let closed: Promise<void> | null = null;
  return {
    close: () => {
      closed ??= end();
      return closed;
    },
  };
}

const aborted = () => new AppError({ code: 'aborted', message: 'The mirror has ended.', userMessage: 'Stopped.' });

/** The error when it is about this run and not about the database: its records are refused, or its events not understood. */
function refusalOf(thrown: unknown): AppError | null {
  const error = toAppError(thrown);
  return error.code === 'invalid_request' || error.code === 'internal' ? error : null;
}

/** A call that heeds no signal is left behind. */
async function limited(
  call: (signal: AbortSignal) => Promise<void>,
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const over = new AbortController();
  const either = joinSignals([signal, over.signal]);
  const timer = new AbortController();
  const limit = clock.sleep(limitMs, timer.signal).then(
    () => over.abort(timedOut(limitMs)),
    () => {},
  );
  const stopped = new Promise<never>((_, reject) => {
    either.signal.addEventListener('abort', () => reject(either.signal.reason), { once: true });
  });
  const work = call(either.signal);
  try {
    await Promise.race([work, stopped]);
  } finally {
    work.catch(() => {});
    stopped.catch(() => {});
    timer.abort();
    await limit;
    either.dispose();
  }
}

function timedOut(limitMs: number): AppError {
  return new AppError({
    code: 'timeout',
    message: `no answer within ${limitMs} ms`,
    userMessage: `The shared database did not answer within ${Math.round(limitMs / 1_000)} s. It is tried again.`,
  });
}
