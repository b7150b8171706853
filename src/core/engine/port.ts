import type { ErrorInfo } from '../../protocol/errors.ts';
import type { DomainEvent, EventRecord } from '../../protocol/events.ts';

/**
 * The durable-execution port. A definition is an async function over Ctx; it is replayed from its journal after a crash.
 *
 * Rules that keep a definition replayable:
 * 1. One outstanding Ctx call per run; parallelism only through children.
 * 2. Names are unique per run and indexed by loop (`review-0`); values are JSON; no clock, random or I/O outside `step`.
 * 3. A definition is immutable and named with a version (`build@1`); a run stores the name.
 * 4. A step is at-least-once; its effect is exactly-once because it is find-or-create by `key`.
 * 5. Secrets never enter inputs, outputs or events.
 */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface StepContext {
  /** `runId:stepName`; the same on every attempt. */
  readonly key: string;
  /** Aborted when the run is cancelled or the engine stops. */
  readonly signal: AbortSignal;
  /** 1 on the first try; above 1 after a crash or a retry. */
  readonly attempt: number;
  /**
   * Appends an event at once, while the step still runs. Exactly once per (step key, dedupKey), whatever the attempts.
   */
  emit(dedupKey: string, event: DomainEvent): void;
  /** Appends an event together with what the step returns, and not at all when this try throws. */
  conclude(dedupKey: string, event: DomainEvent): void;
}

export interface StepOptions {
  /** Tries before the step's error reaches the definition; default 1. Only errors with `retry: true` are tried again. */
  maxAttempts?: number;
  /** Wait before the second try; doubles; default 1,000. */
  backoffMs?: number;
  /** Ends a try with code `timeout`; default none. */
  timeoutMs?: number;
  /**
   * When what it returned is safe from the power; a step that the power takes is made again. `full`: before the definition goes
   * on. `soon`: a moment later, and before the next `full` step ends. `process`: whenever something else is flushed. Default
   * `full`.
   */
  durability?: 'full' | 'soon' | 'process';
  /**
   * Mostly waits for something outside, maybe for long: that the process ended meanwhile says nothing about the step, and its run
   * is not parked for it. Default false.
   */
  waits?: boolean;
}

export type Outcome<O> = { ok: true; value: O } | { ok: false; error: ErrorInfo };

export interface Handle<O> {
  readonly runId: string;
  /** Type carrier only. */
  readonly _out?: O;
}

/** Something in this process that a wait may end for. */
export interface Condition {
  /** Looked at when the wait begins, and whenever it may have changed. */
  holds(): boolean;
  /** Calls back when it may hold; returns the function that ends it. */
  watch(listener: () => void): () => void;
}

/** A run that has ended, and how. */
export interface Ended<O> {
  handle: Handle<O>;
  outcome: Outcome<O>;
}

export interface Ctx {
  readonly runId: string;
  /** The run at the top: equal to runId for a root run. Events are appended to its stream. */
  readonly rootRunId: string;
  /** Runs `fn` and records what it returned or threw; on replay the record is returned and `fn` is not called. */
  step<T>(name: string, fn: (s: StepContext) => Promise<T>, options?: StepOptions): Promise<T>;
  /** Starts a child run with id `runId/name`, once; returns at once. */
  startChild<I, O>(name: string, definition: Definition<I, O>, input: I): Promise<Handle<O>>;
  /** Waits until one of the handles has an outcome; which one it was is recorded under `name`. */
  waitAny<O>(name: string, handles: readonly Handle<O>[]): Promise<Ended<O>>;
  /** The same, and null as soon as the condition holds, which is recorded as well; an outcome that is there comes first. */
  waitAny<O>(name: string, handles: readonly Handle<O>[], or: Condition): Promise<Ended<O> | null>;
  /** Takes the next message of a topic from this run's durable inbox (kept if it came early); null after timeoutMs. */
  waitFor<T>(name: string, topic: string, options: { timeoutMs: number }): Promise<T | null>;
  sleep(name: string, ms: number): Promise<void>;
  /** Appends an event to the root run's stream, once. */
  publish(name: string, event: DomainEvent): Promise<void>;
  /** True while recorded history is being replayed. For logs only; never branch on it. */
  readonly replaying: boolean;
}

export interface Definition<I, O> {
  /** Name with version, such as `build@1`. */
  readonly name: string;
  run(ctx: Ctx, input: I): Promise<O>;
}

export type RunStatus = 'running' | 'waiting' | 'complete' | 'failed' | 'cancelled' | 'parked';

export interface RunRecord {
  runId: string;
  parentId: string | null;
  rootRunId: string;
  definition: string;
  status: RunStatus;
  /** Milliseconds since the epoch. */
  createdAt: number;
  updatedAt: number;
  input: unknown;
  /** Set when complete. */
  output: unknown;
  /** Set when failed or parked. */
  error: ErrorInfo | null;
}

export interface HistoryEntry {
  name: string;
  kind: 'step' | 'child' | 'waitAny' | 'waitFor' | 'sleep' | 'publish';
  attempts: number;
  ok: boolean;
  startedAt: number;
  endedAt: number;
}

export interface Engine {
  /** Makes definitions known. Must be called before start/resume. */
  register(...definitions: Definition<never, unknown>[]): void;
  /** Creates the run if its id is new (same id again: returns the existing one) and begins to execute it here. */
  start<I, O>(definition: Definition<I, O>, input: I, options: { runId: string }): Promise<Handle<O>>;
  /** Takes over a root run and its unfinished children that no live process owns. False when somebody alive owns it. */
  resume(runId: string): Promise<boolean>;
  /** Puts a message into a run's inbox; the same dedupKey again is ignored. Works from any process. */
  send(runId: string, topic: string, value: unknown, dedupKey: string): Promise<void>;
  /** Marks a run and its children cancelled, from any process; the owner aborts its steps at once. */
  cancel(runId: string): Promise<void>;
  /** Resolves when the run has ended. */
  result<O>(handle: Handle<O>, signal?: AbortSignal): Promise<Outcome<O>>;
  get(runId: string): Promise<RunRecord | null>;
  /** Root runs, newest first. */
  list(filter?: { status?: RunStatus; limit?: number }): Promise<RunRecord[]>;
  /** Unfinished runs (children included) of a root, by id. */
  active(rootRunId: string): Promise<RunRecord[]>;
  /**
   * Resolves when nothing of the root's tree runs in this process any more: what was cancelled may take a moment to end. What
   * does not heed its signal is waited for as long as at a stop, 5 s by default.
   */
  idle(rootRunId: string): Promise<void>;
  history(runId: string): Promise<HistoryEntry[]>;
  /** Stops executing: aborts steps without recording them, releases leases, closes the store. Idempotent. */
  stop(): Promise<void>;
}

/** The one ordered table of events. */
export interface EventLog {
  /** Appends once per (runId, dedupKey); false when it was there already. */
  append(runId: string, event: DomainEvent, dedupKey: string): boolean;
  /** Records with seq above `afterSeq`, in order, at most `limit` (default 1,000). */
  read(runId: string, afterSeq: number, limit?: number): EventRecord[];
  /** Calls back for every record appended by any process, in order, after `afterSeq`; returns the unsubscribe function. */
  subscribe(runId: string, afterSeq: number, onRecord: (record: EventRecord) => void): () => void;
  /**
   * Calls back with the records of all runs that any process appends after this call, in order within a run, one call a
   * wake-up; returns the function that ends it.
   */
  watch(onRecords: (records: EventRecord[]) => void): () => void;
}
