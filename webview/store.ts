import { batch, computed, signal } from '@preact/signals';
import type { BriefDraft, ConsoleStart, ConsoleTab, RunSummary } from '../src/protocol/console.ts';
import { type ErrorInfo, toAppError } from '../src/protocol/errors.ts';
import type { EventRecord } from '../src/protocol/events.ts';
import { fold, type RunView } from '../src/protocol/view.ts';
import { type Bridge, openBridge } from './bridge.ts';

/**
 * What the page shows. One run at a time is watched; its events are folded once a frame, whatever their rate, and the last
 * LOG_LIMIT are kept for the log.
 */
export const LOG_LIMIT = 5_000;

export const tab = signal<ConsoleTab>('new');
export const runs = signal<RunSummary[]>([]);
export const runId = signal<string | null>(null);
export const view = signal<RunView | null>(null);
/** Oldest first; a new array whenever it changes. */
export const log = signal<readonly EventRecord[]>([]);
export const start = signal<ConsoleStart | null>(null);
export const draft = signal<BriefDraft | null>(null);
/** The last failure of something that the person asked for; shown until it is put away. */
export const failure = signal<ErrorInfo | null>(null);
/** Milliseconds since the epoch, once a second while a run is under way. */
export const now = signal(Date.now());
export const isLive = computed(() => view.value?.status === 'running' || view.value?.status === 'waiting');

let arrived: EventRecord[] = [];
let frame = 0;

export const bridge: Bridge = openBridge((topic, value) => {
  switch (topic) {
    case 'records':
      arrived.push(...(value as EventRecord[]));
      // A hidden page gets no frames; it must not gather events without end.
      if (arrived.length > LOG_LIMIT) applyArrived();
      else if (frame === 0) frame = requestAnimationFrame(applyArrived);
      return;
    case 'runs':
      runs.value = value as RunSummary[];
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

function applyArrived(): void {
  cancelAnimationFrame(frame);
  frame = 0;
  const records = arrived;
  arrived = [];
  let next = view.value;
  if (next === null) return;
  const fresh: EventRecord[] = [];
  for (const record of records) {
    if (record.runId !== next.runId || record.seq !== next.seq + 1) continue;
    next = fold(next, record);
    fresh.push(record);
  }
  const folded = next;
  batch(() => {
    view.value = folded;
    if (fresh.length > 0) log.value = [...log.peek(), ...fresh].slice(-LOG_LIMIT);
  });
  // Something is missing in between: begin again from a whole view.
  const last = records.findLast((record) => record.runId === folded.runId);
  if (last !== undefined && last.seq > folded.seq) void watch(folded.runId);
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
}

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
  });
  await show(first.tab, first.runId);
  setInterval(() => {
    if (isLive.value) now.value = Date.now();
  }, 1_000);
}
