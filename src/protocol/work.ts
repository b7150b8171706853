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
  state: z.enum(['none', 'pending', 'passed', 'failed']),
  runs: z.array(
    z.strictObject({
      name: z.string(),
      state: z.enum(['pending', 'passed', 'failed']),
      url: z.string().nullable(),
      summary: z.string(),
    }),
  ),
});
export type CheckSummary = z.infer<typeof CheckSummary>;

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
