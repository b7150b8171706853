import { batch, computed, signal } from '@preact/signals';
import type { BriefDraft, ConsoleStart, ConsoleTab, RunSummary } from '../src/protocol/console.ts';
import { type ErrorInfo, toAppError } from '../src/protocol/errors.ts';
import type { EventRecord } from '../src/protocol/events.ts';
import type { Intent } from '../src/protocol/intents.ts';
import { fold, type RunView } from '../src/protocol/view.ts';
import { type Bridge, openBridge } from './bridge.ts';

/**
 * What the page shows. One run at a time is watched; its events are folded at most every APPLY_INTERVAL_MS, whatever their rate,
 * and the last LOG_LIMIT are kept for the log. Records from before the view that was read fill the log backwards.
 */
export const LOG_LIMIT = 5_000;
/** Ten times a second looks continuous and leaves the page nine tenths of its time. */
const APPLY_INTERVAL_MS = 100;
/** Folded in one go; a backlog is worked off in between what the person does. */
const APPLY_AT_ONCE = 500;

export const tab = signal<ConsoleTab>('new');
export const runs = signal<RunSummary[]>([]);
export const runId = signal<string | null>(null);
export const view = signal<RunView | null>(null);
/** Oldest first; a new array whenever it changes. */
export const log = signal<readonly EventRecord[]>([]);
export const start = signal<ConsoleStart | null>(null);
/** What a run without the local cloud needs and has not; known a little after the page is drawn. */
export const missing = signal<readonly string[]>([]);
export const isTrusted = signal(true);
export const draft = signal<BriefDraft | null>(null);
/** The last failure of something that the person asked for; shown until it is put away. */
export const failure = signal<ErrorInfo | null>(null);
/** Milliseconds since the epoch, once a second while a run is under way. */
export const now = signal(Date.now());
export const isLive = computed(() => view.value?.status === 'running' || view.value?.status === 'waiting');

let arrived: EventRecord[] = [];
let timer: number | undefined;
let appliedAtMs = 0;

export const bridge: Bridge = openBridge((topic, value) => {
  switch (topic) {
    case 'records':
      for (const record of value as EventRecord[]) arrived.push(record);
      schedule(APPLY_INTERVAL_MS);
      return;
    case 'runs':
      runs.value = value as RunSummary[];
      return;
    case 'missing':
      missing.value = value as string[];
      return;
    case 'trusted':
      isTrusted.value = true;
      return;
    case 'show': {
      const wanted = value as { tab: ConsoleTab; runId: string | null };
      void show(wanted.tab, wanted.runId ?? runId.value);
      return;
    }
    case 'draft':
      draft.value = value as BriefDraft;
  }
});

/** A timer rather than a frame: a hidden page gets no frames, and must not gather events without end. */
function schedule(intervalMs: number): void {
  const waitMs = Math.max(0, appliedAtMs + intervalMs - performance.now());
  if (timer === undefined) timer = window.setTimeout(applyArrived, waitMs);
}

function applyArrived(): void {
  timer = undefined;
  appliedAtMs = performance.now();
  const before = view.value;
  if (before === null) {
    // They may be of the run whose view is being read.
    arrived = arrived.slice(-LOG_LIMIT);
    return;
  }
  const records = arrived.slice(0, APPLY_AT_ONCE);
  arrived = arrived.slice(APPLY_AT_ONCE);
  let next = before;
  const fresh: EventRecord[] = [];
  const old: EventRecord[] = [];
  for (const record of records) {
    if (record.runId !== next.runId) continue;
    if (record.seq <= before.seq) old.push(record);
    else if (record.seq === next.seq + 1) {
      next = fold(next, record);
      fresh.push(record);
    }
  }
  view.value = next;
  // In a task of its own: what is drawn for the view and for the log is then two short ones.
  const { runId: id } = next;
  setTimeout(() => addToLog(id, old, fresh, before.seq), 0);
  // Something is missing in between: begin again from a whole view.
  const last = records.findLast((record) => record.runId === next.runId);
  if (last !== undefined && last.seq > next.seq) void watch(next.runId);
  if (arrived.length > 0) schedule(0);
}

function addToLog(id: string, old: readonly EventRecord[], fresh: readonly EventRecord[], viewSeq: number): void {
  if (runId.value !== id || (old.length === 0 && fresh.length === 0)) return;
  const known = old.length === 0 ? log.peek() : withHistory(log.peek(), old, viewSeq);
  log.value = known.slice(fresh.length - LOG_LIMIT).concat(fresh);
}

/** The log with records of before the view: those that it does not hold, in order, up to its limit. */
function withHistory(known: readonly EventRecord[], old: readonly EventRecord[], viewSeq: number): EventRecord[] {
  const bySeq = new Map(known.map((record) => [record.seq, record]));
  for (const record of old) if (record.seq <= viewSeq && !bySeq.has(record.seq)) bySeq.set(record.seq, record);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-LOG_LIMIT);
}

/** Calls the host for the person; a failure is shown and comes back as null. */
export async function ask<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code !== 'aborted') failure.value = error.toInfo();
    return null;
  }
}

async function watch(id: string): Promise<void> {
  const found = await ask(bridge.call('watch', { runId: id }));
  if (runId.value !== id || found === null) return;
  batch(() => {
    view.value = found;
    if (log.value[0]?.runId !== id) log.value = [];
  });
  if (arrived.length > 0) schedule(0);
}

/** Sends what the person decided; a failure is shown by the frame of the console. */
export const dispatch = (intent: Intent): Promise<unknown> => ask(bridge.call('dispatch', { intent }));

export async function show(nextTab: ConsoleTab, id: string | null): Promise<void> {
  const isOther = id !== runId.value;
  batch(() => {
    tab.value = nextTab;
    runId.value = id;
    if (isOther) {
      view.value = null;
      log.value = [];
    }
  });
  bridge.keep({ tab: nextTab, runId: id });
  void ask(bridge.call('shown', { tab: nextTab, runId: id }));
  if (isOther && id !== null) await watch(id);
}

/** The first call: what the host wants shown. Resolves when the page can be drawn. */
export async function begin(): Promise<void> {
  const first = await ask(bridge.call('ready', {}));
  if (first === null) return;
  batch(() => {
    start.value = first;
    runs.value = first.runs;
    draft.value = first.draft;
    isTrusted.value = first.isTrusted;
  });
  await show(first.tab, first.runId);
  setInterval(() => {
    if (isLive.value) now.value = Date.now();
  }, 1_000);
}
