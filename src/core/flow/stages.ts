import { toAppError } from '../../protocol/errors.ts';
import type { Stage } from '../../protocol/events.ts';
import type { Ctx } from '../engine/port.ts';
import type { RepositoryState } from '../ports.ts';
import type { BuildInput } from './policy.ts';
import type { Services } from './services.ts';

/** What every run of stages begins and ends with. */
export interface BuildResult {
  url: string | null;
  stoppedAfter: Stage;
}

export const enter = (ctx: Ctx, stage: Stage) => ctx.publish(`stage-${stage}`, { type: 'stage.entered', stage });

/** Publishes how the run ended. */
export async function reported(ctx: Ctx, run: () => Promise<BuildResult>): Promise<BuildResult> {
  try {
    const result = await run();
    await ctx.publish('completed', { type: 'run.completed', ...result });
    return result;
  } catch (thrown) {
    const error = toAppError(thrown);
    // A cancelled or stopped run is reported by whoever cancelled or stopped it.
    if (error.code !== 'aborted') await ctx.publish('failed', { type: 'run.failed', error: error.toInfo() });
    throw error;
  }
}

/** `meanwhile` is called where the workspace is looked at: not by a run that is taken up again later. */
export async function openWorkspace(
  ctx: Ctx,
  services: Services,
  input: Pick<BuildInput, 'workspaceDir' | 'budgetUsd'>,
  meanwhile = () => {},
): Promise<RepositoryState> {
  const state = await ctx.step('open', async (s) => {
    meanwhile();
    services.ledger.open(ctx.rootRunId, input.budgetUsd);
    return services.repository.open(input.workspaceDir, s.signal);
  });
  await ctx.publish('opened', {
    type: 'workspace.opened',
    baseCommit: state.baseCommit,
    branch: state.branch,
    created: state.created,
    dirtyFiles: state.dirtyPaths.length,
  });
  return state;
}
