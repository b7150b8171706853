import { z } from 'zod';
import { Brief } from './brief.ts';
import { Stage } from './events.ts';
import { Answer } from './plan.ts';

const runId = z.string().min(1);

/**
 * The wait that a decision is about, as `Waiting` names it: an answer to one that is over is refused. Left out or null: any
 * that fits, for a client that shows none.
 */
const decided = { topic: z.string().nullish(), waitOn: z.string().nullish() };

/** What a client may ask for, in the imperative. */
export const Intent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('start'),
    brief: Brief,
    workspaceDir: z.string().min(1),
    /** Passes the plan and the diff without a person. */
    autoApprove: z.boolean(),
    /** Waits for answers to the lead's questions; otherwise their defaults are taken and recorded. */
    askQuestions: z.boolean(),
    budgetUsd: z.number().positive(),
    until: Stage,
  }),
  z.strictObject({ type: z.literal('answer'), runId, answers: z.array(Answer) }),
  z.strictObject({
    type: z.literal('approve'),
    runId,
    gate: z.enum(['plan', 'diff', 'subtask']).nullable(),
    ...decided,
  }),
  z.strictObject({ type: z.literal('reject'), runId, comment: z.string().trim().min(1), ...decided }),
  z.strictObject({ type: z.literal('resume'), runId, budgetUsd: z.number().positive().nullable() }),
  z.strictObject({ type: z.literal('cancel'), runId }),
  /** Forgets a run that has ended; its commits stay in the repository, below `refs/orchestrator-archive`. */
  z.strictObject({ type: z.literal('delete'), runId }),
]);
export type Intent = z.infer<typeof Intent>;
