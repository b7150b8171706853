import type { Definition, Engine, EventLog } from '../core/engine/port.ts';
import type { BuildResult } from '../core/flow/build.ts';
import type { Decision } from '../core/flow/decision.ts';
import type { BuildInput, RunPolicy } from '../core/flow/policy.ts';
import type { Ledger } from '../core/ledger.ts';
import type { Clock } from '../core/ports.ts';
import { AppError, toAppError } from '../protocol/errors.ts';
import type { Gate } from '../protocol/events.ts';
import type { Intent } from '../protocol/intents.ts';
import type { RunView, Waiting } from '../protocol/view.ts';
import type { AppApi } from './api.ts';
import type { Reader, RunPlace } from './reading.ts';
import { findRun, hasEnded, isIdle, RunViews } from './runs.ts';
import { newRunId, slugOf } from './slug.ts';

export interface AppParts {
  engine: Engine;
  events: EventLog;
  ledger: Ledger;
  build: Definition<BuildInput, BuildResult>;
  /** What a new run is to keep of the settings. */
  policy(): RunPolicy;
  clock: Clock;
  random: () => number;
  reader: Reader;
  /** Removes an ended run and what belongs to it, its work archived first. */
  deleteRun(runId: string, workspaceDir: string): Promise<void>;
  /** Takes the worktrees of an ended run out of the repository, what they hold committed first. Never throws. */
  cleanUp(runId: string, workspaceDir: string): Promise<void>;
}

/** How often an almost settled run is looked at again: its last part marks itself waiting just after it said so. */
const SETTLE_POLL_MS = 50;

export function createAppApi(parts: AppParts): AppApi {
  const { engine, events, clock } = parts;
  const views = new RunViews(events);
  /** Waits that were answered here; the run may need a moment to take the answer. Topics are never used twice. */
  const answered = new Set<string>();

  const mustFind = async (idOrPrefix: string): Promise<string> => {
    const runId = await findRun(engine, idOrPrefix);
    if (runId !== null) return runId;
    throw new AppError({
      code: 'not_found',
      message: `no run ${idOrPrefix}`,
      userMessage: `There is no run "${idOrPrefix}". \`orchestrator list\` names them all.`,
    });
  };

  const placeOf = async (idOrPrefix: string): Promise<RunPlace> => {
    const runId = await mustFind(idOrPrefix);
    return { runId, workspaceDir: views.get(runId).workspaceDir };
  };

  const tell = async (runId: string, wait: Waiting, value: unknown): Promise<void> => {
    // One answer a wait: a second one, from another window, finds the same key and is ignored.
    const key = waitKey(wait);
    await engine.send(wait.waitOn, wait.topic, value, key);
    answered.add(key);
    await engine.resume(runId);
  };

  const decide = async (
    intent: Extract<Intent, { type: 'approve' | 'reject' }>,
    gates: readonly Gate[],
    decision: Decision,
  ): Promise<string> => {
    const runId = await mustFind(intent.runId);
    const fitting = views.get(runId).waiting.filter((candidate) => gates.includes(candidate.gate));
    const wait = fitting.find(
      (candidate) =>
        (intent.topic ?? candidate.topic) === candidate.topic &&
        (intent.waitOn ?? candidate.waitOn) === candidate.waitOn,
    );
    if (wait === undefined) throw fitting.length === 0 ? nothingWaits(views.get(runId), gates) : noLongerWaits(runId);
    await tell(runId, wait, decision);
    return runId;
  };

  const start = async (intent: Extract<Intent, { type: 'start' }>): Promise<string> => {
    const slug = slugOf(intent.brief.name);
    const runId = newRunId(slug, parts.random);
    const input: BuildInput = {
      brief: intent.brief,
      workspaceDir: intent.workspaceDir,
      slug,
      budgetUsd: intent.budgetUsd,
      autoApprove: intent.autoApprove,
      askQuestions: intent.askQuestions,
      until: intent.until,
      policy: parts.policy(),
    };
    await engine.start(parts.build, input, { runId });
    return runId;
  };

  const resume = async (intent: Extract<Intent, { type: 'resume' }>): Promise<string> => {
    const runId = await mustFind(intent.runId);
    const view = views.get(runId);
    if (hasEnded(view)) throw alreadyEnded(view);
    if (intent.budgetUsd !== null) {
      parts.ledger.raiseCap(runId, intent.budgetUsd);
      events.append(runId, { type: 'budget.raised', budgetUsd: intent.budgetUsd }, `budget:${intent.budgetUsd}`);
    }
    await engine.resume(runId);
    for (const wait of view.waiting) if (wait.gate === 'resume') await tell(runId, wait, true);
    return runId;
  };

  const cancel = async (idOrPrefix: string): Promise<string> => {
    const runId = await mustFind(idOrPrefix);
    const view = views.get(runId);
    if (hasEnded(view)) throw alreadyEnded(view);
    await engine.cancel(runId);
    events.append(runId, { type: 'run.cancelled' }, 'cancelled');
    return runId;
  };

  const answer = async (intent: Extract<Intent, { type: 'answer' }>): Promise<string> => {
    const runId = await mustFind(intent.runId);
    const wait = views.get(runId).waiting.find((candidate) => candidate.gate === 'questions');
    if (wait === undefined) throw nothingWaits(views.get(runId), ['questions']);
    await tell(runId, wait, intent.answers);
    return runId;
  };

  const remove = async (idOrPrefix: string): Promise<string> => {
    const runId = await mustFind(idOrPrefix);
    await parts.deleteRun(runId, views.get(runId).workspaceDir);
    views.forget(runId);
    return runId;
  };

  const carryOut = (intent: Intent): Promise<string> => {
    switch (intent.type) {
      case 'start':
        return start(intent);
      case 'answer':
        return answer(intent);
      case 'approve':
        return decide(intent, intent.gate === null ? ['plan', 'diff', 'subtask'] : [intent.gate], {
          decision: 'approve',
        });
      case 'reject':
        return decide(intent, ['plan', 'diff', 'subtask'], { decision: 'reject', comment: intent.comment });
      case 'resume':
        return resume(intent);
      case 'cancel':
        return cancel(intent.runId);
      case 'delete':
        return remove(intent.runId);
    }
  };

  return {
    dispatch: async (intent) => ({ runId: await carryOut(intent) }),
    async adopt(runId) {
      if (!hasEnded(views.get(await mustFind(runId)))) await engine.resume(runId);
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
          const isAnswered = view.waiting.some((wait) => answered.has(waitKey(wait)));
          if (view.waiting.length > 0 && !isAnswered && (await isIdle(engine, runId))) return views.get(runId);
          const record = await engine.get(runId);
          if (record !== null && isStuck(record.status)) return crashed(view, record.error?.userMessage);
          await clock.sleep(SETTLE_POLL_MS, signal);
        }
      } finally {
        halt.close();
      }
    },
    close: () => engine.stop(),
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

/** The same for every answer to one wait. */
function waitKey(wait: Waiting): string {
  return `${wait.waitOn}|${wait.topic}`;
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

function nothingWaits(view: RunView, gates: readonly Gate[]): AppError {
  const waiting = view.waiting.map((wait) => wait.gate).join(', ');
  const state = waiting === '' ? `it is ${view.status}` : `it waits for: ${waiting}`;
  return new AppError({
    code: 'usage',
    message: `run ${view.runId} does not wait for ${gates.join(' or ')}`,
    userMessage: `Run ${view.runId} does not wait for ${gates.join(' or ')}: ${state}.`,
  });
}

function noLongerWaits(runId: string): AppError {
  return new AppError({
    code: 'usage',
    message: `run ${runId} waits for another decision by now`,
    userMessage: `That decision is no longer waited for: run ${runId} waits for another one by now. Look at it with \`orchestrator show ${runId}\`.`,
  });
}

function alreadyEnded(view: RunView): AppError {
  return new AppError({
    code: 'usage',
    message: `run ${view.runId} has ended`,
    userMessage: `Run ${view.runId} is ${view.status}; nothing of it is left to do. Start a new run.`,
  });
}
