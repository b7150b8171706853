import type { AppApi } from '../../src/app/api.ts';
import { briefOfIssue } from '../../src/app/issue-brief.ts';
import type { Issue } from '../../src/core/ports.ts';
import { recordsOf } from '../../src/core/records/fold.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { DomainEvent, EventRecord } from '../../src/protocol/events.ts';
import type { Intent } from '../../src/protocol/intents.ts';
import type { TaskRecord } from '../../src/protocol/records.ts';
import { emptyView, fold, type RunView } from '../../src/protocol/view.ts';
import type { IssueRef } from '../../src/protocol/work.ts';

const RECORD_CONTEXT = { userId: 'Ada', appwriteProjectId: 'project' };
const refOf = ({ owner, name, number, url, title }: Issue): IssueRef => ({ owner, name, number, url, title });

/** An AppApi whose runs are whatever a test says happens. */
export interface FakeApp extends AppApi {
  readonly intents: Intent[];
  readonly isClosed: boolean;
  /** What `readIssue` and `openIssues` know. */
  issues: Issue[];
  /** What `teamTasks` answers. */
  team: TaskRecord[] | null;
  /** Appends an event one second after the one before and tells the subscribers. */
  push(runId: string, ...events: DomainEvent[]): void;
}

export const FAKE_RUN_ID = 'guestbook-abc123';
/** Of the run that `rollback` or `deploy` starts. */
export const FAKE_NEXT_ID = 'guestbook-def456';
export const FAKE_START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

function runOf(intent: Intent): string {
  if (intent.type === 'start') return FAKE_RUN_ID;
  return intent.type === 'rollback' || intent.type === 'deploy' ? FAKE_NEXT_ID : intent.runId;
}

/** `onIntent` plays the program: it pushes the events that the intent leads to. */
export function createFakeApp(onIntent: (intent: Intent, app: FakeApp) => void): FakeApp {
  const runs = new Map<string, { records: EventRecord[]; view: RunView }>();
  const listeners = new Set<() => void>();
  let isClosed = false;

  const app: FakeApp = {
    intents: [],
    issues: [],
    team: null,
    get isClosed() {
      return isClosed;
    },
    push(runId, ...events) {
      for (const event of events) {
        const run = runs.get(runId) ?? { records: [], view: emptyView(runId) };
        const seq = run.records.length + 1;
        const record: EventRecord = {
          v: 1,
          runId,
          seq,
          at: new Date(FAKE_START_MS + (seq - 1) * 1000).toISOString(),
          event,
        };
        run.records.push(record);
        run.view = fold(run.view, record);
        runs.set(runId, run);
        for (const listener of [...listeners]) listener();
      }
    },
    async dispatch(intent) {
      app.intents.push(intent);
      onIntent(intent, app);
      return { runId: runOf(intent) };
    },
    adopt: async () => undefined,
    async snapshot(prefix) {
      return [...runs.values()].find((run) => run.view.runId.startsWith(prefix))?.view ?? null;
    },
    list: async () => [...runs.values()].map((run) => run.view).reverse(),
    events: (runId, afterSeq, limit = 1000) =>
      (runs.get(runId)?.records ?? []).filter((record) => record.seq > afterSeq).slice(0, limit),
    subscribe(runId, afterSeq, onRecord) {
      let seen = afterSeq;
      const deliver = () => {
        for (const record of app.events(runId, seen)) {
          seen = record.seq;
          onRecord(record);
        }
      };
      listeners.add(deliver);
      deliver();
      return () => listeners.delete(deliver);
    },
    watch(onRecords) {
      const seen = new Map([...runs].map(([runId, run]) => [runId, run.records.length]));
      const deliver = () => {
        const fresh = [...runs].flatMap(([runId, run]) => run.records.slice(seen.get(runId) ?? 0));
        for (const [runId, run] of runs) seen.set(runId, run.records.length);
        if (fresh.length > 0) onRecords(fresh);
      };
      listeners.add(deliver);
      return () => listeners.delete(deliver);
    },
    readFile: async () => null,
    changedFiles: async () => [],
    output: async () => '',
    async readIssue(ref) {
      const issue = app.issues.find(({ owner, name, number }) => ref === `${owner}/${name}#${number}`);
      if (issue === undefined) throw new AppError({ code: 'not_found', message: `There is no issue ${ref}.` });
      return { issue: refOf(issue), brief: briefOfIssue(issue) };
    },
    openIssues: async () => app.issues.map(refOf),
    async records(runId) {
      const all = [...runs.values()].filter(({ view }) => runId === null || view.runId === runId);
      const each = all.map(({ view, records }) => recordsOf(view.runId, records, RECORD_CONTEXT));
      return {
        tasks: each.flatMap(({ tasks }) => tasks),
        activities: each.flatMap(({ activities }) => activities),
        deployments: each.flatMap(({ deployments }) => deployments),
      };
    },
    teamTasks: async () => app.team,
    settled(runId, signal) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const view = runs.get(runId)?.view;
          if (view !== undefined && view.status !== 'running') settle(() => resolve(view));
        };
        const abort = () => settle(() => reject(new AppError({ code: 'aborted', message: 'aborted' })));
        const settle = (end: () => void) => {
          listeners.delete(look);
          signal.removeEventListener('abort', abort);
          end();
        };
        listeners.add(look);
        signal.addEventListener('abort', abort, { once: true });
        if (signal.aborted) abort();
        else look();
      });
    },
    async close() {
      isClosed = true;
    },
  };
  return app;
}
