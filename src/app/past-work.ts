import type { Engine, EventLog, RunRecord } from '../core/engine/port.ts';
import type { RollbackInput } from '../core/flow/rollback-input.ts';
import { AppError } from '../protocol/errors.ts';
import type { RunView } from '../protocol/view.ts';
import { allEvents } from './all-events.ts';
import { hasEnded } from './runs.ts';

/** What a run's events say of the work that it left outside: pushed, merged, deployed. */

/** Where the work was pushed to, or null. */
export function remoteOf(events: EventLog, runId: string): string | null {
  let remote: string | null = null;
  for (const { event } of allEvents(events, runId)) {
    if (event.type === 'branch.pushed') remote = event.remote;
  }
  return remote;
}

/** Of each thing that the run deployed, the last time and whose it is: `<kind> <id>` -> both. */
function deployedTo(events: EventLog, runId: string): Map<string, { at: string; mark: string }> {
  const found = new Map<string, { at: string; mark: string }>();
  for (const { event, at } of allEvents(events, runId)) {
    if (event.type !== 'deployment.finished' && event.type !== 'deployment.changing') continue;
    const { kind, id, mark } = event.type === 'deployment.finished' ? event.deployment : event;
    found.set(`${kind} ${id}`, { at, mark });
  }
  return found;
}

/** What other runs of this state folder have deployed to after the run, without those that were rolled back since. */
export async function overtakenOf(runId: string, engine: Engine, events: EventLog): Promise<Record<string, string>> {
  const ours = deployedTo(events, runId);
  const roots = (await engine.list()).filter((run) => run.parentId === null);
  const undone = new Set(roots.flatMap((run) => (run.status === 'complete' ? [undoneBy(run)] : [])));
  const since = roots.find((run) => run.runId === runId)?.createdAt ?? 0;
  const last = new Map<string, { at: string; by: string }>();
  for (const run of roots) {
    if (run.runId === runId || run.updatedAt < since || undone.has(run.runId)) continue;
    for (const [key, { at, mark }] of deployedTo(events, run.runId)) {
      const own = ours.get(key);
      if (own === undefined || own.mark !== mark || at <= (last.get(key)?.at ?? own.at)) continue;
      last.set(key, { at, by: run.runId });
    }
  }
  return Object.fromEntries([...last].map(([key, { by }]) => [key, by]));
}

/** The run that this one has rolled back; null when it is no rollback. */
function undoneBy({ definition, input }: RunRecord): string | null {
  return definition.startsWith('rollback@') ? (input as RollbackInput).undoes : null;
}

type PastWork = Pick<RollbackInput, 'deployments' | 'merged'>;

/** What a rollback of the run has to undo; throws with the reason when that is nothing, or when the run is still at work. */
export function workToUndo(view: RunView, events: EventLog): PastWork {
  const { runId } = view;
  const refuse = (reason: string) =>
    new AppError({
      code: 'usage',
      message: `run ${runId} cannot be rolled back`,
      userMessage: `Run ${runId} cannot be rolled back: ${reason}.`,
    });
  if (view.purpose === 'rollback') throw refuse('it is a rollback itself; start the work again with a new run');
  if (!hasEnded(view) && view.status !== 'waiting') throw refuse('it is still at work; cancel it first');
  let merged: { commit: string; before: string | null } | null = null;
  for (const { event } of allEvents(events, runId)) {
    if (event.type === 'pull_request.merged') merged = { commit: event.commit, before: event.before ?? null };
  }
  const remoteUrl = remoteOf(events, runId);
  const work: PastWork = {
    // What was cut off is the newest.
    deployments: [...view.deployments, ...view.unfinished],
    merged: merged === null || remoteUrl === null ? null : { ...merged, remoteUrl },
  };
  if (work.deployments.length === 0 && work.merged === null) throw refuse('it has deployed nothing and merged nothing');
  return work;
}
