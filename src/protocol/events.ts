import * as z from 'zod';
import { Brief } from './brief.ts';
import { ErrorCode, ErrorInfo } from './errors.ts';
import { Answer, Estimate, Plan, Question, Specialization } from './plan.ts';
import {
  ChangedFile,
  CheckSummary,
  Deployment,
  DeploymentChange,
  Evidence,
  Finding,
  IssueRef,
  LiveResult,
  ModelUsage,
  NotedComment,
  PullRequest,
  Review,
  WorkflowRun,
} from './work.ts';

/** The stations of a run, in order. `--until STAGE` stops after one. */
export const Stage = z.enum(['brief', 'plan', 'build', 'review', 'commit', 'deploy', 'done']);
export type Stage = z.infer<typeof Stage>;

/**
 * What a run may wait for. A gate is a person's decision, `resume` a condition that somebody has to change. At `deployment`,
 * approving makes the changes that lose something, rejecting leaves those out and makes the others.
 */
export const Gate = z.enum(['questions', 'plan', 'diff', 'subtask', 'deployment', 'resume']);
export type Gate = z.infer<typeof Gate>;

const on = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), ...shape });
const subtaskId = z.string();
const agentId = z.string();

/** Everything that can happen in a run, in the past tense. Version 1; adding an optional field keeps the version. */
export const DomainEvent = z.discriminatedUnion('type', [
  on('run.started', {
    brief: Brief,
    workspaceDir: z.string(),
    budgetUsd: z.number(),
    slug: z.string(),
    /** Default `build`. */
    purpose: z.enum(['build', 'deploy', 'rollback']).optional(),
    issue: IssueRef.optional(),
    /** Of a rollback: the run whose deployment it undoes. */
    undoes: z.string().optional(),
  }),
  on('stage.entered', { stage: Stage }),
  on('workspace.opened', {
    baseCommit: z.string(),
    branch: z.string(),
    created: z.boolean(),
    /** Number of uncommitted changes that stay out of the run. */
    dirtyFiles: z.int(),
  }),
  on('questions.asked', { questions: z.array(Question) }),
  on('questions.answered', { answers: z.array(Answer) }),
  on('plan.faulted', { round: z.int(), faults: z.array(z.string()) }),
  on('plan.proposed', { plan: Plan, estimate: Estimate }),
  on('plan.approved', { by: z.enum(['person', 'policy']) }),
  on('plan.rejected', { comment: z.string() }),
  on('interfaces.written', { commit: z.string(), paths: z.array(z.string()) }),
  on('model.called', {
    role: z.enum(['lead', 'agent']),
    purpose: z.string(),
    subtaskId: subtaskId.nullable(),
    agentId: agentId.nullable(),
    provider: z.string(),
    model: z.string(),
    usage: ModelUsage,
    /** Null when the price of the model is not known. */
    costUsd: z.number().nullable(),
    durationMs: z.number(),
  }),
  on('model.retried', {
    provider: z.string(),
    model: z.string(),
    subtaskId: subtaskId.nullable(),
    /** Null for the lead; absent in events of before it was kept. */
    agentId: agentId.nullable().optional(),
    kind: ErrorCode,
    attempt: z.int(),
    waitMs: z.number(),
  }),
  on('subtask.started', { subtaskId, agentId, specialization: Specialization, baseCommit: z.string() }),
  on('subtask.acted', { subtaskId, agentId, action: z.string(), failed: z.boolean() }),
  on('subtask.committed', { subtaskId, commit: z.string(), files: z.array(ChangedFile) }),
  /** The agent says that it is done; its work is looked at, and somebody else may work. */
  on('subtask.submitted', { subtaskId, agentId }),
  on('subtask.checked', { subtaskId, round: z.int(), evidence: z.array(Evidence), faults: z.array(z.string()) }),
  on('subtask.reviewed', { subtaskId, round: z.int(), review: Review }),
  on('subtask.revised', { subtaskId, round: z.int(), findings: z.array(Finding) }),
  on('subtask.approved', { subtaskId, agentId, commit: z.string(), rounds: z.int() }),
  on('subtask.parked', { subtaskId, reason: z.string(), findings: z.array(Finding) }),
  on('subtask.failed', { subtaskId, error: ErrorInfo }),
  on('subtask.integrated', { subtaskId, commit: z.string(), files: z.array(ChangedFile) }),
  on('overlap.found', {
    subtaskIds: z.tuple([z.string(), z.string()]),
    /** `conflict`: the merge would stop there; `same_file`: both changed it, in different places. */
    kind: z.enum(['conflict', 'same_file']),
    paths: z.array(z.string()),
  }),
  on('merge.conflicted', { subtaskId, paths: z.array(z.string()) }),
  on('merge.refused', { subtaskId, missing: z.array(z.string()) }),
  on('merge.resolved', { subtaskId, commit: z.string(), paths: z.array(z.string()) }),
  on('integration.checked', { commit: z.string(), evidence: z.array(Evidence) }),
  on('diff.proposed', { baseCommit: z.string(), commit: z.string(), files: z.array(ChangedFile) }),
  on('diff.approved', { by: z.enum(['person', 'policy']) }),
  on('diff.rejected', { comment: z.string() }),
  on('changes.landed', { branch: z.string(), commit: z.string(), checkedOut: z.boolean(), note: z.string() }),
  on('branch.pushed', { branch: z.string(), commit: z.string(), remote: z.string() }),
  on('pull_request.opened', { pullRequest: PullRequest }),
  on('pull_request.checked', { summary: CheckSummary }),
  /** What people ask to be changed, as findings: `review-<id>` of the comment. */
  on('pull_request.reviewed', { number: z.int(), findings: z.array(Finding) }),
  /** Words that were read and not taken as a request; each version of a comment once, unless the watch was cut off. */
  on('pull_request.noted', { number: z.int(), comments: z.array(NotedComment) }),
  /** New work was pushed to the open pull request, and why: failed checks, a review, or a base branch that had moved. */
  on('pull_request.updated', { reason: z.enum(['checks', 'review', 'base']), round: z.int(), commit: z.string() }),
  /** Why it is not merged yet, in words: a review is required, it is in the merge queue. */
  on('pull_request.held', { reason: z.string() }),
  /** `before`: the tip of the base branch that it was merged into. */
  on('pull_request.merged', { pullRequest: PullRequest, commit: z.string(), before: z.string().optional() }),
  on('workflow.ran', { run: WorkflowRun }),
  /** What deploying, or rolling back, is about to do. */
  on('deployment.previewed', { changes: z.array(DeploymentChange), irreversible: z.array(z.string()) }),
  on('deployment.approved', { by: z.enum(['person', 'policy']), destructive: z.boolean() }),
  on('rollback.finished', {
    done: z.array(DeploymentChange),
    /** What was left as it is, and what cannot be undone, in words. */
    kept: z.array(z.string()),
  }),
  on('deployment.started', { kind: Deployment.shape.kind, id: z.string() }),
  /**
   * Written before these are made: what a deployment that is cut off has begun; `notMade` were begun and did not come about. `deploymentId` is null before the upload was
   * taken; both ids are absent where nothing is said of an upload.
   */
  on('deployment.changing', {
    kind: Deployment.shape.kind,
    id: z.string(),
    mark: z.string(),
    changes: z.array(DeploymentChange),
    notMade: z.array(DeploymentChange).optional(),
    deploymentId: z.string().nullable().optional(),
    previousDeploymentId: z.string().nullable().optional(),
  }),
  on('deployment.finished', { deployment: Deployment }),
  on('live.verified', { results: z.array(LiveResult), url: z.string().nullable() }),
  /** The run waits; `topic` in the inbox of engine run `waitOn` continues it. */
  on('wait.began', {
    gate: Gate,
    waitOn: z.string(),
    topic: z.string(),
    message: z.string(),
    code: ErrorCode.nullable(),
  }),
  on('wait.ended', { gate: Gate, waitOn: z.string(), topic: z.string() }),
  /** A person wants the run to wait before its next model calls; what is under way is let finish. */
  on('pause.requested', {}),
  on('pause.ended', {}),
  on('budget.raised', { budgetUsd: z.number() }),
  /** In the events of the run that was undone; `by` is the run that did it. `done` and `kept` as in `rollback.finished`. */
  on('run.rolled_back', { by: z.string(), done: z.array(DeploymentChange), kept: z.array(z.string()) }),
  on('run.completed', { url: z.string().nullable(), stoppedAfter: Stage }),
  on('run.failed', { error: ErrorInfo }),
  on('run.cancelled', {}),
]);
export type DomainEvent = z.infer<typeof DomainEvent>;

/** A domain event with its place in the run's one sequence. */
export interface EventRecord {
  v: 1;
  runId: string;
  /** 1, 2, 3 … without gaps within a run. */
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
  event: DomainEvent;
}
