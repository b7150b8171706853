import { engineConflict, replay } from './calls.ts';
import type { Execution } from './execution.ts';
import { hasMessage, takeMessage } from './inbox.ts';
import { type CallSite, closeEntry, type Entry, openEntry } from './journal.ts';
import type { Condition, Ended, Handle, Outcome } from './port.ts';
import { findRun, inboxTopic, isEnded, outcomeOf, type RunRow, runTopic } from './runs.ts';
import type { Store } from './store.ts';
import { toJson, unpackValue } from './values.ts';
import { until } from './wakes.ts';

/**
 * Calls that wait.
 *
 * 1. A deadline is absolute and on record before the wait begins, so a resume waits for what is left of it.
 * 2. A run is `waiting` from the transaction that opens a wait to the one that closes it; waitAny stays `running`.
 * 3. A message that is there when the deadline passes is taken.
 */
interface WaitDeps {
  store: Store;
  execution: Execution;
}

/** Beyond what a Date can hold; such a wait has no end. */
const MAX_TIME = 8.64e15;

function deadlineIn(store: Store, ms: number): number | null {
  const deadline = Math.ceil(store.clock.now() + Math.max(0, ms));
  return deadline <= MAX_TIME ? deadline : null;
}

/** Opens the wait, or finds it open after a resume; returns its deadline. */
function openWait({ store, execution }: WaitDeps, site: CallSite, entry: Entry | undefined, ms: number): number | null {
  if (entry !== undefined) return entry.deadline;
  const deadline = deadlineIn(store, ms);
  execution.record(() => openEntry(store, site, deadline), { status: 'waiting' });
  return deadline;
}

export async function runSleep(deps: WaitDeps, site: CallSite, entry: Entry | undefined, ms: number): Promise<void> {
  const { store, execution } = deps;
  if (entry?.state === 'ok') return;
  const startedAt = entry?.startedAt ?? store.clock.now();
  const deadline = openWait(deps, site, entry, ms);
  await until(store.wakes, [], () => undefined, { signal: execution.signal, clock: store.clock, deadline });
  execution.record(() => closeEntry(store, site, { state: 'ok', value: null, startedAt }));
}

export async function runWaitFor<T>(
  deps: WaitDeps,
  site: CallSite,
  entry: Entry | undefined,
  topic: string,
  timeoutMs: number,
): Promise<T | null> {
  const { store, execution } = deps;
  const { runId } = site;
  if (entry !== undefined && entry.state !== 'open') return (replay(store, entry) ?? null) as T | null;
  const startedAt = entry?.startedAt ?? store.clock.now();

  const close = (value: string | null) => closeEntry(store, site, { state: 'ok', value, startedAt });
  /** Takes a message and records it; undefined when there is none. */
  const take = (): { value: string | null } | undefined => {
    if (!store.read(() => hasMessage(store, runId, topic))) return undefined;
    return execution.record(() => {
      const message = takeMessage(store, runId, topic, site.name);
      if (message !== null) close(message.value);
      return message ?? undefined;
    });
  };

  const early = take();
  if (early !== undefined) return read<T>(store, early.value);
  const deadline = openWait(deps, site, entry, timeoutMs);
  const options = { signal: execution.signal, clock: store.clock, deadline };
  const message = await until(store.wakes, [inboxTopic(runId)], take, options);
  if (message !== undefined) return read<T>(store, message.value);
  const last = execution.record(() => {
    const taken = takeMessage(store, runId, topic, site.name);
    close(taken === null ? toJson(null, 'no message') : taken.value);
    return taken;
  });
  return last === null ? null : read<T>(store, last.value);
}

const read = <T>(store: Store, text: string | null): T | null =>
  (store.read(() => unpackValue(store, text)) ?? null) as T | null;

export async function runWaitAny<O>(
  deps: WaitDeps,
  site: CallSite,
  entry: Entry | undefined,
  handles: readonly Handle<O>[],
  or?: Condition,
): Promise<Ended<O> | null> {
  const { store, execution } = deps;
  const startedAt = store.clock.now();
  const conflict = (what: string) =>
    execution.halt('conflict', engineConflict(site.runId, `waitAny '${site.name}' ${what}`));

  const rowOf = ({ runId }: Handle<O>): RunRow => {
    const row = findRun(store, runId);
    if (row === null) throw conflict(`is given run ${runId}, which does not exist.`);
    return row;
  };
  /** Among the ended ones the one that ended first; among equals the one that is named first. */
  const firstEnded = (): Ended<O> | undefined => {
    const ended = handles
      .map((handle) => ({ handle, row: rowOf(handle) }))
      .filter(({ row }) => isEnded(row.status))
      .sort((a, b) => a.row.updated_at - b.row.updated_at)[0];
    const outcome = ended && outcomeOf(store, ended.row);
    return ended && outcome ? { handle: ended.handle, outcome: outcome as Outcome<O> } : undefined;
  };

  if (handles.length === 0) throw conflict('has nothing to wait for.');
  if (entry !== undefined) {
    const chosen = replay(store, entry);
    if (chosen === null && or !== undefined) return null;
    const handle = handles.find(({ runId }) => runId === chosen);
    if (handle === undefined) throw conflict(`chose run ${String(chosen)} before and is not given it now.`);
    const outcome = store.read(() => outcomeOf(store, rowOf(handle)));
    if (outcome === null) throw conflict(`chose run ${handle.runId}, which has not ended.`);
    return { handle, outcome: outcome as Outcome<O> };
  }

  const topics = handles.map(({ runId }) => runTopic(runId));
  const look = (): Ended<O> | null | undefined => store.read(firstEnded) ?? (or?.holds() ? null : undefined);
  const options = { signal: execution.signal, clock: store.clock, deadline: null };
  const watch = or === undefined ? {} : { watch: (listener: () => void) => or.watch(listener) };
  const found = await until(store.wakes, topics, look, { ...options, ...watch });
  if (found === undefined) throw conflict('ended without an outcome.');
  const value = toJson(found?.handle.runId ?? null, 'a run id');
  execution.record(() => closeEntry(store, site, { state: 'ok', value, startedAt }), { durability: 'soon' });
  return found;
}
