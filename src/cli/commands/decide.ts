import type { AppApi } from '../../app/api.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Intent } from '../../protocol/intents.ts';
import type { RunView, Waiting } from '../../protocol/view.ts';
import { EXIT } from '../exit-codes.ts';
import { finish, followRun } from '../follow.ts';
import { LEFT_OUT } from '../gates.ts';
import { type Deps, type Io, say } from '../io.ts';
import {
  commandName,
  executableSettings,
  findRun,
  interruptible,
  settingsOfRun,
  stateOfRun,
  withApp,
} from '../session.ts';

/** Commands that continue a run and then stay with it, as `run` does. */

export interface DecideFlags {
  yes?: boolean;
  json?: boolean;
  local?: boolean;
  budget?: string;
  allowDestructive?: boolean;
}

type Gate = 'plan' | 'diff' | 'subtask' | 'deployment';
const GATES: readonly Gate[] = ['plan', 'diff', 'subtask', 'deployment'];

export function approve(
  io: Io,
  deps: Deps,
  run: string,
  gate: string | undefined,
  flags: DecideFlags,
): Promise<number> {
  const wanted = GATES.find((name) => name === gate);
  if (gate !== undefined && wanted === undefined) {
    throw new AppError({ code: 'usage', message: `"${gate}" cannot be approved; allowed: ${GATES.join(', ')}` });
  }
  return goOn(io, deps, run, flags, (view) => {
    const entry = decisionOf(view, wanted ?? null);
    return {
      intent: { type: 'approve', runId: view.runId, gate: entry.gate, ...placeOf(entry.waiting) },
      entry: entry.waiting,
    };
  });
}

/** Without a comment for the gate `deployment` only: there it means that what loses data is left out. */
export function reject(io: Io, deps: Deps, run: string, flags: DecideFlags & { comment?: string }): Promise<number> {
  const comment = flags.comment?.trim() ?? null;
  if (comment === '')
    throw new AppError({ code: 'usage', message: '--comment is empty; say what should be different' });
  return goOn(io, deps, run, flags, (view) => {
    const { gate, waiting } = decisionOf(view, null);
    if (comment === null && gate !== 'deployment') {
      throw new AppError({ code: 'usage', message: '--comment is missing; say what should be different' });
    }
    return {
      intent: { type: 'reject', runId: view.runId, comment: comment ?? LEFT_OUT, ...placeOf(waiting) },
      entry: waiting,
    };
  });
}

export function resume(io: Io, deps: Deps, run: string, flags: DecideFlags): Promise<number> {
  return goOn(io, deps, run, flags, (view, budgetUsd) => {
    const entry = view.waiting.find((waiting) => waiting.gate === 'resume') ?? null;
    const raised = flags.budget === undefined ? null : budgetUsd;
    if (entry?.code === 'budget_exceeded' && (raised ?? 0) <= view.budgetUsd) {
      throw new AppError({
        code: 'usage',
        message: `the run stopped at its cap of $${view.budgetUsd}; give a higher one with --budget`,
      });
    }
    return { intent: { type: 'resume', runId: view.runId, budgetUsd: raised }, entry };
  });
}

export async function cancel(io: Io, deps: Deps, run: string): Promise<number> {
  const { settings, note } = await stateOfRun(io, run);
  return withApp(deps, settings, async (app) => {
    const view = await findRun(io, app, run, note);
    if (hasEnded(view)) {
      say(io, `Run ${view.runId} has ended already (${view.status}).`);
      return EXIT.complete;
    }
    await app.dispatch({ type: 'cancel', runId: view.runId });
    say(io, `Run ${view.runId} is cancelled. Its work stays in the repository's private refs.`);
    return EXIT.complete;
  });
}

export async function pause(io: Io, deps: Deps, run: string): Promise<number> {
  const { settings, note } = await stateOfRun(io, run);
  return withApp(deps, settings, async (app) => {
    const view = await findRun(io, app, run, note);
    if (hasEnded(view)) {
      say(io, `Run ${view.runId} has ended already (${view.status}).`);
      return EXIT.complete;
    }
    await app.dispatch({ type: 'pause', runId: view.runId });
    say(
      io,
      `Run ${view.runId} pauses before its next model calls. Go on with: ${commandName(io)} resume ${view.runId}`,
    );
    return EXIT.complete;
  });
}

async function goOn(
  io: Io,
  deps: Deps,
  run: string,
  flags: DecideFlags,
  makeFirst: (view: RunView, budgetUsd: number) => { intent: Intent; entry: Waiting | null },
): Promise<number> {
  const { settings: found, note } = await settingsOfRun(io, run, { budget: flags.budget });
  // A wrong id is said before missing keys are.
  const { purpose } = await withApp(deps, found, (app) => findRun(io, app, run, note));
  const starting = interruptible(io);
  let settings = found;
  try {
    settings = await executableSettings(io, deps, found, {
      local: flags.local ?? note?.local ?? false,
      until: note?.until ?? 'deploy',
      usesModels: purpose === 'build',
      signal: starting.signal,
    });
  } finally {
    starting.close();
  }
  const { stateDir } = settings;
  return withApp(deps, settings, async (app: AppApi) => {
    const view = await findRun(io, app, run, note);
    if (hasEnded(view)) {
      say(io, `Run ${view.runId} has ended already (${view.status}).`);
      return finish(io, view, stateDir);
    }
    return followRun(app, io, {
      runId: view.runId,
      stateDir,
      from: view,
      first: makeFirst(view, settings.budgetUsd),
      json: flags.json ?? false,
      yes: flags.yes ?? false,
      allowDestructive: flags.allowDestructive ?? false,
    });
  });
}

function placeOf({ topic, waitOn }: Waiting): { topic: string; waitOn: string } {
  return { topic, waitOn };
}

function hasEnded(view: RunView): boolean {
  return view.status === 'complete' || view.status === 'failed' || view.status === 'cancelled';
}

function decisionOf(view: RunView, gate: Gate | null): { gate: Gate; waiting: Waiting } {
  for (const waiting of view.waiting) {
    const found = GATES.find((name) => name === waiting.gate && (gate === null || gate === name));
    if (found !== undefined) return { gate: found, waiting };
  }
  const waits = view.waiting.map((entry) => entry.gate).join(', ');
  throw new AppError({
    code: 'usage',
    message: `run ${view.runId} does not wait for ${gate === null ? 'a decision' : `the ${gate}`}`,
    userMessage:
      `Run ${view.runId} does not wait for ${gate === null ? 'a decision' : `a decision on the ${gate}`}` +
      `${waits === '' ? '' : `, but for: ${waits}`}.`,
  });
}
