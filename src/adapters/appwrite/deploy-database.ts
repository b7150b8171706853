import type { Approval } from '../../core/approval.ts';
import type { DeploymentNeeds } from '../../protocol/deployment-needs.ts';
import type { Deployment, DeploymentChange } from '../../protocol/work.ts';
import { change, lineOf } from './changes.ts';
import { type ApplyContext, applySchema } from './schema/apply.ts';
import { listTableIds } from './schema/read.ts';

const LOG_TAIL_CHARS = 4000;

/** A database of ours without a table is a new one: it was made to be filled now. */
export function diffDatabase(databaseId: string, needs: DeploymentNeeds, tables: readonly string[] | null) {
  const isNew = tables === null || (tables.length === 0 && needs.tables.length > 0);
  return isNew ? [change('create', 'database', databaseId)] : [];
}

/** Brings a database, which is there, to what is needed. */
export async function deployDatabase(
  context: ApplyContext,
  needs: DeploymentNeeds,
  mark: string,
  destructive: Approval,
): Promise<Deployment> {
  const startedMs = context.clock.now();
  const { databaseId } = context;
  const created: DeploymentChange[] = diffDatabase(databaseId, needs, await listTableIds(context));
  if (created.length > 0) context.journal.begin(created);
  const applied = await applySchema(context, needs, { destructive });
  const changes = [...created, ...applied.changes];
  const kept = applied.skipped.map((one) => `left as it is: ${one.kind} ${one.id} (${one.action}: ${one.detail})`);
  return {
    ...{ kind: 'database', id: databaseId, deploymentId: null, previousDeploymentId: null, status: 'ready', url: null },
    logTail: [...changes.map(lineOf), ...kept].join('\n').slice(-LOG_TAIL_CHARS),
    durationMs: context.clock.now() - startedMs,
    ...{ changes, domains: [], mark },
    ...(applied.skipped.length === 0 ? {} : { left: applied.skipped }),
  };
}
