import * as z from 'zod';
import { isMissing } from './failures.ts';
import type { ResourceKind } from './resource.ts';
import type { Caller, Sdk } from './sdk.ts';
import type { Holder } from './variables.ts';

const DeploymentState = z.object({
  $id: z.string(),
  $createdAt: z.string(),
  status: z.string(),
  buildLogs: z.string().default(''),
});
export type DeploymentState = z.infer<typeof DeploymentState>;

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

/** Null when there is none, or no resource. */
export async function findDeployment(
  caller: Caller,
  { kind, id }: Holder,
  deploymentId: string,
  signal: AbortSignal,
): Promise<DeploymentState | null> {
  const work = ({ functions, sites }: Sdk) =>
    kind === 'function'
      ? functions.getDeployment({ functionId: id, deploymentId })
      : sites.getDeployment({ siteId: id, deploymentId });
  const found = await caller.find(`reading deployment ${deploymentId} of ${kind} ${id}`, work, signal);
  return found === null ? null : DeploymentState.parse(found);
}

/** Gone already is as good. */
export async function deleteDeployment(
  caller: Caller,
  holder: Holder,
  deploymentId: string,
  signal: AbortSignal,
): Promise<void> {
  const { kind, id } = holder;
  const make = ({ functions, sites }: Sdk): Promise<unknown> =>
    kind === 'function'
      ? functions.deleteDeployment({ functionId: id, deploymentId })
      : sites.deleteDeployment({ siteId: id, deploymentId });
  const isDone = async () => (await findDeployment(caller, holder, deploymentId, signal)) === null;
  const what = `removing the unfinished upload of ${kind} ${id}`;
  await caller.change({ what, make, isDone, signal }).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** Deployment that is active, '' for none. */
export async function activeDeployment(caller: Caller, { kind, id }: Holder, signal: AbortSignal): Promise<string> {
  const work = async ({ functions, sites }: Sdk) =>
    kind === 'function' ? functions.get({ functionId: id }) : sites.get({ siteId: id });
  return (await caller.call(`reading ${kind} ${id}`, work, signal)).deploymentId;
}

export async function activateDeployment(
  caller: Caller,
  holder: Holder,
  deploymentId: string,
  signal: AbortSignal,
): Promise<void> {
  const { kind, id } = holder;
  const make = ({ functions, sites }: Sdk): Promise<unknown> =>
    kind === 'function'
      ? functions.updateFunctionDeployment({ functionId: id, deploymentId })
      : sites.updateSiteDeployment({ siteId: id, deploymentId });
  const isDone = async () => (await activeDeployment(caller, holder, signal)) === deploymentId;
  await caller.change({ what: `activating deployment ${deploymentId} of ${kind} ${id}`, make, isDone, signal });
}
