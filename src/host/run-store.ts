import { sep } from 'node:path';
import * as vscode from 'vscode';
import type { EventRecord } from '../protocol/events.ts';
import { emptyView, fold, type RunView } from '../protocol/view.ts';
import type { ServiceClient } from './service-client.ts';

/**
 * The runs of this window, kept current by folding events.
 *
 * 1. Nothing is asked of the process before `load`.
 * 2. A gap in the events of a run (a missed batch, an ended process) is filled by asking for what is missing.
 * 3. Listeners hear of changes at most every CHANGE_INTERVAL_MS, however many events there are.
 */
export interface RunStore extends vscode.Disposable {
  /** Reads the runs once; later calls return the same promise. After a failure the next call tries again. */
  load(): Promise<void>;
  readonly isLoaded: boolean;
  /** Newest first. */
  all(): RunView[];
  get(runId: string): RunView | undefined;
  /** Asks the process again, for a run that other processes may have changed. */
  refresh(): Promise<void>;
  forget(runId: string): void;
  /** Ids of the runs that changed. */
  readonly onDidChange: vscode.Event<ReadonlySet<string>>;
  /** Every new event of a run of this window, in order, at once. */
  readonly onRecords: vscode.Event<EventRecord[]>;
}

export interface RunStoreOptions {
  service: ServiceClient;
  /** Absolute folders of the window. */
  workspaceDirs(): string[];
  samplesDir: string;
  onError(error: unknown): void;
}

const CHANGE_INTERVAL_MS = 100;
const LIST_LIMIT = 50;
const PAGE = 1_000;

export function createRunStore(options: RunStoreOptions): RunStore {
  const { service } = options;
  const views = new Map<string, RunView>();
  const changed = new vscode.EventEmitter<ReadonlySet<string>>();
  const records = new vscode.EventEmitter<EventRecord[]>();
  let pending = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let loading: Promise<void> | null = null;
  let isLoaded = false;
  /** Runs of other folders, so that each is looked at once. */
  const strangers = new Set<string>();
  const filling = new Map<string, Promise<void>>();

  const announce = (runId: string) => {
    pending.add(runId);
    timer ??= setTimeout(() => {
      timer = undefined;
      const runIds = pending;
      pending = new Set();
      changed.fire(runIds);
    }, CHANGE_INTERVAL_MS);
  };

  const isOurs = (workspaceDir: string) =>
    options.workspaceDirs().includes(workspaceDir) || workspaceDir.startsWith(options.samplesDir + sep);

  const take = (runId: string, batch: readonly EventRecord[]) => {
    let view = views.get(runId) ?? emptyView(runId);
    const fresh: EventRecord[] = [];
    for (const record of batch) {
      if (record.seq !== view.seq + 1) continue;
      view = fold(view, record);
      fresh.push(record);
    }
    if (fresh.length === 0) return;
    views.set(runId, view);
    records.fire(fresh);
    announce(runId);
  };

  /** Reads what is missing after the last known event; one at a time for each run. */
  const fill = (runId: string): Promise<void> => {
    const known = filling.get(runId);
    if (known !== undefined) return known;
    const work = (async () => {
      for (;;) {
        const afterSeq = views.get(runId)?.seq ?? 0;
        const page = await service.call('events', { runId, afterSeq, limit: PAGE });
        take(runId, page);
        if (page.length < PAGE) return;
      }
    })().finally(() => filling.delete(runId));
    filling.set(runId, work);
    return work;
  };

  const receive = (batch: readonly EventRecord[]) => {
    for (const [runId, of] of Map.groupBy(batch, (record) => record.runId)) {
      if (strangers.has(runId) || of[0] === undefined) continue;
      const view = views.get(runId);
      const next = (view?.seq ?? 0) + 1;
      if (view === undefined && of[0].event.type === 'run.started' && !isOurs(of[0].event.workspaceDir)) {
        strangers.add(runId);
      } else if (of[0].seq <= next) take(runId, of);
      else if (view !== undefined) fill(runId).catch(options.onError);
      else adoptUnknown(runId).catch(options.onError);
    }
  };

  const adoptUnknown = async (runId: string) => {
    const view = await service.call('snapshot', { runId });
    if (view === null || !isOurs(view.workspaceDir)) {
      strangers.add(runId);
      return;
    }
    views.set(runId, view);
    announce(runId);
  };

  const read = async () => {
    const found = await service.call('list', { workspaceDirs: options.workspaceDirs(), limit: LIST_LIMIT });
    strangers.clear();
    const listed = new Set(found.map((view) => view.runId));
    for (const runId of views.keys()) {
      if (listed.has(runId)) continue;
      views.delete(runId);
      announce(runId);
    }
    for (const view of found) {
      if ((views.get(view.runId)?.seq ?? -1) >= view.seq) continue;
      views.set(view.runId, view);
      announce(view.runId);
    }
    const isFirst = !isLoaded;
    isLoaded = true;
    // That there is none is news, too.
    if (isFirst) changed.fire(new Set());
  };

  const subscriptions = [
    service.onRecords(receive),
    service.onEnded(() => {
      loading = null;
      for (const runId of views.keys()) announce(runId);
    }),
  ];

  return {
    load() {
      if (loading !== null) return loading;
      const work = read();
      loading = work;
      work.catch(() => {
        if (loading === work) loading = null;
      });
      return work;
    },
    get isLoaded() {
      return isLoaded;
    },
    all: () => [...views.values()].sort((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? '')),
    get: (runId) => views.get(runId),
    refresh: read,
    forget(runId) {
      if (views.delete(runId)) announce(runId);
    },
    onDidChange: changed.event,
    onRecords: records.event,
    dispose() {
      clearTimeout(timer);
      for (const subscription of subscriptions) subscription.dispose();
      changed.dispose();
      records.dispose();
    },
  };
}
