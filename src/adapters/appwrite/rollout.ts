import type { Clock, Log } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import {
  activateDeployment,
  activeDeployment,
  type DeploymentState,
  deleteDeployment,
  findDeployment,
  listDeployments,
} from './deployments.ts';
import { isUnknownOutcome } from './failures.ts';
import type { Caller, Sdk } from './sdk.ts';
import type { Holder } from './variables.ts';
import { waitUntil } from './wait.ts';

/** Above this an upload is cut into parts, so that a crash or a broken connection can leave a half one behind. */
const CHUNK_BYTES = 5 * 1024 * 1024;
const UPLOAD_LIMIT_MS = 600_000;
const UPLOADS = 3;
const ACTIVATION_DEADLINE_MS = 60_000;
/** Looks for the activation before it is asked for by hand. */
const ACTIVATION_ROUNDS = 10;
/** Looks at an upload in parts that waits, before it is given up as half: the server may be busy with other builds. */
const HALF_UPLOAD_ROUNDS = 30;
export const LOG_TAIL_CHARS = 4000;

export interface RolloutContext {
  caller: Caller;
  clock: Clock;
  log: Log;
  pollMs: number;
  buildDeadlineMs: number;
  signal: AbortSignal;
}

/** The id of an earlier attempt's deployment, or null after removing one whose upload was never finished. */
export async function takeOver(
  context: RolloutContext,
  holder: Holder,
  id: string,
  archiveBytes: number,
): Promise<string | null> {
  if (archiveBytes <= CHUNK_BYTES) return id;
  for (let round = 0; round < HALF_UPLOAD_ROUNDS; round++) {
    const found = await findDeployment(context.caller, holder, id, context.signal);
    if (found === null) return null;
    if (found.status !== 'waiting') return id;
    await context.clock.sleep(context.pollMs, context.signal);
  }
  await deleteDeployment(context.caller, holder, id, context.signal);
  return null;
}

/** Uploads once, however often the connection breaks: before it is done again, what came of the last try is looked for. */
export async function upload(
  context: RolloutContext,
  holder: Holder,
  archive: Buffer,
  before: readonly DeploymentState[],
): Promise<string> {
  const { caller, signal, clock, pollMs } = context;
  const { kind, id } = holder;
  const known = new Set(before.map(({ $id }) => $id));
  const work = async ({ functions, sites, InputFile }: Sdk) => {
    const code = InputFile.fromBuffer(archive, 'code.tar.gz');
    return kind === 'function'
      ? functions.createDeployment({ functionId: id, code, activate: true })
      : sites.createDeployment({ siteId: id, code, activate: true });
  };
  for (let count = 1; ; count += 1) {
    try {
      const what = `uploading ${kind} ${id} (${archive.length} bytes)`;
      return (await caller.once(what, work, signal, UPLOAD_LIMIT_MS)).$id;
    } catch (error) {
      const isBusy = error instanceof AppError && error.code === 'rate_limited';
      if (!isBusy && !isUnknownOutcome(error)) throw error;
      context.log.warn('no answer: looking whether it was done', { what: `uploading ${kind} ${id}` });
      for (const { $id } of await listDeployments(caller, holder, signal)) {
        const ours = known.has($id) ? null : await takeOver(context, holder, $id, archive.length);
        if (ours !== null) return ours;
      }
      if (count === UPLOADS) throw error;
      await clock.sleep(pollMs * 2 ** count, signal);
    }
  }
}

/** Waits for the build and until the deployment is the active one; returns the end of its log. */
export async function finish(context: RolloutContext, holder: Holder, deploymentId: string): Promise<string> {
  const built = await waitForBuild(context, holder, deploymentId);
  await waitForActivation(context, holder, deploymentId);
  return built.buildLogs.slice(-LOG_TAIL_CHARS);
}

function waitForBuild(context: RolloutContext, holder: Holder, deploymentId: string): Promise<DeploymentState> {
  const what = `The build of ${holder.kind} "${holder.id}"`;
  let tail = '';
  const poll = {
    clock: context.clock,
    pollMs: context.pollMs,
    deadlineMs: context.buildDeadlineMs,
    what,
    remedy: 'Look at its build log in the Appwrite console, then resume the run: it goes on with the same build.',
    tail: () => (tail === '' ? 'Its log is empty so far.' : `End of its log:\n${tail}`),
    look: async () => {
      const state = await findDeployment(context.caller, holder, deploymentId, context.signal);
      if (state === null) throw deleted(holder, deploymentId);
      tail = state.buildLogs.slice(-LOG_TAIL_CHARS);
      if (state.status === 'failed' || state.status === 'canceled') throw buildFailure(holder, state);
      return state.status === 'ready' ? state : null;
    },
  };
  return waitUntil(poll, context.signal);
}

function buildFailure({ kind, id }: Holder, state: DeploymentState): AppError {
  const logTail = state.buildLogs.slice(-LOG_TAIL_CHARS);
  const happened = state.status === 'failed' ? 'failed' : 'was canceled';
  return new AppError({
    code: 'deployment_failed',
    message: `build ${state.$id} of ${kind} ${id} ${happened}`,
    userMessage: `The build of ${kind} "${id}" on Appwrite ${happened}. When what it needs is there, resume the run: it is built again. End of its log:\n${logTail}`,
    details: { deploymentId: state.$id, status: state.status, logTail },
  });
}

function deleted({ kind, id }: Holder, deploymentId: string): AppError {
  return new AppError({
    code: 'deployment_failed',
    message: `deployment ${deploymentId} of ${kind} ${id} is gone`,
    userMessage: `Deployment ${deploymentId} of ${kind} "${id}" was deleted on Appwrite while it was built. Resume the run to upload it again.`,
  });
}

/** Comes just after `ready`; asked for by hand when the server has missed it. */
async function waitForActivation(context: RolloutContext, holder: Holder, deploymentId: string): Promise<void> {
  const { caller, signal } = context;
  const { kind, id } = holder;
  const poll = {
    clock: context.clock,
    pollMs: context.pollMs,
    deadlineMs: ACTIVATION_DEADLINE_MS,
    what: `The activation of ${kind} "${id}"`,
    remedy: `Activate deployment ${deploymentId} in the Appwrite console, then resume the run.`,
    look: async (round: number) => {
      if ((await activeDeployment(caller, holder, signal)) === deploymentId) return true;
      if (round === ACTIVATION_ROUNDS) await activateDeployment(caller, holder, deploymentId, signal);
      return null;
    },
  };
  await waitUntil(poll, signal);
}
