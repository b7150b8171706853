import type { Gate } from '../../protocol/events.ts';
import type { RunView, Waiting } from '../../protocol/view.ts';

/** Which runs a command can be used on. The same rules enable the commands and choose their runs. */

export function hasEnded(view: RunView): boolean {
  return view.status === 'complete' || view.status === 'failed' || view.status === 'cancelled';
}

export function waitsAt(view: RunView, gate: Gate): Waiting[] {
  return view.waiting.filter((wait) => wait.gate === gate);
}

/** The lead counts as at work for as long as the run lasts, so it says nothing. */
export function agentsAtWork(view: RunView): number {
  return Object.values(view.agents).filter((agent) => agent.specialization !== 'lead' && agent.status === 'working')
    .length;
}

/** At a gate, too: what follows the decision waits then. */
export function canPause(view: RunView): boolean {
  return !hasEnded(view) && !view.paused;
}

/** Something waits for `resume`, or is about to because of a pause. */
export function isHeld(view: RunView): boolean {
  return !hasEnded(view) && (view.paused || waitsAt(view, 'resume').length > 0);
}

/** A running one, too: the process that executed it may be gone, and then nobody else goes on with it. */
export function canResume(view: RunView): boolean {
  return isHeld(view) || view.status === 'running';
}

/** Merged and, as it was asked, not deployed. A run under way deploys by itself. */
export function canDeploy(view: RunView): boolean {
  return view.status === 'complete' && view.stoppedAfter === 'commit' && view.mergeCommit !== null;
}

/** Something was deployed, if only in part, and nothing of the run is under way. What a rollback did is undone by deploying again. */
export function canRollBack(view: RunView): boolean {
  return hasEnded(view) && view.purpose !== 'rollback' && view.deployments.length + view.unfinished.length > 0;
}

/** Null for a wait that belongs to the run as a whole. */
export function subtaskOf(wait: { waitOn: string }): string | null {
  const part = wait.waitOn.split('/').at(-1) ?? '';
  return /^(?:subtask|integrate)-([a-z0-9-]+)(?:\.\d+)?$/.exec(part)?.[1] ?? null;
}

const RETRY_TOPIC = /^retry-/;

/** Waits whose end lets this subtask be tried again. */
export function retriesOf(view: RunView, subtaskId: string): Waiting[] {
  const failed = view.subtasks[subtaskId]?.state === 'failed';
  return waitsAt(view, 'resume').filter(
    (wait) => subtaskOf(wait) === subtaskId || (failed && RETRY_TOPIC.test(wait.topic)),
  );
}

/** Ids of the subtasks that can be tried again, in the order of the plan. */
export function retryable(view: RunView): string[] {
  return Object.keys(view.subtasks).filter((id) => retriesOf(view, id).length > 0);
}

/** The wait that somebody saw and decides about; without a name the first of the gate. Undefined: it is over. */
export function waitFor(
  view: RunView,
  gate: Gate,
  shown: { topic: string | null; waitOn: string | null; subtaskId: string | null },
): Waiting | undefined {
  return waitsAt(view, gate).find(
    (wait) =>
      (shown.topic ?? wait.topic) === wait.topic &&
      (shown.waitOn ?? wait.waitOn) === wait.waitOn &&
      (shown.subtaskId === null || gate !== 'subtask' || subtaskOf(wait) === shown.subtaskId),
  );
}

/** The subtask that is named, by itself or by the wait that is about it. */
export function subtaskNamed(shown: { subtaskId: string | null; waitOn: string | null }): string | null {
  return shown.subtaskId ?? (shown.waitOn === null ? null : subtaskOf({ waitOn: shown.waitOn }));
}
