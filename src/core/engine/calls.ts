import { AppError, type ErrorInfo } from '../../protocol/errors.ts';
import type { Execution } from './execution.ts';
import type { CallKind, CallSite, Entry } from './journal.ts';
import type { Store } from './store.ts';
import { unpackValue } from './values.ts';

/**
 * The discipline of calls: each takes the next position and must match what history has there.
 *
 * 1. One outstanding call; a second one at the same time fails the run.
 * 2. A name is used once per run, over all kinds; a second use fails the run.
 * 3. History must match the definition by position, kind and name, and be used up when the definition ends.
 */
export interface Calls {
  /** Checks the rules, then runs the body with the call's place and its entry in history, if any. */
  make<T>(name: string, kind: CallKind, body: (site: CallSite, entry: Entry | undefined) => Promise<T>): Promise<T>;
  isReplaying(): boolean;
  /** The conflict with history that is left over when the definition has ended; null when there is none. */
  leftOver(): AppError | null;
}

export function engineConflict(runId: string, what: string): AppError {
  return new AppError({
    code: 'engine_conflict',
    message: `Run ${runId}: ${what}`,
    userMessage: `The run ${runId} cannot go on because this program's steps do not match its record: ${what}`,
    retry: false,
  });
}

/** What a closed entry holds: returned, or thrown. */
export function replay(store: Store, entry: Entry): unknown {
  const value = store.read(() => unpackValue(store, entry.value));
  if (entry.state === 'ok') return value;
  throw AppError.fromInfo(value as ErrorInfo);
}

export function createCalls(execution: Execution, entries: readonly Entry[]): Calls {
  const { runId } = execution.fence;
  const history = new Map(entries.map((entry) => [entry.position, entry]));
  const used = new Set<string>();
  let outstanding: string | null = null;
  let nextPosition = 0;

  const conflict = (what: string) => execution.halt('conflict', engineConflict(runId, what));

  const enter = (name: string, kind: CallKind): Entry | undefined => {
    execution.throwIfHalted();
    const call = `${kind} '${name}'`;
    if (outstanding !== null) throw conflict(`${call} was called while ${outstanding} was still outstanding.`);
    if (used.has(name)) throw conflict(`${call} uses a name that was used before.`);
    const entry = history.get(nextPosition);
    if (entry !== undefined && (entry.name !== name || entry.kind !== kind)) {
      throw conflict(`call ${nextPosition} was ${entry.kind} '${entry.name}' and is ${call} now.`);
    }
    outstanding = call;
    used.add(name);
    // A replayed value is needed once.
    history.delete(nextPosition);
    nextPosition += 1;
    return entry;
  };

  const run = async <T>(name: string, kind: CallKind, body: (s: CallSite, e: Entry | undefined) => Promise<T>) => {
    const entry = enter(name, kind);
    try {
      const site = { runId, position: nextPosition - 1, name, kind };
      return await execution.orHalted(body(site, entry));
    } finally {
      outstanding = null;
    }
  };

  return {
    make(name, kind, body) {
      const call = run(name, kind, body);
      // A definition that forgets to await must not end the process by an unhandled rejection.
      call.catch(() => {});
      return call;
    },
    isReplaying: () => history.get(nextPosition) !== undefined && history.get(nextPosition)?.state !== 'open',
    leftOver() {
      if (outstanding !== null) return engineConflict(runId, `it ended while ${outstanding} was still outstanding.`);
      const [first] = history.values();
      if (first === undefined) return null;
      return engineConflict(runId, `it ended without ${first.kind} '${first.name}', which its record holds.`);
    },
  };
}
