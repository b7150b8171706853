import type { Engine } from '../core/engine/port.ts';
import { type AppError, toAppError } from '../protocol/errors.ts';
import type { RunView } from '../protocol/view.ts';
import type { AppApi } from './api.ts';
import type { AppParts } from './app-parts.ts';
import { createIntents } from './intents.ts';
import type { RunPlace } from './reading.ts';
import { findRun, hasEnded, isIdle, RunViews } from './runs.ts';

/** How often an almost settled run is looked at again: its last part marks itself waiting just after it said so. */
const SETTLE_POLL_MS = 50;

export function createAppApi(parts: AppParts): AppApi {
  const { engine, events, clock } = parts;
  const views = new RunViews(events);
  const intents = createIntents(parts, views);

  const placeOf = async (idOrPrefix: string): Promise<RunPlace> => {
    const runId = await intents.mustFind(idOrPrefix);
    return { runId, workspaceDir: views.get(runId).workspaceDir };
  };

  return {
    dispatch: async (intent) => ({ runId: await intents.carryOut(intent) }),
    async adopt(idOrPrefix) {
      const runId = await intents.mustFind(idOrPrefix);
      if (!hasEnded(views.get(runId))) await engine.resume(runId);
    },
    async snapshot(idOrPrefix) {
      const runId = await findRun(engine, idOrPrefix);
      return runId === null ? null : views.get(runId);
    },
    list: async () => (await engine.list()).map((run) => views.get(run.runId)),
    events: (runId, afterSeq, limit) => events.read(runId, afterSeq, limit),
    subscribe: (runId, afterSeq, onRecord) => events.subscribe(runId, afterSeq, onRecord),
    watch: (onRecords) => events.watch(onRecords),
    readFile: async (runId, commit, path) => parts.reader.readFile(await placeOf(runId), commit, path),
    changedFiles: async (runId, from, to) => parts.reader.changedFiles(await placeOf(runId), from, to),
    output: async (runId, outputFile) => parts.reader.output(await placeOf(runId), outputFile),
    async settled(runId, signal) {
      const halt = watchHalt(engine, runId);
      try {
        for (;;) {
          const view = views.get(runId);
          if (hasEnded(view)) {
            if (view.status !== 'complete') await parts.cleanUp(runId, view.workspaceDir);
            return view;
          }
          if (halt.error !== null) throw halt.error;
          const isAnswered = view.waiting.some((wait) => intents.isAnswered(wait));
          if (view.waiting.length > 0 && !isAnswered && (await isIdle(engine, runId))) return views.get(runId);
          const record = await engine.get(runId);
          if (record !== null && isStuck(record.status)) return crashed(view, record.error?.userMessage);
          await clock.sleep(SETTLE_POLL_MS, signal);
        }
      } finally {
        halt.close();
      }
    },
    readIssue: (ref, workspaceDir, signal) => parts.issues.read(ref, workspaceDir, signal),
    openIssues: (workspaceDir, signal) => parts.issues.open(workspaceDir, signal),
    async records(idOrPrefix) {
      if (idOrPrefix !== null) return parts.records.of([await intents.mustFind(idOrPrefix)]);
      return parts.records.of((await engine.list()).map((run) => run.runId));
    },
    teamTasks: (signal) => parts.records.teamTasks(signal),
    // The store is closed with the engine.
    close: () => parts.records.close().then(() => engine.stop()),
  };
}

/** Learns when this process had to stop executing the run without ending it, as on a full disk: no event can say so. */
function watchHalt(engine: Engine, runId: string): { readonly error: AppError | null; close(): void } {
  const watching = new AbortController();
  let error: AppError | null = null;
  engine.result({ runId }, watching.signal).catch((thrown: unknown) => {
    const reason = toAppError(thrown);
    if (reason.code !== 'aborted') error = reason;
  });
  return {
    get error() {
      return error;
    },
    close: () => watching.abort(),
  };
}

/** A run that ended without saying so in its events: parked by the engine, or failed in the engine itself. */
function isStuck(status: string): boolean {
  return status === 'parked' || status === 'failed';
}

function crashed(view: RunView, message: string | undefined): RunView {
  const text = message ?? 'The run ended without a reason.';
  const error = view.error ?? { code: 'internal' as const, message: text, userMessage: text, retry: false };
  return { ...view, status: 'failed', error };
}
