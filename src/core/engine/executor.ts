import { AppError, toAppError } from '../../protocol/errors.ts';
import type { Log } from '../ports.ts';
import { createCalls, engineConflict } from './calls.ts';
import { createContext } from './context.ts';
import { createExecution, type Execution } from './execution.ts';
import { countInterruption, readJournal } from './journal.ts';
import type { Lease } from './lease.ts';
import type { Definition } from './port.ts';
import { cancelDescendants, endRun, findRun, type RunEnd } from './runs.ts';
import type { Store } from './store.ts';
import { packValue, toJson, unpackValue } from './values.ts';

/**
 * Executes runs that this owner holds.
 *
 * 1. A run is executed at most once at a time in this process: one that is launched again after a halt begins when the
 *    definition and the step functions of the halted execution have ended.
 * 2. A run that completes or fails cancels what is unfinished below it; a parked one leaves its children alone.
 * 3. A run whose storage failed is left unfinished and can be resumed, with the whole tree that it belongs to; those who
 *    wait for any run of the tree here are told.
 */
export interface Executor {
  isExecuting(runId: string): boolean;
  launch(runId: string): void;
  /** Why this process stopped executing the run without ending it; null when it did not. */
  failureOf(runId: string): AppError | null;
  /** Calls back when a run has failed to go on here; returns the unsubscribe function. */
  onFailure(listener: () => void): () => void;
  /** Waits until no definition or step function of the root's tree runs, at most graceMs. */
  idle(rootRunId: string, graceMs: number): Promise<void>;
  /** Halts everything and waits until no definition or step function runs, at most graceMs. */
  stop(graceMs: number): Promise<void>;
}

interface ExecutorDeps {
  store: Store;
  log: Log;
  lease: Lease;
  definitions: ReadonlyMap<string, Definition<never, unknown>>;
  maxKills: number;
}

type Finish = { status: RunEnd['status']; value: unknown };

const failed = (error: AppError): Finish => ({ status: 'failed', value: error.toInfo() });

export const stoppedError = () =>
  new AppError({
    code: 'aborted',
    message: 'The engine has been stopped.',
    userMessage: 'Stopped. The run can be resumed.',
  });

/** Calls the definition. Null when the execution was halted without an end of the run. */
async function evaluate(
  { store, log, definitions, maxKills }: ExecutorDeps,
  execution: Execution,
  launch: (runId: string) => void,
): Promise<Finish | null> {
  const { run, fence } = execution;
  const definition = definitions.get(run.definition);
  if (definition === undefined) {
    return failed(engineConflict(fence.runId, `its definition ${run.definition} is not registered.`));
  }
  const entries = store.read(() => readJournal(store, fence.runId));
  const calls = createCalls(execution, entries);
  const knows = (name: string) => definitions.has(name);
  const ctx = createContext({ store, log, execution, calls, maxKills, knows, launch });
  // The input was of the definition's type when the run was recorded under the definition's name.
  const input = store.read(() => unpackValue(store, run.input)) as never;
  let finish: Finish;
  try {
    const work = definition.run(ctx, input);
    // What it does to end after a halt (closing what it opened) is waited for like a step.
    execution.track(work);
    finish = { status: 'complete', value: await execution.orHalted(work) };
  } catch (thrown) {
    finish = failed(toAppError(thrown));
  }
  const halted = execution.halted;
  if (halted?.kind === 'conflict') return failed(halted.error);
  if (halted?.kind === 'parked') return { status: 'parked', value: halted.error.toInfo() };
  if (halted !== null) return null;
  const leftOver = calls.leftOver();
  return leftOver === null ? finish : failed(leftOver);
}

/** The end of a child is flushed with what its parent records next. */
function writeEnd(store: Store, { run, fence }: Execution, { status, value }: Finish): void {
  const json = toJson(value, `the ${status === 'complete' ? 'result' : 'error'} of run ${fence.runId}`);
  const change = () => {
    const isComplete = status === 'complete';
    const output = isComplete ? packValue(store, json, run.root_id) : null;
    const hasEnded = endRun(store, fence, { status, output, error: isComplete ? null : json });
    if (hasEnded && status !== 'parked') cancelDescendants(store, fence.runId);
  };
  store.write(change, run.parent_id === null ? 'full' : 'process');
}

function endRunOnce(store: Store, execution: Execution, finish: Finish): void {
  try {
    writeEnd(store, execution, finish);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code !== 'engine_conflict') throw error;
    writeEnd(store, execution, failed(engineConflict(execution.fence.runId, error.message)));
  }
}

export function createExecutor(deps: ExecutorDeps): Executor {
  const { store, log, lease } = deps;
  /** The newest execution of each run; an older one of the same run may still be ending. */
  const current = new Map<string, Execution>();
  const unended = new Set<Execution>();
  const failures = new Map<string, AppError>();
  const failureListeners = new Set<() => void>();

  const fail = ({ run, fence: { runId } }: Execution, error: AppError) => {
    failures.set(runId, error);
    log.warn('run halted', { runId, code: error.code, message: error.message });
    // A parent would wait for a child that nobody executes, and the other way round.
    for (const other of [...unended]) if (other.run.root_id === run.root_id) other.halt('storage', error);
    for (const listener of [...failureListeners]) listener();
  };

  const drive = async (execution: Execution, before: Execution | undefined): Promise<void> => {
    const { runId } = execution.fence;
    try {
      await before?.idle();
      const finish = execution.halted === null ? await evaluate(deps, execution, launch) : null;
      execution.close();
      if (finish !== null) endRunOnce(store, execution, finish);
      const { halted } = execution;
      if (halted?.kind === 'storage') fail(execution, halted.error);
      if (halted?.kind === 'lost') log.warn('run lost', { runId });
    } catch (thrown) {
      fail(execution, toAppError(thrown));
    } finally {
      // A step function that the definition did not await has nobody to work for any more.
      execution.halt('stopped', new AppError({ code: 'aborted', message: `Run ${runId} has ended.` }));
      await execution.idle();
      unended.delete(execution);
      if (current.get(runId) === execution) current.delete(runId);
      if (unended.size === 0) lease.rest();
    }
  };

  const launch = (runId: string): void => {
    const before = current.get(runId);
    if (before?.halted === null) return;
    const run = store.read(() => findRun(store, runId));
    if (run === null || run.owner_id !== lease.ownerId) return;
    failures.delete(runId);
    const execution = createExecution({ store, log }, run, { runId, ownerId: lease.ownerId, epoch: run.epoch });
    current.set(runId, execution);
    unended.add(execution);
    lease.beat();
    // The caller goes on first; whatever happens in the run is recorded with the run.
    queueMicrotask(() => void drive(execution, before));
  };

  const idle = async (executions: readonly Execution[], graceMs: number): Promise<void> => {
    const grace = new AbortController();
    const limit = store.clock.sleep(graceMs, grace.signal).catch(() => {});
    await Promise.race([Promise.all(executions.map((execution) => execution.idle())), limit]);
    grace.abort();
  };

  return {
    idle: (rootRunId, graceMs) =>
      idle(
        [...unended].filter(({ run }) => run.root_id === rootRunId),
        graceMs,
      ),
    isExecuting: (runId) => current.get(runId)?.halted === null,
    launch,
    failureOf: (runId) => failures.get(runId) ?? null,
    onFailure(listener) {
      failureListeners.add(listener);
      return () => failureListeners.delete(listener);
    },
    async stop(graceMs) {
      if (unended.size === 0) return;
      const all = [...unended];
      store.write(() => {
        for (const { openStep } of all) if (openStep) countInterruption(store, openStep.runId, openStep.position);
      }, 'process');
      for (const execution of all) execution.halt('stopped', stoppedError());
      await idle(all, graceMs);
    },
  };
}
