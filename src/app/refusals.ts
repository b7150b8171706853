import type { DeployInput } from '../core/flow/deploy-merged.ts';
import { AppError } from '../protocol/errors.ts';
import type { Gate } from '../protocol/events.ts';
import type { RunView } from '../protocol/view.ts';

/** Why an intent does not fit a run as it is, in words. */

/** What the run has merged and not deployed; throws with the reason when there is nothing of the kind. */
export function mergedWork(
  view: RunView,
  remoteUrl: string | null,
): Pick<DeployInput, 'plan' | 'mergeCommit' | 'remoteUrl' | 'brief'> {
  const { plan, mergeCommit, stoppedAfter, brief } = view;
  const isStoppedThere = view.status === 'complete' && stoppedAfter === 'commit';
  if (isStoppedThere && plan !== null && mergeCommit !== null && remoteUrl !== null && brief !== null) {
    return { plan, mergeCommit, remoteUrl, brief };
  }
  const reason =
    view.purpose === 'rollback'
      ? 'it is a rollback; to deploy again what it undid, revert its pull request and start a new run'
      : view.status !== 'complete'
        ? `it is ${view.status}`
        : stoppedAfter === 'deploy'
          ? 'it has deployed already'
          : `it stopped after ${stoppedAfter}, so nothing of it is merged; start a run that goes further`;
  throw new AppError({
    code: 'usage',
    message: `run ${view.runId} has nothing to deploy`,
    userMessage: `Run ${view.runId} has no merged work that waits for a deployment: ${reason}.`,
  });
}

export function planInvalid(faults: string[]): AppError {
  return new AppError({
    code: 'plan_invalid',
    message: `the changed plan has faults: ${faults.join('; ')}`,
    userMessage: `The changed plan cannot be built:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
    details: { faults },
  });
}

export function nothingWaits(view: RunView, gates: readonly Gate[]): AppError {
  const waiting = view.waiting.map((wait) => wait.gate).join(', ');
  const state = waiting === '' ? `it is ${view.status}` : `it waits for: ${waiting}`;
  return new AppError({
    code: 'usage',
    message: `run ${view.runId} does not wait for ${gates.join(' or ')}`,
    userMessage: `Run ${view.runId} does not wait for ${gates.join(' or ')}: ${state}.`,
  });
}

export function noLongerWaits(runId: string): AppError {
  return new AppError({
    code: 'usage',
    message: `run ${runId} waits for another decision by now`,
    userMessage: `That decision is no longer waited for: run ${runId} waits for another one by now. Look at it with \`orchestrator show ${runId}\`.`,
  });
}

export function alreadyEnded(view: RunView): AppError {
  return new AppError({
    code: 'usage',
    message: `run ${view.runId} has ended`,
    userMessage: `Run ${view.runId} is ${view.status}; nothing of it is left to do. Start a new run.`,
  });
}

/** Two rollbacks at once would undo each other's halves. */
export function alreadyUndone(view: RunView, by: RunView): AppError {
  return new AppError({
    code: 'usage',
    message: `run ${view.runId} is being rolled back by ${by.runId}`,
    userMessage: `Run ${view.runId} cannot be rolled back: run ${by.runId} rolls it back already and is ${by.status}. Go on with that one, or cancel it.`,
  });
}
