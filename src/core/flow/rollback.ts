import type { Deployment, DeploymentChange } from '../../protocol/work.ts';
import type { Ctx, Definition } from '../engine/port.ts';
import { approveChanges } from './approve-changes.ts';
import { pausable } from './pause.ts';
import { revertMerge } from './revert-merge.ts';
import type { RollbackInput } from './rollback-input.ts';
import type { Services } from './services.ts';
import { type BuildResult, enter, openWorkspace, reported } from './stages.ts';

/** A run of its own that undoes what another has deployed: newest first, then a pull request that reverts the merge. */
export function rollbackDefinition(services: Services): Definition<RollbackInput, BuildResult> {
  return {
    name: 'rollback@1',
    run: (ctx, input) => reported(ctx, () => runStages(ctx, services, input)),
  };
}

async function runStages(ctx: Ctx, services: Services, input: RollbackInput): Promise<BuildResult> {
  const { brief, workspaceDir, budgetUsd, slug, undoes, deployments, merged } = input;
  const about = { purpose: 'rollback' as const, undoes };
  await ctx.publish('started', { type: 'run.started', brief, workspaceDir, budgetUsd, slug, ...about });
  await enter(ctx, 'brief');
  const state = await openWorkspace(ctx, services, input);
  await enter(ctx, 'deploy');
  const preview = await pausable(ctx, 'preview', (s) => previewed(services, input, s.signal));
  const { destructive } = await approveChanges(ctx, preview);
  const done: DeploymentChange[] = [];
  const kept: string[] = [];
  for (const [index, deployment] of deployments.toReversed().entries()) {
    const later = laterRun(input, deployment);
    if (later !== undefined && destructive === false) {
      kept.push(`${deployment.kind} ${deployment.id} was left: run ${later} has deployed to it since.`);
      continue;
    }
    const undone = await pausable(ctx, `undo-${index}`, (s) =>
      services.deployer.rollBack(deployment, { destructive }, s.signal),
    );
    done.push(...undone.done);
    kept.push(...undone.kept);
  }
  const left = await pausable(ctx, 'left', (s) => previewed(services, input, s.signal));
  const reverted = merged === null ? null : await revertMerge(ctx, services, input, state, merged);
  if (reverted !== null && 'kept' in reverted) kept.push(reverted.kept);
  const outcome = {
    done: [...doneBefore(preview.changes, left.changes, done), ...done],
    kept: distinct([...kept, ...preview.irreversible]),
  };
  await ctx.publish('rolled-back', { type: 'rollback.finished', ...outcome });
  await ctx.step('told', async (s) => {
    // A run that was deleted meanwhile is not begun anew by it.
    const isThere = services.events.read(undoes, 0, 1).length > 0;
    if (isThere) services.events.append(undoes, { type: 'run.rolled_back', by: ctx.rootRunId, ...outcome }, s.key);
    return null;
  });
  return { url: null, stoppedAfter: 'deploy' };
}

/** What attempts that were cut have done: it was to be undone, nothing is left of it, and no later attempt found it. */
function doneBefore(
  intended: readonly DeploymentChange[],
  left: readonly DeploymentChange[],
  told: readonly DeploymentChange[],
): DeploymentChange[] {
  const known = new Set([...left, ...told].map(nameOf));
  return intended.filter((change) => !known.has(nameOf(change)));
}

/** Several settings of one thing may go back; the words about a deletion may change between two looks. */
function nameOf({ action, kind, id, detail }: DeploymentChange): string {
  return [action, kind, id, action === 'change' ? detail : ''].join(' ');
}

function laterRun({ overtaken = {} }: RollbackInput, { kind, id }: Deployment): string | undefined {
  return overtaken[`${kind} ${id}`];
}

/** What another run has deployed to since may be needed by it, so that nothing of it is undone without an approval. */
async function previewed(services: Services, input: RollbackInput, signal: AbortSignal) {
  const changes: DeploymentChange[] = [];
  const irreversible: string[] = [];
  for (const deployment of input.deployments) {
    const preview = await services.deployer.previewRollback([deployment], signal);
    const later = laterRun(input, deployment);
    const why = `run ${later} has deployed to it since`;
    const told = later === undefined ? preview.changes : preview.changes.map((one) => onlyApproved(one, why));
    changes.push(...told);
    irreversible.push(...preview.irreversible);
  }
  return { changes, irreversible };
}

function onlyApproved(one: DeploymentChange, why: string): DeploymentChange {
  return { ...one, destructive: true, detail: one.detail === '' ? why : `${one.detail}; ${why}` };
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];
