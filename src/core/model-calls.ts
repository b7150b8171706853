import { AppError, type ErrorCode, toAppError } from '../protocol/errors.ts';
import type { DomainEvent } from '../protocol/events.ts';
import type { Ledger } from './ledger.ts';
import type { Limiter } from './limiter.ts';
import { findModel } from './model-catalog.ts';
import type {
  AgentModel,
  AgentTurnReply,
  AgentTurnRequest,
  Clock,
  LeadModel,
  LeadReply,
  LeadRequest,
  Log,
  ModelReply,
} from './ports.ts';
import { createTurnstile } from './turnstile.ts';
import { requireUnpricedRoom } from './unpriced-calls.ts';
import { agentWorstUsd, leadWorstUsd } from './worst-case.ts';

/**
 * The one way to a paid model call: the shared gate first, then the budget, then the call, then the failure policy.
 *
 * Invariants:
 * 1. No try starts without its worst case reserved in the ledger; key `callKey#try`. Where no price is known that is 0, and
 *    the number of calls is bounded instead (unpriced-calls.ts).
 * 2. A try ends settled (with what was charged; 0 when the price is unknown), released (the provider answered with an error
 *    or was never reached), or with its reservation left in place (cut, timed out, cancelled after sending: the provider
 *    may have charged for it).
 * 3. Only failures that name a passing condition are tried again; every wait goes through the clock and its signal.
 */
export type RetryFields = Omit<Extract<DomainEvent, { type: 'model.retried' }>, 'type'>;

export interface ModelCall {
  rootRunId: string;
  /** Unique per attempt of a step: two attempts never share it. */
  callKey: string;
  signal: AbortSignal;
  subtaskId: string | null;
  agentId: string | null;
  /** Before each further try. Text that was streamed by the failed try is void. */
  onRetry(fields: RetryFields): void;
  onText?: (delta: string) => void;
  /** Tried once when the model refuses. */
  fallbackModel?: string;
}

export interface ModelCalls {
  askLead(request: LeadRequest, call: ModelCall): Promise<LeadReply>;
  turnAgent(request: AgentTurnRequest, call: ModelCall): Promise<AgentTurnReply>;
  /** The lead is going to be asked: what that needs is loaded while the program waits for something else. */
  prepareLead(): void;
}

export interface ModelCallsOptions {
  lead: LeadModel;
  agent: AgentModel;
  ledger: Ledger;
  limiter: Limiter;
  clock: Clock;
  /** 0 (included) to 1 (excluded). */
  random: () => number;
  log: Log;
}

/** A request that is being made has left by then, and no answer comes much sooner. */
const SENT_WITHIN_MS = 100;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;
const MAX_TRIES = 6;
const MAX_TOTAL_MS = 10 * 60_000;

/** Tries in all, per kind of failure; kinds that are not named here are thrown at once. */
const TRIES: Partial<Record<ErrorCode, number>> = {
  rate_limited: MAX_TRIES,
  overloaded: MAX_TRIES,
  transport: MAX_TRIES,
  server: 4,
  timeout: 2,
  malformed: 2,
};

/** Kinds that leave open whether the provider worked, and charged, unless the adapter says it never got there. */
const OUTCOME_UNKNOWN: ReadonlySet<ErrorCode> = new Set(['transport', 'timeout', 'aborted', 'malformed', 'internal']);

/** Names the limiter's gate of a model. */
function gateKey(model: string): string {
  return `${findModel(model)?.provider ?? 'other'}/${model}`;
}

/** Full jitter: a random part of a wait that doubles. */
function backoffMs(failures: number, random: () => number): number {
  return Math.round(random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1)));
}

function numberDetail(error: AppError, name: string): number | null {
  const value = error.details?.[name];
  return typeof value === 'number' ? value : null;
}

function parked(error: AppError, parkMs: number): AppError {
  const minutes = Math.ceil(parkMs / 60_000);
  return new AppError({
    code: 'rate_limited',
    message: error.message,
    userMessage: `${error.userMessage} The provider asks to wait ${minutes} min; resume the run after that.`,
    retry: false,
    cause: error,
    details: { ...error.details, parkMs },
  });
}

/** Tells the ledger what became of a failed try. */
function account(ledger: Ledger, call: ModelCall, tryKey: string, error: AppError): void {
  const charged = error.details?.charged;
  if (charged === 'yes') ledger.settle(call.rootRunId, tryKey, numberDetail(error, 'costUsd') ?? 0);
  else if (charged === 'no' || (charged === undefined && !OUTCOME_UNKNOWN.has(error.code))) {
    ledger.release(call.rootRunId, tryKey);
  }
}

interface OpenCalls extends ModelCallsOptions {
  /** The request that waits for the disk, or was the last to do so. */
  sending: { newest: Promise<void> };
  /** Answers that come together are worked on one after the other. */
  pass(): Promise<void>;
}

/** One try. The adapters bound its silence and its whole length. */
async function tryOnce<R extends ModelReply>(
  { limiter, ledger, sending }: OpenCalls,
  call: ModelCall,
  budgeted: { model: string; worstUsd: number | null; tryKey: string },
  start: (signal: AbortSignal, cleared: Promise<void>) => Promise<R>,
): Promise<R> {
  const { model, worstUsd, tryKey } = budgeted;
  const lease = await limiter.acquire(gateKey(model), call.signal);
  let reserved: Promise<void>;
  try {
    if (worstUsd === null) requireUnpricedRoom(ledger, call.rootRunId);
    reserved = ledger.reserve(call.rootRunId, tryKey, worstUsd ?? 0).onDisk;
    sending.newest = reserved;
  } catch (error) {
    lease.release(null);
    throw error;
  }
  try {
    const reply = await untilCancelled((signal) => start(signal, reserved), call.signal);
    ledger.settle(call.rootRunId, tryKey, reply.costUsd ?? 0);
    lease.release(null);
    return reply;
  } catch (thrown) {
    // Why nothing was sent counts more than what became of a request that was not made.
    const error = await reserved.then(() => toAppError(thrown), toAppError);
    account(ledger, call, tryKey, error);
    lease.release(error);
    throw error;
  }
}

interface Progress {
  tries: number;
  elapsedMs: number;
  /** Of this kind, this one included. */
  failures: number;
}

/** Milliseconds until the next try; throws when there is none. */
function nextWaitMs(error: AppError, progress: Progress, hasOtherRequest: boolean, random: () => number): number {
  const serverWaitMs = numberDetail(error, 'retryAfterMs');
  if (serverWaitMs !== null && progress.elapsedMs + serverWaitMs > MAX_TOTAL_MS && error.code === 'rate_limited') {
    throw parked(error, serverWaitMs);
  }
  const isRetriable = hasOtherRequest || progress.failures < (TRIES[error.code] ?? 0);
  if (!isRetriable || progress.tries >= MAX_TRIES) throw error;
  const waitMs = hasOtherRequest ? 0 : (serverWaitMs ?? backoffMs(progress.failures, random));
  if (progress.elapsedMs + waitMs > MAX_TOTAL_MS) throw error;
  return waitMs;
}

/** How one kind of call is made. */
interface CallKind<Q, R> {
  worstUsd(request: Q): number | null;
  /** Nothing may be sent before `cleared` has resolved. */
  start(request: Q, signal: AbortSignal, cleared: Promise<void>): Promise<R>;
  /** Another request to try at once, or null; asked at the first failure of each kind. */
  refit(request: Q, error: AppError): Q | null;
}

async function callModel<Q extends { model: string }, R extends ModelReply>(
  options: OpenCalls,
  call: ModelCall,
  first: Q,
  kind: CallKind<Q, R>,
): Promise<R> {
  const { clock, random, log } = options;
  const startedAt = clock.now();
  const failuresByKind = new Map<ErrorCode, number>();
  let request = first;
  for (let tries = 1; ; tries += 1) {
    const current = request;
    const { model } = current;
    let error: AppError;
    try {
      const budgeted = { model, worstUsd: kind.worstUsd(current), tryKey: `${call.callKey}#${tries}` };
      const reply = await tryOnce(options, call, budgeted, (signal, cleared) => kind.start(current, signal, cleared));
      await options.pass();
      return reply;
    } catch (thrown) {
      error = toAppError(thrown);
    }
    if (call.signal.aborted || numberDetail(error, 'parkMs') !== null) throw error;
    const failures = (failuresByKind.get(error.code) ?? 0) + 1;
    failuresByKind.set(error.code, failures);
    const other = failures === 1 ? kind.refit(current, error) : null;
    const progress = { tries, failures, elapsedMs: clock.now() - startedAt };
    const waitMs = nextWaitMs(error, progress, other !== null, random);
    const provider = findModel(model)?.provider ?? 'other';
    const { subtaskId, agentId } = call;
    const fields: RetryFields = { provider, model, subtaskId, agentId, kind: error.code, attempt: tries, waitMs };
    log.warn('model call will be tried again', { ...fields });
    call.onRetry(fields);
    if (waitMs > 0) await clock.sleep(waitMs, call.signal);
    request = other ?? current;
  }
}

export function createModelCalls(given: ModelCallsOptions): ModelCalls {
  const sending = { newest: Promise.resolve() };
  const options = { ...given, sending, pass: createTurnstile(() => sending.newest) };
  let isAgentPrepared = false;
  /** After the lead the agents are asked: what they need is loaded while it thinks, once. */
  const prepareAgent = (): void => {
    if (isAgentPrepared) return;
    isAgentPrepared = true;
    setTimeout(prepare, SENT_WITHIN_MS, options.agent).unref();
  };
  return {
    askLead(request, call) {
      prepareAgent();
      return callModel(options, call, request, {
        worstUsd: leadWorstUsd,
        start: async (current, signal, cleared) => {
          await cleared;
          return options.lead.ask(current, signal);
        },
        refit: (current, error) => onFallback(current, error, call) ?? roomier(current, error),
      });
    },
    turnAgent: (request, call) =>
      callModel(options, call, request, {
        worstUsd: agentWorstUsd,
        start: (current, signal, cleared) => options.agent.turn(current, signal, { onText: call.onText, cleared }),
        refit: (current, error) => onFallback(current, error, call),
      }),
    prepareLead: () => prepare(options.lead),
  };
}

/** A failure shows at the first call. */
const prepare = (model: Pick<LeadModel, 'prepare'>): void => void model.prepare?.().catch(() => {});

function onFallback<Q extends { model: string }>(request: Q, error: AppError, call: ModelCall): Q | null {
  const { fallbackModel } = call;
  if (error.code !== 'refusal' || fallbackModel === undefined || fallbackModel === request.model) return null;
  return { ...request, model: fallbackModel };
}

/** A lead's answer that was cut is asked for once more with twice the room, as far as the model has it. */
function roomier(request: LeadRequest, error: AppError): LeadRequest | null {
  if (error.code !== 'truncated') return null;
  const limit = findModel(request.model)?.maxOutputTokens ?? Number.POSITIVE_INFINITY;
  const maxOutputTokens = Math.min(request.maxOutputTokens * 2, limit);
  return maxOutputTokens > request.maxOutputTokens ? { ...request, maxOutputTokens } : null;
}

/** Frees the caller when the signal fires, even if the call itself is slow to notice. */
async function untilCancelled<T>(start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: cancelled, reject } = Promise.withResolvers<never>();
  const onAbort = (): void =>
    reject(new AppError({ code: 'aborted', message: 'model call cancelled', userMessage: 'Cancelled.' }));
  signal.addEventListener('abort', onAbort, { once: true });
  const work = start(signal);
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // A call that loses the race still ends later; its failure has no listener then.
    work.catch(() => {});
  }
}
