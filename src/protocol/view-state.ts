import type { Brief } from './brief.ts';
import type { ErrorCode, ErrorInfo } from './errors.ts';
import type { Gate, Stage } from './events.ts';
import type { Answer, Estimate, Plan, Question, Specialization } from './plan.ts';
import type {
  ChangedFile,
  CheckSummary,
  Deployment,
  DeploymentChange,
  Evidence,
  Finding,
  IssueRef,
  LiveResult,
  PullRequest,
  Review,
  WorkflowRun,
} from './work.ts';

/** How a run looks now: a pure fold over its events, shared by every client. */
export type SubtaskState =
  | 'pending'
  | 'working'
  | 'checking'
  | 'reviewing'
  | 'revising'
  | 'merging'
  | 'approved'
  | 'integrated'
  | 'parked'
  | 'failed';

export interface SubtaskView {
  id: string;
  title: string;
  /** Null for one that the plan does not name and that has not begun. */
  specialization: Specialization | null;
  dependsOn: string[];
  state: SubtaskState;
  agentId: string | null;
  /** The review round that is being worked on; 1 is the first. */
  round: number;
  lastAction: string;
  /** What its agent began from; null before it began. */
  baseCommit: string | null;
  /** Its own last commit. */
  commit: string | null;
  /** The head of the integration that first held it. */
  integratedCommit: string | null;
  files: ChangedFile[];
  evidence: Evidence[];
  reviews: Review[];
  findings: Finding[];
  /** Why it failed; null again when it is tried again. */
  failed: ErrorInfo | null;
  costUsd: number;
  startedAt: string | null;
  endedAt: string | null;
}

export interface AgentView {
  id: string;
  specialization: Specialization | 'lead';
  status: 'idle' | 'working' | 'blocked';
  subtaskId: string | null;
  /** When `status` or `subtaskId` changed last. */
  since: string;
  /** When it asks its model again after a limit or an outage; null when it does not wait for that. */
  blockedUntil: string | null;
  model: string | null;
  lastAction: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
}

export interface Waiting {
  gate: Gate;
  waitOn: string;
  topic: string;
  message: string;
  code: ErrorCode | null;
  since: string;
}

interface OverlapView {
  subtaskIds: [string, string];
  kind: 'conflict' | 'same_file';
  paths: string[];
}

export interface RunView {
  runId: string;
  /** Sequence number of the last event in this view; 0 when none. */
  seq: number;
  status: 'running' | 'waiting' | 'complete' | 'failed' | 'cancelled';
  stage: Stage;
  /** The stages that were entered, in order. */
  stages: { stage: Stage; enteredAt: string }[];
  brief: Brief | null;
  purpose: 'build' | 'deploy' | 'rollback';
  issue: IssueRef | null;
  /** Of a rollback: the run whose deployment it undoes. */
  undoes: string | null;
  slug: string;
  workspaceDir: string;
  branch: string | null;
  budgetUsd: number;
  startedAt: string | null;
  endedAt: string | null;
  questions: Question[];
  answers: Answer[];
  plan: Plan | null;
  planFaults: string[];
  estimate: Estimate | null;
  subtasks: Record<string, SubtaskView>;
  agents: Record<string, AgentView>;
  overlaps: OverlapView[];
  integrationEvidence: Evidence[];
  diff: { baseCommit: string; commit: string; files: ChangedFile[] } | null;
  pullRequest: PullRequest | null;
  forgeChecks: CheckSummary | null;
  /** What reviewers of the pull request said, oldest first. */
  reviewFindings: Finding[];
  /** Why the pull request is not merged yet; null when nothing is in the way. */
  held: string | null;
  workflow: WorkflowRun | null;
  mergeCommit: string | null;
  /** What deploying, or rolling back, does; null before it is known. */
  preview: { changes: DeploymentChange[]; irreversible: string[] } | null;
  deployments: Deployment[];
  /** Those that have not finished: `changes` is what they have begun to make, and what a cancelled run leaves. */
  unfinished: Deployment[];
  rollback: { done: DeploymentChange[]; kept: string[] } | null;
  /** What another run has undone of this one, the last time that one did. */
  rolledBack: { by: string; at: string; done: DeploymentChange[]; kept: string[] } | null;
  live: LiveResult[];
  /** Where it is live; null also when that was rolled back. */
  url: string | null;
  /** The last stage of a complete run; earlier than `deploy` when it was asked to stop there. */
  stoppedAfter: Stage | null;
  waiting: Waiting[];
  /** Asked to wait before its next model calls, until it is resumed. */
  paused: boolean;
  error: ErrorInfo | null;
  cost: {
    /** Sum of the known costs. */
    usd: number;
    /** Model calls whose price is not known. */
    unpricedCalls: number;
    calls: number;
    inputTokens: number;
    cachedInputTokens: number;
    outputTokens: number;
  };
}

export function emptyView(runId: string): RunView {
  return {
    runId,
    seq: 0,
    status: 'running',
    stage: 'brief',
    stages: [],
    brief: null,
    purpose: 'build',
    issue: null,
    undoes: null,
    slug: '',
    workspaceDir: '',
    branch: null,
    budgetUsd: 0,
    startedAt: null,
    endedAt: null,
    questions: [],
    answers: [],
    plan: null,
    planFaults: [],
    estimate: null,
    subtasks: {},
    agents: {},
    overlaps: [],
    integrationEvidence: [],
    diff: null,
    pullRequest: null,
    forgeChecks: null,
    reviewFindings: [],
    held: null,
    workflow: null,
    mergeCommit: null,
    preview: null,
    deployments: [],
    unfinished: [],
    rollback: null,
    rolledBack: null,
    live: [],
    url: null,
    stoppedAfter: null,
    waiting: [],
    paused: false,
    error: null,
    cost: { usd: 0, unpricedCalls: 0, calls: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
  };
}
