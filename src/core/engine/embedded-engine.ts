import { AppError } from '../../protocol/errors.ts';
import type { Clock, Log } from '../ports.ts';
import { engineConflict } from './calls.ts';
import { createExecutor, type Executor, stoppedError } from './executor.ts';
import { hasKey, putMessage } from './inbox.ts';
import { readHistory } from './journal.ts';
import { createLease, type Lease } from './lease.ts';
import type { Definition, Engine, Handle, Outcome } from './port.ts';
import {
  cancelTree,
  findRun,
  insertRun,
  isEnded,
  listRoots,
  outcomeOf,
  type RunRow,
  releaseRuns,
  runTopic,
  takeOver,
  toRecord,
  unfinishedRuns,
  unpark,
} from './runs.ts';
import type { Store } from './store.ts';
import { packValue, toJson } from './values.ts';
import { joinSignals, until } from './wakes.ts';

/**
 * The durable engine on one SQLite file, for one process or several that share the file.
 *
 * 1. A root and its children are executed by one process. Taking over is one transaction over the whole tree, and refused
 *    while any unfinished run of it belongs to somebody alive.
 * 2. What a step, a wait or a child did is in the journal before the definition learns of it.
 * 3. An owner that was taken over cannot write any more: not to the journal, not to the run, not to the event log.
 * 4. Cancelling is one transaction over the run and all below it, whoever executes them.
 */
interface EmbeddedEngineOptions {
  store: Store;
  clock: Clock;
  log: Log;
  /** Who this is, for people who look into the file; default `engine`. */
  ownerLabel?: string;
  /** An owner that has not renewed for so long counts as gone; default 15,000. */
  leaseMs?: number;
  /** Time between renewals; default 5,000. */
  beatMs?: number;
  /** A step that was cut off more often than this by the end of its process parks its run; default 5. */
  maxKills?: number;
  /** How long `stop` waits for step functions that were told to end; default 5,000. */
  stopGraceMs?: number;
}

interface Parts {
  store: Store;
  clock: Clock;
  definitions: Map<string, Definition<never, unknown>>;
  lease: Lease;
  executor: Executor;
  /** Aborted by `stop`. */
  stopped: AbortSignal;
}

const NO_LIMIT = -1;

function mustFind(store: Store, runId: string): RunRow {
  const row = findRun(store, runId);
  if (row !== null) return row;
  throw new AppError({
    code: 'not_found',
    message: `There is no run ${runId}.`,
    userMessage: `There is no run ${runId}. List the runs to see which there are.`,
  });
}

/** Ids to execute here, or null when somebody alive owns a part of the tree. To be called in a transaction. */
function claimTree({ store, definitions, lease, executor }: Parts, rootRunId: string): string[] | null {
  const root = mustFind(store, rootRunId);
  const isParked = root.status === 'parked';
  const rows = [...(isParked ? [root] : []), ...unfinishedRuns(store, rootRunId)];
  const owners = new Set(rows.map((row) => row.owner_id).filter((owner) => owner !== null));
  for (const owner of owners) if (owner !== lease.ownerId && lease.isAlive(owner)) return null;
  const claimed = rows.filter((row) => row.owner_id !== lease.ownerId || !executor.isExecuting(row.run_id));
  for (const row of claimed) {
    if (definitions.has(row.definition)) continue;
    throw engineConflict(row.run_id, `its definition ${row.definition} is not known to this version of the program.`);
  }
  if (claimed.length > 0) lease.renew();
  if (isParked) unpark(store, rootRunId);
  for (const row of claimed) takeOver(store, row.run_id, lease.ownerId);
  return claimed.map((row) => row.run_id);
}

/** False when there was nothing to claim because somebody alive owns it. */
function launchAll({ executor }: Parts, runIds: readonly string[] | null): boolean {
  for (const runId of runIds ?? []) executor.launch(runId);
  return runIds !== null;
}

function startRun(parts: Parts, definition: string, input: unknown, runId: string): void {
  const { store, definitions, lease } = parts;
  if (!definitions.has(definition)) throw engineConflict(runId, `its definition ${definition} is not registered.`);
  const json = toJson(input, `the input of run ${runId}`);
  const claimed = store.write(() => {
    const existing = findRun(store, runId);
    if (existing !== null && existing.definition !== definition) {
      throw engineConflict(runId, `it exists with the definition ${existing.definition}.`);
    }
    // A parked run needs somebody to ask for it by `resume`.
    if (existing !== null) return isEnded(existing.status) ? [] : claimTree(parts, existing.root_id);
    lease.renew();
    const packed = packValue(store, json, runId);
    insertRun(store, { runId, parentId: null, rootId: runId, definition, ownerId: lease.ownerId, input: packed });
    return [runId];
  });
  launchAll(parts, claimed);
}

function sendMessage(store: Store, runId: string, topic: string, value: unknown, dedupKey: string): void {
  const json = toJson(value, `the message ${dedupKey}`);
  store.write(() => {
    const row = mustFind(store, runId);
    if (hasKey(store, runId, dedupKey)) return;
    if (isEnded(row.status) && row.status !== 'parked') {
      throw new AppError({
        code: 'engine_conflict',
        message: `Run ${runId} is ${row.status}; '${topic}' comes too late.`,
        userMessage: `The run ${runId} has ended (${row.status}); it takes no more answers.`,
      });
    }
    putMessage(store, runId, topic, packValue(store, json, row.root_id), dedupKey);
  });
}

async function awaitResult(parts: Parts, runId: string, signal: AbortSignal | undefined): Promise<Outcome<unknown>> {
  const { store, clock, executor, stopped } = parts;
  const check = () => {
    const outcome = store.read(() => outcomeOf(store, mustFind(store, runId)));
    if (outcome !== null) return outcome;
    const failure = executor.failureOf(runId);
    if (failure !== null) throw failure;
    return undefined;
  };
  const either = joinSignals(signal === undefined ? [stopped] : [stopped, signal]);
  const off = executor.onFailure(() => store.wakes.emit([runTopic(runId)]));
  try {
    const options = { signal: either.signal, clock, deadline: null };
    const outcome = await until(store.wakes, [runTopic(runId)], check, options);
    if (outcome === undefined) throw stoppedError();
    return outcome;
  } finally {
    off();
    either.dispose();
  }
}

async function shutDown({ store, lease, executor }: Parts, graceMs: number): Promise<void> {
  try {
    await executor.stop(graceMs);
    store.write(() => {
      releaseRuns(store, lease.ownerId);
      lease.drop();
    });
  } finally {
    lease.rest();
    store.close();
  }
}

/**
 * `stop` closes the store. `resume` answers true for a run that has ended or is executed here already, and lets a parked
 * root try again. `send` to a run that has ended throws `engine_conflict`, unless its dedupKey was seen before. `result`
 * rejects with `aborted` when the engine stops, and with `storage_failed` when the run cannot go on here.
 */
export function createEmbeddedEngine(options: EmbeddedEngineOptions): Engine {
  const {
    store,
    clock,
    log,
    ownerLabel: label = 'engine',
    leaseMs = 15_000,
    beatMs = 5_000,
    stopGraceMs: graceMs = 5_000,
  } = options;
  const definitions: Parts['definitions'] = new Map();
  const lease = createLease({ store, log, label, leaseMs, beatMs });
  const executor = createExecutor({ store, log, lease, definitions, maxKills: options.maxKills ?? 5 });
  const stop = new AbortController();
  const parts: Parts = { store, clock, definitions, lease, executor, stopped: stop.signal };
  let stopping: Promise<void> | null = null;

  return {
    register(...added) {
      for (const definition of added) {
        const known = definitions.get(definition.name);
        if (known !== undefined && known !== definition) {
          throw engineConflict(definition.name, 'two definitions have this name.');
        }
        definitions.set(definition.name, definition);
      }
    },
    async start<I, O>(definition: Definition<I, O>, input: I, { runId }: { runId: string }): Promise<Handle<O>> {
      stop.signal.throwIfAborted();
      startRun(parts, definition.name, input, runId);
      return { runId };
    },
    async resume(runId) {
      stop.signal.throwIfAborted();
      const claimed = store.write(() => claimTree(parts, mustFind(store, runId).root_id));
      return launchAll(parts, claimed);
    },
    send: async (runId, topic, value, dedupKey) => sendMessage(store, runId, topic, value, dedupKey),
    cancel: async (runId) =>
      store.write(() => {
        mustFind(store, runId);
        cancelTree(store, runId);
      }),
    async result<O>({ runId }: Handle<O>, signal?: AbortSignal): Promise<Outcome<O>> {
      stop.signal.throwIfAborted();
      return (await awaitResult(parts, runId, signal)) as Outcome<O>;
    },
    async get(runId) {
      return store.read(() => {
        const row = findRun(store, runId);
        return row === null ? null : toRecord(store, row);
      });
    },
    list: async ({ status, limit } = {}) =>
      store.read(() => listRoots(store, status ?? null, limit ?? NO_LIMIT).map((row) => toRecord(store, row))),
    active: async (rootRunId) => store.read(() => unfinishedRuns(store, rootRunId).map((row) => toRecord(store, row))),
    idle: (rootRunId) => executor.idle(rootRunId, graceMs),
    history: async (runId) => store.read(() => readHistory(store, runId)),
    stop() {
      stop.abort(stoppedError());
      stopping ??= shutDown(parts, graceMs);
      return stopping;
    },
  };
}
