import { AppError } from '../../protocol/errors.ts';
import { leavesDataBehind } from '../../protocol/losses.ts';
import type { Plan } from '../../protocol/plan.ts';
import type { Deployment, DeploymentChange } from '../../protocol/work.ts';
import { type Approval, isAllowed } from '../approval.ts';
import type { Ctx } from '../engine/port.ts';
import { approveChanges } from './approve-changes.ts';
import { pausable, waitAt } from './pause.ts';
import type { BuildInput } from './policy.ts';
import type { Services } from './services.ts';

/** What a deployment is about to do, and what of it a person has agreed to. */
export interface Intended {
  /** All differences as they were before anything was done. */
  changes: DeploymentChange[];
  /** Which of those that lose something are made too. */
  destructive: Approval;
  /** Times that it was previewed. */
  round: number;
}

/**
 * Tells what is about to happen; what would lose something waits for a person, whatever was approved before. A new database
 * beside the one with the data cannot be left out, since all the rest goes by it: rejected, nothing is deployed, and the run
 * waits.
 */
export async function previewed(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  plan: Plan,
  project: string,
): Promise<Intended> {
  for (let round = 1; ; round += 1) {
    const name = round === 1 ? 'preview' : `preview-${round}`;
    const changes = await pausable(ctx, name, (s) =>
      services.deployer.preview(plan.deployment, input.brief.name, project, s.signal),
    );
    const { destructive } = await approveChanges(ctx, { changes, irreversible: [] }, round);
    const rejected = changes.find((one) => leavesDataBehind([one]) && !isAllowed(one, destructive));
    if (rejected === undefined) return { changes, destructive, round };
    await waitForOther(ctx, `${name}-rejected`, rejected);
  }
}

async function waitForOther(ctx: Ctx, name: string, { id, detail }: DeploymentChange): Promise<void> {
  const message = `Nothing was deployed: the database "${id}" would be ${detail}, and that was rejected. The work is merged. Resume the run to be asked again, or cancel it and start one whose brief says which database to use.`;
  const wait = { gate: 'resume' as const, topic: `resume:${name}`, message, code: 'deployment_failed' as const };
  if ((await waitAt(ctx, name, wait)) !== null) return;
  throw new AppError({ code: 'timeout', message: `nobody resumed after ${name}`, userMessage: message });
}

/** Times that a person is asked about losses that appear while the tables are changed. */
const MAX_ROUNDS = 4;

/**
 * What has come to lose something since the preview, by rows that were written or a column that broke, was left as it is: a
 * person is asked about that, too, and what they approve is made. What they reject stays left.
 */
export async function applyAsAgreed(
  ctx: Ctx,
  { changes, destructive, round: previews }: Intended,
  apply: (destructive: Approval, round: number) => Promise<Deployment>,
): Promise<Deployment> {
  const asked = changes.filter((change) => change.destructive);
  let approved: Approval = destructive;
  for (let round = 1; ; round += 1) {
    const deployment = await apply(approved, round);
    const news = (deployment.left ?? []).filter((change) => !isAllowed(change, asked));
    if (news.length === 0 || round === MAX_ROUNDS) return deployment;
    asked.push(...news);
    const decision = await approveChanges(ctx, { changes: news, irreversible: [] }, previews + round);
    if (decision.destructive === false) return deployment;
    approved = [...(typeof approved === 'boolean' ? [] : approved), ...news];
  }
}
