import type { EventRecord } from '../../protocol/events.ts';
import type { ActivityRecord, ProjectRecords } from '../../protocol/records.ts';
import type { EventLog } from '../engine/port.ts';
import {
  deploymentRecords,
  emptyRecords,
  foldRecord,
  type RecordContext,
  type RecordFold,
  taskRecord,
} from './fold.ts';

/** What some events of a run, in order and without a gap, made of its records. */
interface RunPage {
  /** Seq of the last event in it. */
  lastSeq: number;
  /** '' before the run has said it. */
  workspaceDir: string;
  /** New activities, deployments that are others now, and the run's own record as it is after the last event. */
  records(context: RecordContext): ProjectRecords;
  /** Lets the next page of this run begin here instead of at the first event. */
  keep(): void;
}

export interface RunPages {
  /** The page after an event; null when there is none. Nothing is kept of it unless `keep` is called. */
  next(runId: string, afterSeq: number, signal: AbortSignal): Promise<RunPage | null>;
  forget(runId: string): void;
}

/** Events in a page: what one call carries, and what is in memory at a time. */
const PAGE = 100;
/** Runs whose state is kept; of others it is made again from their first event. */
const KEPT_STATES = 16;

export function createRunPages(events: EventLog): RunPages {
  const states = new Map<string, RecordFold>();

  const keep = (runId: string, state: RecordFold) => {
    states.delete(runId);
    states.set(runId, state);
    const oldest = states.keys().next().value;
    if (states.size > KEPT_STATES && oldest !== undefined) states.delete(oldest);
  };

  /** The run as it was right after the event. */
  const stateAt = async (runId: string, seq: number, signal: AbortSignal): Promise<RecordFold> => {
    const kept = states.get(runId);
    let state = kept !== undefined && kept.view.seq <= seq ? kept : emptyRecords(runId);
    while (state.view.seq < seq) {
      const records = events.read(runId, state.view.seq, Math.min(PAGE, seq - state.view.seq));
      if (records.length === 0) break;
      for (const record of records) state = foldRecord(state, record).state;
      // Thousands of events are folded in parts, so that the runs of this process go on between them.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    return state;
  };

  return {
    async next(runId, afterSeq, signal) {
      const before = await stateAt(runId, afterSeq, signal);
      const records = events.read(runId, afterSeq, PAGE);
      if (records.length === 0) return null;
      const page = foldPage(before, records);
      return { ...page, keep: () => keep(runId, page.state) };
    },
    forget: (runId) => {
      states.delete(runId);
    },
  };
}

function foldPage(before: RecordFold, records: readonly EventRecord[]) {
  let state = before;
  const activities: ActivityRecord[] = [];
  const changed = new Set<string>();
  for (const record of records) {
    const step = foldRecord(state, record);
    state = step.state;
    if (step.activity !== null) activities.push(step.activity);
    for (const key of step.changed) changed.add(key);
  }
  return {
    state,
    lastSeq: state.view.seq,
    workspaceDir: state.view.workspaceDir,
    records: (context: RecordContext): ProjectRecords => ({
      tasks: [taskRecord(state, context)],
      activities,
      deployments: deploymentRecords(state, [...changed], context),
    }),
  };
}
