import * as z from 'zod';
import { isMissing, refusal } from './failures.ts';
import type { Caller, Sdk } from './sdk.ts';
import type { Holder } from './variables.ts';

const DeploymentState = z.object({
  $id: z.string(),
  $createdAt: z.string(),
  status: z.string(),
  buildLogs: z.string().default(''),
});
export type DeploymentState = z.infer<typeof DeploymentState>;

const PAGE = 100;

/** The library's calls about the deployments of a function or site, which differ in names only. */
function callsOf({ functions, sites }: Sdk, { kind, id }: Holder) {
  if (kind === 'function') {
    const functionId = id;
    return {
      holder: () => functions.get({ functionId }),
      list: (queries: string[]) => functions.listDeployments({ functionId, queries }),
      get: (deploymentId: string) => functions.getDeployment({ functionId, deploymentId }),
      remove: (deploymentId: string) => functions.deleteDeployment({ functionId, deploymentId }),
      activate: (deploymentId: string) => functions.updateFunctionDeployment({ functionId, deploymentId }),
      stop: (deploymentId: string) => functions.updateDeploymentStatus({ functionId, deploymentId }),
    };
  }
  const siteId = id;
  return {
    holder: () => sites.get({ siteId }),
    list: (queries: string[]) => sites.listDeployments({ siteId, queries }),
    get: (deploymentId: string) => sites.getDeployment({ siteId, deploymentId }),
    remove: (deploymentId: string) => sites.deleteDeployment({ siteId, deploymentId }),
    activate: (deploymentId: string) => sites.updateSiteDeployment({ siteId, deploymentId }),
    stop: (deploymentId: string) => sites.updateDeploymentStatus({ siteId, deploymentId }),
  };
}

/** All deployments, newest first; none when the resource does not exist. */
export async function listDeployments(caller: Caller, holder: Holder, signal: AbortSignal): Promise<DeploymentState[]> {
  const found: DeploymentState[] = [];
  for (;;) {
    const last = found.at(-1)?.$id;
    const what = `listing the deployments of ${holder.kind} ${holder.id}`;
    const work = async (sdk: Sdk) => {
      const { Query } = sdk;
      return callsOf(sdk, holder).list([Query.limit(PAGE), ...(last === undefined ? [] : [Query.cursorAfter(last)])]);
    };
    const page = await caller.find(what, work, signal);
    if (page === null || page.deployments.length === 0) break;
    found.push(...z.array(DeploymentState).parse(page.deployments));
    if (page.deployments.length < PAGE) break;
  }
  return found.sort((a, b) => Date.parse(b.$createdAt) - Date.parse(a.$createdAt));
}

/** Null when there is none, or no resource. */
export async function findDeployment(
  caller: Caller,
  holder: Holder,
  deploymentId: string,
  signal: AbortSignal,
): Promise<DeploymentState | null> {
  const what = `reading deployment ${deploymentId} of ${holder.kind} ${holder.id}`;
  const found = await caller.find(what, async (sdk) => callsOf(sdk, holder).get(deploymentId), signal);
  return found === null ? null : DeploymentState.parse(found);
}

/** It has not come to an end. */
export function isUnderWay({ status }: DeploymentState): boolean {
  return !['ready', 'failed', 'canceled'].includes(status);
}

/** Gone already is as good. */
export async function deleteDeployment(
  caller: Caller,
  holder: Holder,
  deploymentId: string,
  signal: AbortSignal,
): Promise<void> {
  const make = async (sdk: Sdk): Promise<unknown> => callsOf(sdk, holder).remove(deploymentId);
  const isDone = async () => (await findDeployment(caller, holder, deploymentId, signal)) === null;
  const what = `removing the unfinished upload of ${holder.kind} ${holder.id}`;
  await caller.change({ what, make, isDone, signal }).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** False when it was too late: it has come to its end. */
export async function stopBuild(
  caller: Caller,
  holder: Holder,
  deploymentId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const make = async (sdk: Sdk): Promise<unknown> => callsOf(sdk, holder).stop(deploymentId);
  const isDone = async () => (await findDeployment(caller, holder, deploymentId, signal))?.status === 'canceled';
  const what = `stopping the build ${deploymentId} of ${holder.kind} ${holder.id}`;
  try {
    await caller.change({ what, make, isDone, signal });
    return true;
  } catch (error) {
    if (isMissing(error)) return true;
    if (refusal(error)?.status !== 400) throw error;
    return false;
  }
}

/** Deployment that is active, '' for none. */
export async function activeDeployment(caller: Caller, holder: Holder, signal: AbortSignal): Promise<string> {
  const work = async (sdk: Sdk) => (await callsOf(sdk, holder).holder()).deploymentId;
  return caller.call(`reading ${holder.kind} ${holder.id}`, work, signal);
}

export async function activateDeployment(
  caller: Caller,
  holder: Holder,
  deploymentId: string,
  signal: AbortSignal,
): Promise<void> {
  const make = async (sdk: Sdk): Promise<unknown> => callsOf(sdk, holder).activate(deploymentId);
  const isDone = async () => (await activeDeployment(caller, holder, signal)) === deploymentId;
  const what = `activating deployment ${deploymentId} of ${holder.kind} ${holder.id}`;
  await caller.change({ what, make, isDone, signal });
}
