import { AppError } from '../../protocol/errors.ts';
import type { FileContent } from '../../protocol/intents.ts';
import type { Plan } from '../../protocol/plan.ts';
import type { Finding } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import { waitAt } from './pause.ts';

/** What a person says at a gate; the value of the message in the inbox. */
export type Decision = { decision: 'approve' } | { decision: 'reject'; comment: string };
/** `edit`: accepted as the person changed it. */
export type PlanDecision = Decision | { decision: 'edit'; plan: Plan };
/** `trim`: accepted with some files as the person left them. */
export type DiffDecision = Decision | { decision: 'trim'; files: FileContent[] };

/** A subtask that could not be finished by the rules waits for a person: take it as it is, or say what to change. */
export async function parkSubtask(
  ctx: Ctx,
  name: string,
  subtaskId: string,
  reason: string,
  findings: Finding[],
): Promise<Decision> {
  await ctx.publish(`${name}-parked`, { type: 'subtask.parked', subtaskId, reason, findings });
  const decision = await waitAt<Decision>(ctx, name, {
    gate: 'subtask',
    topic: `subtask:${name}`,
    message: `Subtask "${subtaskId}" waits: ${reason}`,
    code: null,
  });
  if (decision === null) {
    throw new AppError({
      code: 'timeout',
      message: `nobody decided about subtask ${subtaskId}`,
      userMessage: `Subtask "${subtaskId}" waited 30 days for a decision. Its work is kept under refs/orchestrator.`,
    });
  }
  return decision;
}
