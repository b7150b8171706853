import type { AppApi } from '../app/api.ts';
import { toAppError } from '../protocol/errors.ts';
import type { Intent } from '../protocol/intents.ts';
import type { RunView, Waiting } from '../protocol/view.ts';
import { EXIT, exitCodeOfRun } from './exit-codes.ts';
import { askGate, defaultAnswers, planLines } from './gates.ts';
import { type Io, say } from './io.ts';
import { losesData, previewLines } from './progress/deployment-lines.ts';
import { renderSummary } from './progress/summary.ts';
import { createPaint } from './progress/text.ts';
import { commandName, interruptible } from './session.ts';
import { type RunWatch, watchRun } from './watch.ts';

export interface FollowOptions {
  runId: string;
  stateDir: string;
  /** The run as it was before `first`; null shows it from its first event. */
  from: RunView | null;
  /** Sent when the watching has begun; `entry` is what it answers. */
  first?: { intent: Intent; entry: Waiting | null };
  json: boolean;
  /** Passes plan and diff, and takes the defaults of questions; never what loses data. */
  yes: boolean;
  /** Passes changes of a deployment or a rollback that lose data. */
  allowDestructive: boolean;
}

/** A process that takes over an abandoned run may have to wait for a lease of 15 seconds first. */
const ANSWER_LIMIT_MS = 30_000;

/** Instead of an answer: the run stopped waiting for it while a person was asked. */
const WITHDRAWN = 'withdrawn';

/** Stays with a run until it ends or waits for somebody who cannot be asked here. Returns the exit code. */
export async function followRun(app: AppApi, io: Io, options: FollowOptions): Promise<number> {
  const watch = watchRun(app, io, options);
  const stopping = interruptible(io, watch.tell);
  const send = async (intent: Intent, entry: Waiting | null) => {
    await app.dispatch(intent);
    if (entry === null) return;
    await watch.until((view) => view.status !== 'waiting' || !waitsFor(view, entry), ANSWER_LIMIT_MS, stopping.signal);
  };
  let last = watch.view();
  try {
    if (options.first !== undefined) await send(options.first.intent, options.first.entry);
    for (;;) {
      const settled = await app.settled(options.runId, stopping.signal);
      watch.catchUp();
      last = settled.status === 'failed' ? settled : watch.view();
      const entry = last.waiting.find((waiting) => waiting.gate !== 'resume');
      if (entry === undefined) break;
      const decision = await decide(io, watch, entry, options, stopping);
      if (decision === null) break;
      try {
        if (decision !== WITHDRAWN) {
          await send(decision, entry);
          continue;
        }
      } catch (thrown) {
        watch.catchUp();
        if (stopping.signal.aborted || waitsFor(watch.view(), entry)) throw thrown;
      }
      watch.tell(`The decision on the ${entry.gate} was made elsewhere; nothing was sent from here.`);
    }
    watch.close();
    return finish(io, last, options.stateDir);
  } catch (thrown) {
    watch.close();
    if (!stopping.signal.aborted) throw toAppError(thrown);
    say(io, `Stopped; nothing is lost. Go on with: ${commandName(io)} resume ${options.runId}`);
    return EXIT.cancelled;
  } finally {
    watch.close();
    stopping.close();
  }
}

async function decide(
  io: Io,
  watch: RunWatch,
  entry: Waiting,
  options: FollowOptions,
  stopping: ReturnType<typeof interruptible>,
): Promise<Intent | typeof WITHDRAWN | null> {
  const view = watch.view();
  if (entry.gate === 'deployment') {
    const isAllowed = options.allowDestructive || (options.yes && !losesData(view));
    if (isAllowed) return approval(view, entry, entry.gate);
  }
  if (options.yes && (entry.gate === 'plan' || entry.gate === 'diff')) {
    return approval(view, entry, entry.gate);
  }
  const canAsk = io.isInteractive && !options.yes && !options.json;
  if (!canAsk && entry.gate === 'deployment') {
    for (const line of previewLines(view, createPaint(io.hasColor))) watch.tell(line);
  }
  if (!canAsk && entry.gate !== 'questions') return null;
  if (!canAsk) return defaultAnswers(io, view);
  const gone = new AbortController();
  const endChanges = watch.onChange(() => {
    if (!waitsFor(watch.view(), entry)) gone.abort();
  });
  watch.pause();
  try {
    const signal = AbortSignal.any([stopping.signal, gone.signal]);
    return await askGate({ io, signal, interrupt: stopping.interrupt }, view, entry);
  } catch (thrown) {
    if (stopping.signal.aborted || !gone.signal.aborted) throw thrown;
    io.stderr.write('\n');
    return WITHDRAWN;
  } finally {
    endChanges();
    watch.resume();
  }
}

function approval(view: RunView, { topic, waitOn }: Waiting, gate: 'plan' | 'diff' | 'deployment'): Intent {
  return { type: 'approve', runId: view.runId, gate, topic, waitOn };
}

function waitsFor(view: RunView, entry: Waiting): boolean {
  return view.waiting.some(
    (other) => other.waitOn === entry.waitOn && other.topic === entry.topic && other.since === entry.since,
  );
}

/** Prints what became of the run and which command goes on. */
export function finish(io: Io, view: RunView, stateDir: string): number {
  if (view.stoppedAfter === 'plan') for (const line of planLines(view, createPaint(io.hasColor))) say(io, line);
  for (const line of renderSummary(view, { stateDir, nowMs: io.now(), paint: createPaint(io.hasColor) })) say(io, line);
  if (view.purpose === 'build' && view.stoppedAfter !== null && view.stoppedAfter !== 'deploy') {
    const further =
      view.stoppedAfter === 'commit' && view.mergeCommit !== null
        ? `deploy what is merged with: ${commandName(io)} deploy ${view.runId}`
        : 'start a run without it.';
    say(io, `Stopped after ${view.stoppedAfter} as --until asked; to go further, ${further}`);
  }
  const next = nextCommands(io, view);
  if (next.length > 0) say(io, `\nGo on with:\n${next.map((command) => `  ${command}`).join('\n')}`);
  return exitCodeOfRun(view);
}

export function nextCommands(io: Io, view: RunView): string[] {
  const name = commandName(io);
  return [...new Set(view.waiting.flatMap((entry) => commandsFor(entry, view, name)))];
}

function commandsFor(entry: Waiting, view: RunView, name: string): string[] {
  switch (entry.gate) {
    case 'questions':
      return [`${name} resume ${view.runId}`];
    case 'plan':
    case 'diff':
    case 'subtask':
      return [
        `${name} approve ${view.runId} ${entry.gate}`,
        `${name} reject ${view.runId} --comment "what should be different"`,
      ];
    case 'deployment':
      return [`${name} approve ${view.runId} deployment`, `${name} reject ${view.runId}`];
    case 'resume': {
      const raise = entry.code === 'budget_exceeded' ? ` --budget ${Math.ceil(view.budgetUsd * 2)}` : '';
      return [`${name} resume ${view.runId}${raise}`];
    }
  }
}
