import * as z from 'zod';
import { USER_LOGIN } from './user-login.ts';

/** What the state file keeps of checks, statuses and workflow runs. */

const Conclusion = z.enum(['success', 'failure', 'timed_out', 'cancelled', 'skipped']);
export type Conclusion = z.infer<typeof Conclusion>;

export const CheckRun = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  suiteId: z.int(),
  sha: z.string(),
  branch: z.string(),
  name: z.string(),
  status: z.enum(['queued', 'in_progress', 'completed']),
  conclusion: Conclusion.nullable(),
  title: z.string().nullable(),
  summary: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  /** The workflow run whose job this is; the job has the id of the check run, as on GitHub. */
  workflowRunId: z.int().nullable().default(null),
});
export type CheckRun = z.infer<typeof CheckRun>;

export const CommitStatus = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  sha: z.string(),
  state: z.enum(['error', 'failure', 'pending', 'success']),
  context: z.string(),
  description: z.string().nullable(),
  targetUrl: z.string().nullable(),
  createdAt: z.string(),
  login: z.string().default(USER_LOGIN),
});
export type CommitStatus = z.infer<typeof CommitStatus>;

export const Workflow = z.strictObject({ id: z.int(), repoId: z.int(), path: z.string(), createdAt: z.string() });
export type Workflow = z.infer<typeof Workflow>;

export const WorkflowRun = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  workflowId: z.int(),
  path: z.string(),
  name: z.string(),
  title: z.string(),
  runNumber: z.int(),
  event: z.string(),
  branch: z.string(),
  sha: z.string(),
  suiteId: z.int(),
  login: z.string(),
  inputs: z.record(z.string(), z.string()),
  status: z.enum(['queued', 'in_progress', 'completed']),
  conclusion: Conclusion.nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  startedAt: z.string().nullable(),
});
export type WorkflowRun = z.infer<typeof WorkflowRun>;

const Step = z.strictObject({
  name: z.string(),
  number: z.int(),
  status: z.enum(['queued', 'in_progress', 'completed']),
  conclusion: Conclusion.nullable(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
});
export type Step = z.infer<typeof Step>;

/** What a job has beyond its check run, which has the same id. */
export const Job = z.strictObject({
  id: z.int(),
  runId: z.int(),
  key: z.string(),
  steps: z.array(Step),
  log: z.string(),
});
export type Job = z.infer<typeof Job>;
