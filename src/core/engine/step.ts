import { AppError, toAppError } from '../../protocol/errors.ts';
import type { DomainEvent } from '../../protocol/events.ts';
import type { Log } from '../ports.ts';
import { engineConflict, replay } from './calls.ts';
import { appendEvent } from './event-log.ts';
import type { Execution } from './execution.ts';
import { type CallSite, closeEntry, countAttempt, countFailure, type Entry, openEntry } from './journal.ts';
import type { StepContext, StepOptions } from './port.ts';
import type { Store } from './store.ts';
import { fromJson, packValue, toJson } from './values.ts';
import { until } from './wakes.ts';

/**
 * A step: counted, tried, recorded.
 *
 * 1. The attempt is on record before the function is called, so a step that ends the process again and again is found:
 *    after more than maxKills such tries the run is parked. A step that ran beside the guilty one is counted as well.
 * 2. What a try returned or threw after its signal was aborted is never recorded: a function may answer an abort with half
 *    a result. A run that was stopped tries the step again when it is resumed.
 * 3. Two tries of a step never overlap, unless the function ignores its signal for ABANDON_MS after a timeout.
 */
const ABANDON_MS = 5_000;
const DEFAULT_BACKOFF_MS = 1_000;

interface StepDeps {
  store: Store;
  log: Log;
  execution: Execution;
  /** Tries of a step that may end together with the process before its run is parked. */
  maxKills: number;
}

type StepFunction<T> = (s: StepContext) => Promise<T>;
type TryOutcome<T> = { ok: true; value: T; conclusion: Conclusion } | { ok: false; thrown: unknown };
/** Appends the events that are recorded with the step's value; to be called inside the transaction. */
type Conclusion = () => void;

interface Counts {
  attempts: number;
  failures: number;
  retryAt: number | null;
}

export async function runStep<T>(
  deps: StepDeps,
  site: CallSite,
  entry: Entry | undefined,
  fn: StepFunction<T>,
  options: StepOptions = {},
): Promise<T> {
  const { store, execution } = deps;
  if (entry !== undefined && entry.state !== 'open') return replay(store, entry) as T;
  const startedAt = entry?.startedAt ?? store.clock.now();
  if (entry !== undefined && options.waits !== true) parkIfDeadly(deps, site, entry);
  const counts: Counts = {
    attempts: entry?.attempts ?? 0,
    failures: entry?.failures ?? 0,
    retryAt: entry?.deadline ?? null,
  };
  for (;;) {
    await waitForRetry(deps, counts);
    beginAttempt(deps, site, counts);
    const outcome = await runTry(deps, site, counts.attempts, fn, options.timeoutMs ?? null);
    execution.throwIfHalted();
    if (outcome.ok) return await recordValue(deps, site, outcome, startedAt, options.durability ?? 'full');
    const error = toAppError(outcome.thrown);
    const triesLeft = (options.maxAttempts ?? 1) - counts.failures - 1;
    if (!error.retry || triesLeft <= 0) throw await recordError(deps, site, error, startedAt);
    scheduleRetry(deps, site, counts, error, options.backoffMs ?? DEFAULT_BACKOFF_MS);
  }
}

function parkIfDeadly({ execution, maxKills }: StepDeps, site: CallSite, entry: Entry): void {
  const kills = entry.attempts - entry.failures - entry.interruptions;
  if (kills <= maxKills) return;
  const error = new AppError({
    code: 'internal',
    message: `Step '${site.name}' of run ${site.runId} began ${kills} times and the process ended each time.`,
    userMessage: `The step '${site.name}' has ended the program ${kills} times. Find out why (memory, a crash), then resume the run.`,
    retry: false,
    details: { step: site.name, attempts: entry.attempts, kills },
  });
  throw execution.halt('parked', error);
}

async function waitForRetry({ store, execution }: StepDeps, counts: Counts): Promise<void> {
  if (counts.retryAt === null) return;
  const options = { signal: execution.signal, clock: store.clock, deadline: counts.retryAt };
  await until(store.wakes, [], () => undefined, options);
}

function beginAttempt({ store, execution }: StepDeps, site: CallSite, counts: Counts): void {
  const change = () => (counts.attempts === 0 ? openEntry(store, site, null) : countAttempt(store, site));
  // Losing this count with the power is harmless; it saves a flush of the disk per step.
  execution.record(change, { durability: 'process' });
  counts.attempts += 1;
  counts.retryAt = null;
}

async function recordValue<T>(
  { store, execution }: StepDeps,
  site: CallSite,
  { value, conclusion }: TryOutcome<T> & { ok: true },
  startedAt: number,
  durability: NonNullable<StepOptions['durability']>,
): Promise<T> {
  let json: string | null;
  try {
    json = toJson(value, `the value of step '${site.name}'`);
  } catch (thrown) {
    throw execution.halt('conflict', engineConflict(site.runId, toAppError(thrown).message));
  }
  const change = () => {
    conclusion();
    closeEntry(store, site, { state: 'ok', value: packValue(store, json, execution.run.root_id), startedAt });
  };
  execution.record(change, { durability: durability === 'full' ? 'process' : durability });
  if (durability === 'full') await execution.flush();
  // The same value as a replay gives, so that a definition cannot come to rely on more.
  return fromJson(json) as T;
}

async function recordError(
  { store, log, execution }: StepDeps,
  site: CallSite,
  error: AppError,
  startedAt: number,
): Promise<AppError> {
  const info = error.toInfo();
  const json = toJson(info, `the error of step '${site.name}'`);
  const change = () =>
    closeEntry(store, site, { state: 'error', value: packValue(store, json, execution.run.root_id), startedAt });
  execution.record(change, { durability: 'process' });
  await execution.flush();
  const stack = error.code === 'internal' && error.cause instanceof Error ? { stack: error.cause.stack } : {};
  log.warn('step failed', { runId: site.runId, step: site.name, code: error.code, message: error.message, ...stack });
  return AppError.fromInfo(info);
}

function scheduleRetry(deps: StepDeps, site: CallSite, counts: Counts, error: AppError, backoffMs: number): void {
  const { store, log, execution } = deps;
  const waitMs = backoffMs * 2 ** counts.failures;
  const retryAt = store.clock.now() + waitMs;
  execution.record(() => countFailure(store, site, retryAt), { durability: 'process' });
  counts.failures += 1;
  counts.retryAt = retryAt;
  log.info('step is tried again', { runId: site.runId, step: site.name, code: error.code, waitMs });
}

/** One call of the function. Rejects only when the execution is halted. */
async function runTry<T>(
  deps: StepDeps,
  site: CallSite,
  attempt: number,
  fn: StepFunction<T>,
  timeoutMs: number | null,
): Promise<TryOutcome<T>> {
  const { store, execution } = deps;
  const { clock } = store;
  const tryEnd = new AbortController();
  const timers = new AbortController();
  const onHalt = () => tryEnd.abort(execution.signal.reason);
  execution.signal.addEventListener('abort', onHalt, { once: true });
  execution.openStep = site;
  let over = false;
  const concluding: [dedupKey: string, event: DomainEvent][] = [];
  const context = stepContext(deps, site, attempt, tryEnd.signal, () => over, concluding);
  const key = (dedupKey: string) => `step:${context.key}:${dedupKey}`;
  const conclusion = () => {
    for (const [name, event] of concluding) appendEvent(store, execution.run.root_id, event, key(name));
  };
  const work = Promise.resolve()
    .then(() => fn(context))
    .then(
      (value): TryOutcome<T> => ({ ok: true, value, conclusion }),
      (thrown): TryOutcome<T> => ({ ok: false, thrown }),
    );
  execution.track(work);
  const timeout = async (limitMs: number): Promise<TryOutcome<T>> => {
    await clock.sleep(limitMs, timers.signal);
    const error = timeoutError(site, limitMs);
    tryEnd.abort(error);
    await Promise.race([work, clock.sleep(ABANDON_MS, timers.signal)]);
    return { ok: false, thrown: error };
  };
  const limits = timeoutMs === null ? [] : [timeout(timeoutMs)];
  for (const limit of limits) limit.catch(() => {});
  try {
    const first = await execution.orHalted(Promise.race([work, ...limits]));
    if (!tryEnd.signal.aborted) return first;
    return await execution.orHalted(Promise.race(limits));
  } finally {
    over = true;
    timers.abort();
    execution.signal.removeEventListener('abort', onHalt);
    execution.openStep = null;
  }
}

const timeoutError = (site: CallSite, timeoutMs: number) =>
  new AppError({
    code: 'timeout',
    message: `Step '${site.name}' of run ${site.runId} took longer than ${timeoutMs} ms.`,
    userMessage: `The step '${site.name}' took longer than ${Math.round(timeoutMs / 1_000)} seconds and was ended.`,
  });

function stepContext(
  { store, log, execution }: StepDeps,
  site: CallSite,
  attempt: number,
  signal: AbortSignal,
  isOver: () => boolean,
  concluding: [dedupKey: string, event: DomainEvent][],
): StepContext {
  const key = `${site.runId}:${site.name}`;
  return {
    key,
    signal,
    attempt,
    conclude: (dedupKey, event) => {
      concluding.push([dedupKey, event]);
    },
    emit(dedupKey, event) {
      const dropped = () => log.warn('event of an ended try dropped', { key, dedupKey, type: event.type });
      if (isOver() || signal.aborted) return dropped();
      try {
        const append = () => appendEvent(store, execution.run.root_id, event, `step:${key}:${dedupKey}`);
        // Flushed with the step's end. What the power takes before that is emitted again by the next try.
        execution.record(append, { durability: 'process' });
      } catch (thrown) {
        // It may come from a stream's callback, where a throw would end the process; the signal tells the function.
        if (execution.halted === null) throw thrown;
        dropped();
      }
    },
  };
}
