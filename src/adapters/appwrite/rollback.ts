import { type Approval, isAllowed } from '../../core/approval.ts';
import type { Deployment, DeploymentChange } from '../../protocol/work.ts';
import { claimsOfDatabases, claimsOfResources } from './claims.ts';
import { type Claims, whoseIs } from './places.ts';
import type { OpsByKind } from './resource.ts';
import { rollbackOfDatabase } from './rollback-database.ts';
import type { RollbackPlan } from './rollback-plan.ts';
import { rollbackOfResource } from './rollback-resource.ts';
import type { SchemaContext } from './schema/read.ts';

export interface RollbackContext extends Omit<SchemaContext, 'databaseId'> {
  ops: OpsByKind;
}

export async function previewRollback(
  context: RollbackContext,
  deployments: readonly Deployment[],
): Promise<{ changes: DeploymentChange[]; irreversible: string[] }> {
  const changes: DeploymentChange[] = [];
  const irreversible: string[] = [];
  for (const deployment of deployments) {
    const plan = await planRollback(context, deployment);
    changes.push(...plan.undos.map((undo) => undo.change));
    irreversible.push(...plan.irreversible);
  }
  return { changes, irreversible };
}

/** Goes by what is there now, so that it can be done again after it was cut at any point. */
export async function rollBack(
  context: RollbackContext,
  deployment: Deployment,
  destructive: Approval,
): Promise<{ done: DeploymentChange[]; kept: string[] }> {
  const plan = await planRollback(context, deployment);
  const done: DeploymentChange[] = [];
  const kept = [...plan.irreversible];
  for (const { change, run } of plan.undos) {
    if (!isAllowed(change, destructive)) {
      kept.push(`${change.kind} ${change.id} was left: ${change.detail}.`);
      continue;
    }
    const refused = await run();
    if (refused === null) done.push(change);
    else kept.push(refused);
  }
  return { done, kept };
}

async function planRollback(context: RollbackContext, deployment: Deployment): Promise<RollbackPlan> {
  const { kind, id, mark } = deployment;
  const whose = await ownership(context, deployment);
  if (whose === 'gone') return { undos: [], irreversible: [] };
  if (whose === 'others') {
    const why =
      mark === '' ? 'was deployed before it was recorded whose it is' : 'no longer carries the mark of this project';
    return { undos: [], irreversible: [`${kind} ${id} ${why}, so nothing of it is changed.`] };
  }
  if (kind === 'database') return rollbackOfDatabase({ ...context, databaseId: id }, deployment);
  return rollbackOfResource({ ...context, ops: context.ops[kind] }, deployment);
}

async function ownership(
  context: RollbackContext,
  { kind, id, mark }: Deployment,
): Promise<'ours' | 'others' | 'gone'> {
  const { caller, signal } = context;
  const claims: Claims =
    kind === 'database'
      ? claimsOfDatabases(caller, '', signal)
      : claimsOfResources(caller, context.ops[kind], {}, signal);
  const one = (await claims.list([id])).find((found) => found.id === id);
  if (one === undefined) return 'gone';
  return mark === '' || (await whoseIs(claims, one, mark)) === 'others' ? 'others' : 'ours';
}
