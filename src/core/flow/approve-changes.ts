import { AppError } from '../../protocol/errors.ts';
import { leavesDataBehind } from '../../protocol/losses.ts';
import type { DeploymentChange } from '../../protocol/work.ts';
import type { Approval } from '../approval.ts';
import type { Ctx } from '../engine/port.ts';
import type { Decision } from './decision.ts';
import { waitAt } from './pause.ts';

/** The preview has them all. */
const NAMED = 5;

/** `deployment:changes`, `deployment:changes-2` …; `round` is 1 unless a run asks again. */
const namesOf = (round: number) => (round === 1 ? '' : `-${round}`);

/** What is deleted or changed is named; what is made says why that needs an approval. */
const inWords = ({ action, kind, id, detail }: DeploymentChange): string =>
  action === 'create' ? `${action} ${kind} ${id} (${detail})` : `${action} ${kind} ${id}`;

/**
 * Publishes what is about to be done. Changes that lose something wait for a person, also in a run that approves by itself;
 * rejecting leaves those out and the rest goes on. An approval is for these changes and no others.
 */
export async function approveChanges(
  ctx: Ctx,
  preview: { changes: DeploymentChange[]; irreversible: string[] },
  round = 1,
): Promise<{ destructive: Approval }> {
  const suffix = namesOf(round);
  await ctx.publish(`previewed${suffix}`, { type: 'deployment.previewed', ...preview });
  const lossy = preview.changes.filter((change) => change.destructive);
  if (lossy.length === 0) return { destructive: false };
  const named = lossy.slice(0, NAMED).map(inWords);
  const more = lossy.length > NAMED ? ` and ${lossy.length - NAMED} more` : '';
  const question = leavesDataBehind(lossy)
    ? `The application would begin without its data: ${named.join(', ')}${more}. Approve to do it; reject to deploy nothing.`
    : `Something would be lost, or may not fit any more: ${named.join(', ')}${more}. Approve to do it; reject to leave it out and do the rest.`;
  const decision = await waitAt<Decision>(ctx, `changes-decision${suffix}`, {
    gate: 'deployment',
    topic: `deployment:changes${suffix}`,
    message: question,
    code: null,
  });
  if (decision === null) {
    throw new AppError({
      code: 'timeout',
      message: 'nobody decided about the changes',
      userMessage: 'The deployment waited 30 days for a decision. Nothing more was changed on Appwrite.',
    });
  }
  const destructive = decision.decision === 'approve';
  await ctx.publish(`changes-approved${suffix}`, { type: 'deployment.approved', by: 'person', destructive });
  return { destructive: destructive && lossy };
}
