import type { Engine } from '../core/engine/port.ts';
import type { Decision, DiffDecision, PlanDecision } from '../core/flow/decision.ts';
import type { DeployInput } from '../core/flow/deploy-merged.ts';
import { planFaults } from '../core/flow/plan-rules.ts';
import type { BuildInput } from '../core/flow/policy.ts';
import type { RollbackInput } from '../core/flow/rollback-input.ts';
import { AppError } from '../protocol/errors.ts';
import type { Gate } from '../protocol/events.ts';
import { Intent } from '../protocol/intents.ts';
import type { RunView, Waiting } from '../protocol/view.ts';
import type { AppParts } from './app-parts.ts';
import { overtakenOf, remoteOf, workToUndo } from './past-work.ts';
import { alreadyEnded, alreadyUndone, mergedWork, noLongerWaits, nothingWaits, planInvalid } from './refusals.ts';
import { findRun, hasEnded, type RunViews } from './runs.ts';
import { newRunId, slugOf } from './slug.ts';

/** Carrying out what clients ask for. */
export interface Intents {
  /** Returns the run that it concerns. */
  carryOut(intent: Intent): Promise<string>;
  mustFind(idOrPrefix: string): Promise<string>;
  /** True when a message has answered the wait; the run may need a moment to take it. */
  isAnswered(wait: Waiting): boolean;
}

type Of<T extends Intent['type']> = Extract<Intent, { type: T }>;

const DECISIONS: readonly Gate[] = ['plan', 'diff', 'subtask', 'deployment'];

/** A plan that does not fit its schema is a bad plan, everything else that does not fit a wrong use. */
function checked(given: Intent): Intent {
  const parsed = Intent.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const { issues } = parsed.error;
  if (given.type === 'edit_plan' && issues.every((issue) => issue.path[0] === 'plan')) throw planInvalid(faults);
  throw new AppError({ code: 'usage', message: `the intent ${given.type} does not fit: ${faults.join('; ')}` });
}

export function createIntents(parts: AppParts, views: RunViews): Intents {
  const { engine, events, ledger, clock, random } = parts;
  /** Topics are never used twice. */
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

  const tell = async (runId: string, wait: Waiting, value: unknown): Promise<void> => {
    // One answer a wait: a second one, from another window, finds the same key and is ignored.
    const key = waitKey(wait);
    await engine.send(wait.waitOn, wait.topic, value, key);
    answered.add(key);
    await engine.resume(runId);
  };

  const decide = async (
    intent: Of<'approve' | 'reject' | 'edit_plan' | 'trim_diff'>,
    gates: readonly Gate[],
    decision: Decision | PlanDecision | DiffDecision,
  ): Promise<string> => {
    const runId = await mustFind(intent.runId);
    await tell(runId, waitOf(views.get(runId), gates, intent), decision);
    return runId;
  };

  const start = async (intent: Of<'start'>): Promise<string> => {
    const { type: _type, ...wanted } = intent;
    const slug = slugOf(intent.brief.name);
    const runId = newRunId(slug, random);
    await engine.start(parts.build, { ...wanted, slug, policy: parts.policy() }, { runId });
    return runId;
  };

  const deploy = async (idOrPrefix: string): Promise<string> => {
    const view = views.get(await mustFind(idOrPrefix));
    const input: DeployInput = {
      ...(await inputOf(engine, view.runId)),
      ...mergedWork(view, remoteOf(events, view.runId)),
      until: 'deploy',
      policy: parts.policy(),
    };
    const runId = newRunId(input.slug, random);
    await engine.start(parts.deployment, input, { runId });
    return runId;
  };

  const rollBack = async (idOrPrefix: string): Promise<string> => {
    const view = views.get(await mustFind(idOrPrefix));
    const past = await inputOf(engine, view.runId);
    const work = workToUndo(view, events);
    const earlier = (await engine.list())
      .filter(({ definition }) => definition === parts.rollback.name)
      .map((run) => views.get(run.runId))
      .filter(({ undoes }) => undoes === view.runId);
    const unfinished = earlier.find((one) => !hasEnded(one));
    if (unfinished !== undefined) throw alreadyUndone(view, unfinished);
    const proposed = earlier.find(({ pullRequest }) => pullRequest !== null)?.pullRequest ?? null;
    const overtaken = await overtakenOf(view.runId, engine, events);
    const input: RollbackInput = { ...past, ...work, overtaken, proposed, undoes: view.runId, policy: parts.policy() };
    const runId = newRunId(`revert-${past.slug}`, random);
    await engine.start(parts.rollback, input, { runId });
    return runId;
  };

  const editPlan = async (intent: Of<'edit_plan'>): Promise<string> => {
    const runId = await mustFind(intent.runId);
    const { brief, policy } = await inputOf(engine, runId);
    // A wait that is over is said before faults are.
    waitOf(views.get(runId), ['plan'], intent);
    const refuseCheck = (command: string) => parts.refuseCommand(command, policy.checks);
    const faults = planFaults(intent.plan, brief, { refuseCheck });
    if (faults.length > 0) throw planInvalid(faults);
    return decide(intent, ['plan'], { decision: 'edit', plan: intent.plan });
  };

  /** The event first: whatever ends this process between the two, `resume` clears both. */
  const setPaused = (view: RunView, paused: boolean): void => {
    const type = paused ? 'pause.requested' : 'pause.ended';
    if (view.paused !== paused) events.append(view.runId, { type }, `${type}:${clock.now()}:${random()}`);
    ledger.setPaused(view.runId, paused);
  };

  const pause = async (idOrPrefix: string): Promise<string> => {
    const runId = await mustFind(idOrPrefix);
    const view = views.get(runId);
    if (hasEnded(view)) throw alreadyEnded(view);
    // The run's own first step may not have come so far.
    ledger.open(runId, (await inputOf(engine, runId)).budgetUsd);
    setPaused(view, true);
    return runId;
  };

  const resume = async (intent: Of<'resume'>): Promise<string> => {
    const runId = await mustFind(intent.runId);
    const view = views.get(runId);
    if (hasEnded(view)) throw alreadyEnded(view);
    const isOne = intent.topic != null || intent.waitOn != null;
    const waits = isOne ? [waitOf(view, ['resume'], intent)] : view.waiting.filter((wait) => wait.gate === 'resume');
    if (intent.budgetUsd !== null) {
      ledger.raiseCap(runId, intent.budgetUsd);
      events.append(runId, { type: 'budget.raised', budgetUsd: intent.budgetUsd }, `budget:${intent.budgetUsd}`);
    }
    if (view.paused || waits.some((wait) => wait.code === 'paused')) setPaused(view, false);
    await engine.resume(runId);
    for (const wait of waits) await tell(runId, wait, true);
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

  const answer = async (intent: Of<'answer'>): Promise<string> => {
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
        return decide(intent, intent.gate === null ? DECISIONS : [intent.gate], { decision: 'approve' });
      case 'reject':
        return decide(intent, DECISIONS, { decision: 'reject', comment: intent.comment });
      case 'edit_plan':
        return editPlan(intent);
      case 'trim_diff':
        return decide(intent, ['diff'], { decision: 'trim', files: intent.files });
      case 'pause':
        return pause(intent.runId);
      case 'resume':
        return resume(intent);
      case 'deploy':
        return deploy(intent.runId);
      case 'rollback':
        return rollBack(intent.runId);
      case 'cancel':
        return cancel(intent.runId);
      case 'delete':
        return remove(intent.runId);
    }
  };

  return {
    carryOut: async (intent) => carryOut(checked(intent)),
    mustFind,
    isAnswered: (wait) => answered.has(waitKey(wait)),
  };
}

async function inputOf(engine: Engine, runId: string): Promise<BuildInput> {
  return (await engine.get(runId))?.input as BuildInput;
}

/** The wait that the intent is about; throws when nothing fits any more. */
function waitOf(
  view: RunView,
  gates: readonly Gate[],
  about: { topic?: string | null | undefined; waitOn?: string | null | undefined },
): Waiting {
  const fitting = view.waiting.filter((candidate) => gates.includes(candidate.gate));
  const wait = fitting.find(
    (candidate) =>
      (about.topic ?? candidate.topic) === candidate.topic && (about.waitOn ?? candidate.waitOn) === candidate.waitOn,
  );
  if (wait !== undefined) return wait;
  throw fitting.length === 0 ? nothingWaits(view, gates) : noLongerWaits(view.runId);
}

/** The same for every answer to one wait. */
function waitKey(wait: Waiting): string {
  return `${wait.waitOn}|${wait.topic}`;
}
