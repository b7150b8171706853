import * as z from 'zod';

/** One command that the host ran, and what it saw. The only thing that makes a subtask done. */
export const Evidence = z.strictObject({
  name: z.string(),
  command: z.string(),
  /** Null when the command was ended by a limit or a signal. */
  exitCode: z.int().nullable(),
  outcome: z.enum(['passed', 'failed', 'timed_out', 'refused', 'cancelled']),
  durationMs: z.number(),
  /** Last part of stdout and stderr together, at most 4,000 characters, secrets removed. */
  outputTail: z.string(),
  /** File under the state folder that holds the output, or null when there was none. */
  outputFile: z.string().nullable(),
});
export type Evidence = z.infer<typeof Evidence>;

const Severity = z.enum(['blocker', 'major', 'minor']);

export const Finding = z.strictObject({
  /** Stable within a subtask, so that a later round can say what became of it. */
  id: z.string().min(1),
  file: z.string(),
  /** 1-based; 0 when the finding is about the whole file. */
  line: z.int().min(0),
  severity: Severity,
  message: z.string().min(1),
});
export type Finding = z.infer<typeof Finding>;

export const Review = z.strictObject({
  verdict: z.enum(['approve', 'revise']),
  summary: z.string(),
  findings: z.array(Finding),
});
export type Review = z.infer<typeof Review>;

export const ChangedFile = z.strictObject({
  path: z.string(),
  status: z.enum(['added', 'modified', 'deleted', 'renamed']),
  /** Of a renamed file. */
  oldPath: z.string().optional(),
  addedLines: z.int(),
  removedLines: z.int(),
});
export type ChangedFile = z.infer<typeof ChangedFile>;

/** Tokens of one model call, as the provider counted them. */
export const ModelUsage = z.strictObject({
  /** All input, cached and cache-written parts included. */
  inputTokens: z.int(),
  cachedInputTokens: z.int(),
  cacheWriteTokens: z.int(),
  outputTokens: z.int(),
});
export type ModelUsage = z.infer<typeof ModelUsage>;

export const PullRequest = z.strictObject({
  number: z.int(),
  url: z.string(),
  headBranch: z.string(),
  baseBranch: z.string(),
  state: z.enum(['open', 'merged', 'closed']),
});
export type PullRequest = z.infer<typeof PullRequest>;

export const CheckSummary = z.strictObject({
  /** The worst of its runs: failed, pending, stopped, passed. */
  state: z.enum(['none', 'pending', 'passed', 'failed', 'stopped']),
  runs: z.array(
    z.strictObject({
      name: z.string(),
      /** `stopped`: ended without a word about the work (cancelled, out of date, an approval is missing); a person sees to it. */
      state: z.enum(['pending', 'passed', 'failed', 'stopped']),
      url: z.string().nullable(),
      summary: z.string(),
      /** By which the forge finds its log; null when it keeps none. */
      logId: z.string().nullable().default(null),
    }),
  ),
});
export type CheckSummary = z.infer<typeof CheckSummary>;

/** Words on a pull request that were read and not acted upon, and why. */
export const NotedComment = z.strictObject({
  /** Of the comment, on the forge. */
  id: z.string(),
  author: z.string(),
  /** Its beginning. */
  text: z.string(),
  /**
   * `untrusted`: of somebody who may not write to the repository, or of a program; `no_request`: it asks for nothing;
   * `settled`: its author has approved since; `empty`: it does not say what is wanted.
   */
  why: z.enum(['untrusted', 'no_request', 'settled', 'empty']),
});
export type NotedComment = z.infer<typeof NotedComment>;

/** One difference between what Appwrite has and what a plan wants, or what a rollback does. */
export const DeploymentChange = z.strictObject({
  action: z.enum(['create', 'change', 'delete']),
  kind: z.enum(['database', 'table', 'column', 'index', 'function', 'site', 'variable', 'domain', 'deployment']),
  /** Real ids from the outside in: `crew/tasks/title`, `web`, `api/MODE`. */
  id: z.string(),
  /** What differs, in words; empty when the action says all. */
  detail: z.string(),
  /** Data, or a way back, is lost by it, or data that is there may not fit it: it needs an approval of its own. */
  destructive: z.boolean(),
});
export type DeploymentChange = z.infer<typeof DeploymentChange>;

/** An own domain and what is still to do for it. */
export const DomainState = z.strictObject({
  domain: z.string(),
  state: z.enum(['verified', 'verifying', 'unverified']),
  /** The DNS record to set, or why it does not verify; empty when verified. */
  remedy: z.string(),
});
export type DomainState = z.infer<typeof DomainState>;

export const Deployment = z.strictObject({
  kind: z.enum(['database', 'function', 'site']),
  /** Database, function or site id. */
  id: z.string(),
  /** The vendor's deployment id; null for a database. */
  deploymentId: z.string().nullable(),
  /** The deployment that was active before, for a roll-back; null when there was none. */
  previousDeploymentId: z.string().nullable(),
  status: z.enum(['ready', 'failed']),
  url: z.string().nullable(),
  /** Last part of the build log, at most 4,000 characters. */
  logTail: z.string(),
  durationMs: z.number(),
  /** What was done, in order: the journal that a rollback goes by. Empty when everything was there already. */
  changes: z.array(DeploymentChange).default([]),
  /** What was left as it is, because data would be lost by it; absent for nothing. */
  left: z.array(DeploymentChange).optional(),
  domains: z.array(DomainState).default([]),
  /** `Place.mark`; empty in records of before it was kept. */
  mark: z.string().default(''),
});
export type Deployment = z.infer<typeof Deployment>;

export const LiveResult = z.strictObject({
  url: z.string(),
  method: z.string(),
  status: z.int().nullable(),
  passed: z.boolean(),
  /** What was wanted and what came, in words. */
  detail: z.string(),
  durationMs: z.number(),
});
export type LiveResult = z.infer<typeof LiveResult>;

/** An issue of the forge that a run was started from; its pull request closes it. */
export const IssueRef = z.strictObject({
  owner: z.string().min(1),
  name: z.string().min(1),
  number: z.int().min(1),
  url: z.string(),
  title: z.string(),
});
export type IssueRef = z.infer<typeof IssueRef>;

export const WorkflowRun = z.strictObject({
  id: z.string(),
  /** File name, such as `deploy.yml`. */
  workflow: z.string(),
  url: z.string(),
  state: z.enum(['pending', 'passed', 'failed']),
  jobs: z.array(z.strictObject({ name: z.string(), state: z.enum(['pending', 'passed', 'failed']) })),
  /** Last part of the logs of the jobs that failed, at most 8,000 characters; empty otherwise. */
  logTail: z.string(),
});
export type WorkflowRun = z.infer<typeof WorkflowRun>;
