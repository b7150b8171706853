import * as z from 'zod';
import type { Clock } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { ResourceKind } from './domains.ts';
import { packFolder } from './pack.ts';
import type { Caller, Sdk } from './sdk.ts';
import { waitUntil } from './wait.ts';

/** Above this an upload is cut into parts, so that a crash can leave a half one behind. */
const CHUNK_BYTES = 5 * 1024 * 1024;
const UPLOAD_LIMIT_MS = 600_000;
const ACTIVATION_DEADLINE_MS = 60_000;
/** Looks for the activation before it is asked for by hand, and for a half upload before it is given up. */
const PATIENT_ROUNDS = 30;
const LOG_TAIL_CHARS = 4000;

const DeploymentState = z.object({
  $id: z.string(),
  $createdAt: z.string(),
  status: z.string(),
  buildLogs: z.string().default(''),
});
type DeploymentState = z.infer<typeof DeploymentState>;

/** What differs between functions and sites. */
export interface Target {
  kind: ResourceKind;
  id: string;
  upload(sdk: Sdk, code: ReturnType<Sdk['InputFile']['fromBuffer']>): Promise<{ $id: string }>;
  /** Deployment that is active now, '' for none. */
  active(sdk: Sdk): Promise<string>;
  activate(sdk: Sdk, deploymentId: string): Promise<unknown>;
}

export interface RolloutContext {
  caller: Caller;
  clock: Clock;
  pollMs: number;
  buildDeadlineMs: number;
  signal: AbortSignal;
}

export interface Rollout {
  deploymentId: string;
  previousDeploymentId: string | null;
  logTail: string;
}

/** All deployments, newest first; none when the resource does not exist. */
export async function listDeployments(
  caller: Caller,
  kind: ResourceKind,
  id: string,
  signal: AbortSignal,
): Promise<DeploymentState[]> {
  const found: DeploymentState[] = [];
  for (;;) {
    const last = found.at(-1)?.$id;
    const work = ({ functions, sites, Query }: Sdk) => {
      const queries = [Query.limit(100), ...(last === undefined ? [] : [Query.cursorAfter(last)])];
      return kind === 'function'
        ? functions.listDeployments({ functionId: id, queries })
        : sites.listDeployments({ siteId: id, queries });
    };
    const page = await caller.find(`listing the deployments of ${kind} ${id}`, work, signal);
    if (page === null || page.deployments.length === 0) break;
    found.push(...z.array(DeploymentState).parse(page.deployments));
    if (page.deployments.length < 100) break;
  }
  return found.sort((a, b) => Date.parse(b.$createdAt) - Date.parse(a.$createdAt));
}

/** Uploads the folder unless an earlier attempt did, waits for the build and until it is the active one. */
export async function rollOut(
  context: RolloutContext,
  target: Target,
  sourceDir: string,
  known: readonly string[],
): Promise<Rollout> {
  const { caller, signal } = context;
  const before = await listDeployments(caller, target.kind, target.id, signal);
  const activeBefore = await caller.call(`reading ${target.kind} ${target.id}`, (sdk) => target.active(sdk), signal);
  const archive = await packFolder(sourceDir);
  const earlier = before.find(({ $id }) => !known.includes($id));
  const taken = earlier === undefined ? null : await takeOver(context, target, earlier.$id, archive.length);
  const deploymentId = taken ?? (await upload(context, target, archive));
  const built = await waitForBuild(context, target, deploymentId);
  await waitForActivation(context, target, deploymentId);
  const newestKnown = before.find(({ $id, status }) => known.includes($id) && status === 'ready')?.$id ?? null;
  const previousDeploymentId = activeBefore === deploymentId || activeBefore === '' ? newestKnown : activeBefore;
  return { deploymentId, previousDeploymentId, logTail: built.buildLogs.slice(-LOG_TAIL_CHARS) };
}

/** The id of an earlier attempt's deployment, or null after removing one whose upload was never finished. */
async function takeOver(
  context: RolloutContext,
  target: Target,
  id: string,
  archiveBytes: number,
): Promise<string | null> {
  if (archiveBytes <= CHUNK_BYTES) return id;
  for (let round = 0; round < PATIENT_ROUNDS; round++) {
    const { status } = await readDeployment(context, target, id);
    if (status !== 'waiting') return id;
    await context.clock.sleep(context.pollMs, context.signal);
  }
  const remove = async ({ functions, sites }: Sdk): Promise<void> => {
    if (target.kind === 'function') await functions.deleteDeployment({ functionId: target.id, deploymentId: id });
    else await sites.deleteDeployment({ siteId: target.id, deploymentId: id });
  };
  await context.caller.find(`removing the unfinished upload of ${target.kind} ${target.id}`, remove, context.signal);
  return null;
}

async function upload(context: RolloutContext, target: Target, archive: Buffer): Promise<string> {
  const work = (sdk: Sdk) => target.upload(sdk, sdk.InputFile.fromBuffer(archive, 'code.tar.gz'));
  const what = `uploading ${target.kind} ${target.id} (${archive.length} bytes)`;
  const { $id } = await context.caller.call(what, work, context.signal, UPLOAD_LIMIT_MS);
  return $id;
}

async function readDeployment(context: RolloutContext, target: Target, deploymentId: string): Promise<DeploymentState> {
  const work = ({ functions, sites }: Sdk) =>
    target.kind === 'function'
      ? functions.getDeployment({ functionId: target.id, deploymentId })
      : sites.getDeployment({ siteId: target.id, deploymentId });
  const what = `reading deployment ${deploymentId} of ${target.kind} ${target.id}`;
  return DeploymentState.parse(await context.caller.call(what, work, context.signal));
}

function waitForBuild(context: RolloutContext, target: Target, deploymentId: string): Promise<DeploymentState> {
  const poll = {
    clock: context.clock,
    pollMs: context.pollMs,
    deadlineMs: context.buildDeadlineMs,
    what: `The build of ${target.kind} "${target.id}"`,
    remedy: 'Look at its build log in the Appwrite console, then resume the run: it goes on with the same build.',
    look: async () => {
      const state = await readDeployment(context, target, deploymentId);
      if (state.status === 'failed' || state.status === 'canceled') throw buildFailure(target, state);
      return state.status === 'ready' ? state : null;
    },
  };
  return waitUntil(poll, context.signal);
}

function buildFailure(target: Target, state: DeploymentState): AppError {
  const logTail = state.buildLogs.slice(-LOG_TAIL_CHARS);
  const happened = state.status === 'failed' ? 'failed' : 'was canceled';
  return new AppError({
    code: 'deployment_failed',
    message: `build ${state.$id} of ${target.kind} ${target.id} ${happened}`,
    userMessage: `The build of ${target.kind} "${target.id}" on Appwrite ${happened}. End of its log:\n${logTail}`,
    details: { deploymentId: state.$id, status: state.status, logTail },
  });
}

/** Comes just after `ready`; asked for by hand when the server has missed it. */
async function waitForActivation(context: RolloutContext, target: Target, deploymentId: string): Promise<void> {
  const { caller, signal } = context;
  const poll = {
    clock: context.clock,
    pollMs: context.pollMs,
    deadlineMs: ACTIVATION_DEADLINE_MS,
    what: `The activation of ${target.kind} "${target.id}"`,
    remedy: `Activate deployment ${deploymentId} in the Appwrite console, then resume the run.`,
    look: async (round: number) => {
      const active = await caller.call(`reading ${target.kind} ${target.id}`, (sdk) => target.active(sdk), signal);
      if (active === deploymentId) return true;
      if (round === Math.floor(PATIENT_ROUNDS / 3)) {
        await caller.call(
          `activating ${target.kind} ${target.id}`,
          (sdk) => target.activate(sdk, deploymentId),
          signal,
        );
      }
      return null;
    },
  };
  await waitUntil(poll, signal);
}
