import { AppError } from '../../protocol/errors.ts';
import type { WorkflowRun } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import type { ForgeRepository } from '../ports.ts';
import { pausable, waitAt } from './pause.ts';
import type { BuildInput } from './policy.ts';
import type { Services } from './services.ts';

/** Dispatches the configured workflow on the default branch and waits until it has passed; nothing without one. */
export async function runWorkflow(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  remote: ForgeRepository,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const known = await pausable(ctx, `workflow-known-${attempt}`, async ({ signal }) => {
      const { workflow } = services.remote;
      if (workflow === null) return null;
      const ids = await services.forge.workflowRuns(remote, workflow, remote.defaultBranch, signal);
      return { workflow, ids };
    });
    if (known === null) return;
    const run = await pausable(ctx, `workflow-${attempt}`, (s) =>
      services.forge.runWorkflow(
        remote,
        {
          workflow: known.workflow,
          ref: remote.defaultBranch,
          inputs: {},
          known: known.ids,
          deadlineMs: input.policy.forgeChecksDeadlineMs,
        },
        (now) => s.emit(`workflow-${stateOf(now)}`, { type: 'workflow.ran', run: now }),
        s.signal,
      ),
    );
    await ctx.publish(`workflow-ran-${attempt}`, { type: 'workflow.ran', run });
    if (run.state === 'passed') return;
    const message = `The workflow ${run.workflow} failed (${run.url}).\n${run.logTail.slice(-2_000)}\nMend what it needs, then resume the run: it is started again.`;
    const wait = {
      gate: 'resume' as const,
      topic: `resume:workflow-${attempt}`,
      message,
      code: 'checks_failed' as const,
    };
    if ((await waitAt(ctx, `workflow-failed-${attempt}`, wait)) !== null) continue;
    throw new AppError({ code: 'checks_failed', message: `${run.workflow} failed`, userMessage: message });
  }
}

function stateOf(run: WorkflowRun): string {
  return `${run.id}-${run.state}-${run.jobs.map((job) => `${job.name}:${job.state}`).join(',')}`.slice(0, 200);
}
