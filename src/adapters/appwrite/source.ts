import { createHash } from 'node:crypto';
import type { Models } from 'node-appwrite';
import type { DeploymentState } from './deployments.ts';
import type { ResourceOps, Settings } from './resource.ts';
import type { Caller } from './sdk.ts';
import { type Holder, SOURCE_VARIABLE, writeVariable } from './variables.ts';

/**
 * What of a deployment is known on the host itself: the variable that names what was uploaded last. It is written before each
 * upload, always with another value, so that what is older than it was made of something else.
 */
export interface Made {
  /** Of the packed files and the settings that a build depends on. */
  hash: string;
  /** Deployments before this moment do not count; milliseconds since the epoch. Null: none counts. */
  sinceMs: number | null;
}

/** `digest` is that of the packed files. */
export function hashOf(digest: string, settings: Settings, ops: ResourceOps): string {
  const built = Object.entries(settings).filter(([name]) => ops.buildSettings.has(name));
  built.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([digest, built]))
    .digest('hex')
    .slice(0, 40);
}

/** A changed variable, too, takes effect only with the next deployment. */
export function madeOf(hash: string, variables: readonly Models.Variable[], keys: readonly string[]): Made {
  const source = variables.find(({ key }) => key === SOURCE_VARIABLE);
  if (source?.value.split(':')[0] !== hash) return { hash, sinceMs: null };
  const counting = variables.filter((one) => one === source || (keys.includes(one.key) && !one.secret));
  return { hash, sinceMs: Math.max(...counting.map(({ $updatedAt }) => Date.parse($updatedAt))) };
}

/** Made of what is deployed now, newest first; those that ended badly do not count. */
export function madeOfThis(made: Made, deployments: readonly DeploymentState[]): DeploymentState[] {
  const { sinceMs } = made;
  if (sinceMs === null) return [];
  return deployments.filter(
    ({ status, $createdAt }) => status !== 'failed' && status !== 'canceled' && Date.parse($createdAt) >= sinceMs,
  );
}

/** Says what is uploaded next. */
export async function writeSource(
  caller: Caller,
  holder: Holder,
  hash: string,
  variables: readonly Models.Variable[],
  signal: AbortSignal,
): Promise<void> {
  const [, count = '0'] = variables.find(({ key }) => key === SOURCE_VARIABLE)?.value.split(':') ?? [];
  await writeVariable(caller, holder, [SOURCE_VARIABLE, `${hash}:${(Number(count) || 0) + 1}`], signal);
}
