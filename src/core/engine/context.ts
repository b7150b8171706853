import type { Log } from '../ports.ts';
import type { Calls } from './calls.ts';
import { engineConflict } from './calls.ts';
import { appendEvent } from './event-log.ts';
import type { Execution } from './execution.ts';
import { closeEntry } from './journal.ts';
import type { Condition, Ctx, Definition, Handle } from './port.ts';
import { insertRun } from './runs.ts';
import { runStep } from './step.ts';
import type { Store } from './store.ts';
import { packValue, toJson } from './values.ts';
import { runSleep, runWaitAny, runWaitFor } from './waits.ts';

interface ContextDeps {
  store: Store;
  log: Log;
  execution: Execution;
  calls: Calls;
  maxKills: number;
  knows(definitionName: string): boolean;
  /** Begins to execute a run that has just been recorded for this owner. */
  launch(runId: string): void;
}

/** Ctx over the journal. The rules are in calls.ts, step.ts and waits.ts. */
export function createContext(deps: ContextDeps): Ctx {
  const { store, execution, calls } = deps;
  const { runId } = execution.fence;
  const rootRunId = execution.run.root_id;
  return {
    runId,
    rootRunId,
    step: (name, fn, options) =>
      calls.make(name, 'step', (site, entry) => runStep(deps, site, entry, fn, options ?? {})),
    startChild: (name, definition, input) =>
      calls.make(name, 'child', async (site, entry) => {
        if (entry === undefined) recordChild(deps, site, definition, input);
        return { runId: childId(runId, name) };
      }),
    waitAny: (<O>(name: string, handles: readonly Handle<O>[], or?: Condition) =>
      calls.make(name, 'waitAny', (site, entry) => runWaitAny(deps, site, entry, handles, or))) as Ctx['waitAny'],
    waitFor: (name, topic, { timeoutMs }) =>
      calls.make(name, 'waitFor', (site, entry) => runWaitFor(deps, site, entry, topic, timeoutMs)),
    sleep: (name, ms) => calls.make(name, 'sleep', (site, entry) => runSleep(deps, site, entry, ms)),
    publish: (name, event) =>
      calls.make(name, 'publish', async (site, entry) => {
        if (entry !== undefined) return;
        const startedAt = store.clock.now();
        const change = () => {
          appendEvent(store, rootRunId, event, `publish:${runId}:${name}`);
          closeEntry(store, site, { state: 'ok', value: null, startedAt });
        };
        // What the power takes before the next full commit is published again: the event and its entry are one change.
        execution.record(change, { durability: 'process' });
      }),
    get replaying() {
      return calls.isReplaying();
    },
  };
}

const childId = (runId: string, name: string) => `${runId}/${name}`;

function recordChild<I, O>(
  { store, execution, knows, launch }: ContextDeps,
  site: Parameters<typeof closeEntry>[1],
  definition: Definition<I, O>,
  input: I,
): Handle<O> {
  const { runId, name } = site;
  const id = childId(runId, name);
  const rootId = execution.run.root_id;
  if (!knows(definition.name)) {
    const what = `child '${name}' needs the definition ${definition.name}, which is not registered.`;
    throw execution.halt('conflict', engineConflict(runId, what));
  }
  const json = toJson(input, `the input of child '${name}'`);
  const record = () => {
    const startedAt = store.clock.now();
    closeEntry(store, site, { state: 'ok', value: null, startedAt });
    insertRun(store, {
      runId: id,
      parentId: runId,
      rootId,
      definition: definition.name,
      ownerId: execution.fence.ownerId,
      input: packValue(store, json, rootId),
    });
  };
  // What the child does is recorded after it, so the power cannot take the one and leave the other.
  execution.record(record, { durability: 'soon' });
  launch(id);
  return { runId: id };
}
