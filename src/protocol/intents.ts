import * as z from 'zod';
import { Brief } from './brief.ts';
import { Stage } from './events.ts';
import { Answer, Plan } from './plan.ts';
import { IssueRef } from './work.ts';

const runId = z.string().min(1);

/**
 * The wait that a decision is about, as `Waiting` names it: an answer to one that is over is refused. Left out or null: any
 * that fits, for a client that shows none.
 */
const decided = { topic: z.string().nullish(), waitOn: z.string().nullish() };

/** Characters that some file systems leave out of a name, so that `.g\u200cit` is `.git` there. */
const IGNORED_IN_NAMES = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** Relative, with forward slashes, inside the repository and not in `.git`, on any file system. */
function isRepositoryPath(path: string): boolean {
  if (path.includes('\0') || path.includes('\\') || /^[a-z]:/i.test(path)) return false;
  return path.split('/').every((part) => {
    const name = part
      .replaceAll(IGNORED_IN_NAMES, '')
      .split(':')[0]
      ?.replace(/[. ]+$/, '')
      .toLowerCase();
    return name !== '' && name !== '.git' && name !== 'git~1';
  });
}

const repositoryPath = z
  .string()
  .max(4_096)
  .refine(isRepositoryPath, 'allowed: a relative path inside the repository, not in .git');

/**
 * A file as a person left it. `content` null: it is not there. `asIn`: the entry of the commit that the run began at, whatever
 * it is (text or not, executable, a link), or nothing where that has none.
 */
export const FileContent = z.union([
  z.strictObject({ path: repositoryPath, content: z.string().nullable() }),
  z.strictObject({ path: repositoryPath, asIn: z.literal('base') }),
]);
export type FileContent = z.infer<typeof FileContent>;

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
    /** The issue that it is about: its repository is pushed to, and the pull request closes it. */
    issue: IssueRef.nullish(),
  }),
  z.strictObject({ type: z.literal('answer'), runId, answers: z.array(Answer) }),
  z.strictObject({
    type: z.literal('approve'),
    runId,
    gate: z.enum(['plan', 'diff', 'subtask', 'deployment']).nullable(),
    ...decided,
  }),
  z.strictObject({ type: z.literal('reject'), runId, comment: z.string().trim().min(1), ...decided }),
  /** Approves the waiting plan as the person changed it. Refused (`plan_invalid`) with nothing changed when it has faults. */
  z.strictObject({ type: z.literal('edit_plan'), runId, plan: Plan, ...decided }),
  /** Accepts the waiting diff with some files as the person left them, if the plan's checks pass on the result. */
  z.strictObject({ type: z.literal('trim_diff'), runId, files: z.array(FileContent).min(1), ...decided }),
  /** Every part of the run waits before its next model call, until `resume`. */
  z.strictObject({ type: z.literal('pause'), runId }),
  /** Ends a pause, and every wait for `resume`; with `topic` or `waitOn`, that one only. */
  z.strictObject({ type: z.literal('resume'), runId, budgetUsd: z.number().positive().nullable(), ...decided }),
  /** Starts a run that deploys what the run has merged; for one that was asked to stop after `commit`. */
  z.strictObject({ type: z.literal('deploy'), runId }),
  /** Starts a run that undoes what the run has deployed and opens a pull request that reverts what it has merged. */
  z.strictObject({ type: z.literal('rollback'), runId }),
  z.strictObject({ type: z.literal('cancel'), runId }),
  /** Forgets a run that has ended; its commits stay in the repository, below `refs/orchestrator-archive`. */
  z.strictObject({ type: z.literal('delete'), runId }),
]);
export type Intent = z.infer<typeof Intent>;
