import type { Brief } from './brief.ts';
import type { ErrorCode, ErrorInfo } from './errors.ts';
import type { DomainEvent, EventRecord, Gate, Stage } from './events.ts';
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
  rollback: { done: DeploymentChange[]; kept: string[] } | null;
  live: LiveResult[];
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

const LEAD = 'lead';
/** Events are read as they were written: a deployment of before these were kept has none of them. */
const UNKNOWN = { changes: [], domains: [], mark: '' };

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
    rollback: null,
    live: [],
    url: null,
    stoppedAfter: null,
    waiting: [],
    paused: false,
    error: null,
    cost: { usd: 0, unpricedCalls: 0, calls: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
  };
}

function newSubtask(
  id: string,
  title: string,
  specialization: Specialization | null,
  dependsOn: string[],
): SubtaskView {
  return {
    id,
    title,
    specialization,
    dependsOn,
    state: 'pending',
    agentId: null,
    round: 0,
    lastAction: '',
    baseCommit: null,
    commit: null,
    integratedCommit: null,
    files: [],
    evidence: [],
    reviews: [],
    findings: [],
    failed: null,
    costUsd: 0,
    startedAt: null,
    endedAt: null,
  };
}

/** Returns a view with one subtask changed; a subtask that the plan does not name (a revision) is added. */
function withSubtask(view: RunView, id: string, change: Partial<SubtaskView>): RunView {
  const before = view.subtasks[id] ?? newSubtask(id, id, null, []);
  return { ...view, subtasks: { ...view.subtasks, [id]: { ...before, ...change } } };
}

type AgentChange = Partial<Omit<AgentView, 'id' | 'since'>>;

/** Whatever an agent does or is given ends its wait for a limit, unless the change begins one. */
function withAgent(view: RunView, id: string, change: AgentChange, at: string): RunView {
  const before: AgentView = view.agents[id] ?? {
    id,
    specialization: LEAD,
    status: 'idle',
    subtaskId: null,
    since: at,
    blockedUntil: null,
    model: null,
    lastAction: '',
    calls: 0,
    inputTokens: 0,
    outputTokens: 0,
    costUsd: 0,
  };
  const after: AgentView = { ...before, blockedUntil: null, ...change };
  if (after.status !== before.status || after.subtaskId !== before.subtaskId) after.since = at;
  return { ...view, agents: { ...view.agents, [id]: after } };
}

/** No event says that the lead is asked; these are followed by a question to it at once. */
function withLeadAtWork(view: RunView, at: string): RunView {
  return withAgent(view, LEAD, { status: 'working' }, at);
}

function withAgentOf(view: RunView, subtaskId: string, change: AgentChange, at: string): RunView {
  const agentId = view.subtasks[subtaskId]?.agentId;
  return agentId ? withAgent(view, agentId, change, at) : view;
}

function retriedModel(view: RunView, event: Extract<DomainEvent, { type: 'model.retried' }>, at: string): RunView {
  // Events of earlier versions do not say whose call it was.
  if (event.agentId === undefined || event.waitMs <= 0) return view;
  const blockedUntil = new Date(Date.parse(at) + event.waitMs).toISOString();
  const lastAction = `waits for ${event.model}: ${event.kind.replaceAll('_', ' ')}`;
  return withAgent(view, event.agentId ?? LEAD, { status: 'blocked', blockedUntil, lastAction }, at);
}

function calledModel(view: RunView, event: Extract<DomainEvent, { type: 'model.called' }>, at: string): RunView {
  const usd = event.costUsd ?? 0;
  const cost = {
    usd: view.cost.usd + usd,
    unpricedCalls: view.cost.unpricedCalls + (event.costUsd === null ? 1 : 0),
    calls: view.cost.calls + 1,
    inputTokens: view.cost.inputTokens + event.usage.inputTokens,
    cachedInputTokens: view.cost.cachedInputTokens + event.usage.cachedInputTokens,
    outputTokens: view.cost.outputTokens + event.usage.outputTokens,
  };
  const id = event.agentId ?? LEAD;
  const agent = view.agents[id];
  const change: AgentChange = {
    model: event.model,
    calls: (agent?.calls ?? 0) + 1,
    inputTokens: (agent?.inputTokens ?? 0) + event.usage.inputTokens,
    outputTokens: (agent?.outputTokens ?? 0) + event.usage.outputTokens,
    costUsd: (agent?.costUsd ?? 0) + usd,
  };
  if (event.role === 'lead') {
    change.lastAction = event.purpose;
    // The plan follows the questions at once; after everything else the lead waits for what comes next.
    change.status = event.purpose === 'clarify' ? 'working' : 'idle';
  } else if (agent?.blockedUntil != null) change.status = 'working';
  const next = withAgent({ ...view, cost }, id, change, at);
  if (event.subtaskId === null) return next;
  const spent = next.subtasks[event.subtaskId]?.costUsd ?? 0;
  return withSubtask(next, event.subtaskId, { costUsd: spent + usd });
}

function ended(view: RunView, status: RunView['status'], at: string): RunView {
  const agents = Object.fromEntries(
    Object.entries(view.agents).map(([id, agent]) => {
      const isIdle = agent.status === 'idle' && agent.subtaskId === null;
      return [
        id,
        isIdle ? agent : { ...agent, status: 'idle' as const, subtaskId: null, blockedUntil: null, since: at },
      ];
    }),
  );
  return { ...view, status, endedAt: at, waiting: [], paused: false, agents };
}

/** Applies one event. Pure; returns a new view and shares what did not change. Records must come in order of seq. */
export function fold(view: RunView, record: EventRecord): RunView {
  return { ...apply(view, record.event, record.at), seq: record.seq };
}

function apply(view: RunView, event: DomainEvent, at: string): RunView {
  switch (event.type) {
    case 'run.started':
      return {
        // No model is asked in the others.
        ...withAgent(view, LEAD, { specialization: LEAD, status: isBuild(event) ? 'working' : 'idle' }, at),
        brief: event.brief,
        workspaceDir: event.workspaceDir,
        budgetUsd: event.budgetUsd,
        purpose: event.purpose ?? 'build',
        issue: event.issue ?? null,
        undoes: event.undoes ?? null,
        slug: event.slug,
        startedAt: at,
      };
    case 'stage.entered':
      return { ...view, stage: event.stage, stages: [...view.stages, { stage: event.stage, enteredAt: at }] };
    case 'workspace.opened':
    case 'interfaces.written':
    case 'merge.refused':
      return view;
    case 'model.retried':
      return retriedModel(view, event, at);
    case 'questions.asked':
      return { ...view, questions: event.questions };
    case 'questions.answered':
      return withLeadAtWork({ ...view, answers: event.answers }, at);
    case 'plan.faulted':
      return withLeadAtWork({ ...view, planFaults: event.faults }, at);
    case 'plan.proposed':
      return {
        ...view,
        plan: event.plan,
        planFaults: [],
        estimate: event.estimate,
        subtasks: Object.fromEntries(
          event.plan.subtasks.map((s) => [s.id, newSubtask(s.id, s.title, s.specialization, s.dependsOn)]),
        ),
      };
    case 'plan.rejected':
      return withLeadAtWork(view, at);
    case 'plan.approved':
    case 'diff.approved':
    case 'diff.rejected':
      return view;
    case 'model.called':
      return calledModel(view, event, at);
    case 'subtask.started':
      return withAgent(
        withSubtask(view, event.subtaskId, {
          state: 'working',
          agentId: event.agentId,
          round: 1,
          specialization: event.specialization,
          baseCommit: event.baseCommit,
          failed: null,
          startedAt: view.subtasks[event.subtaskId]?.startedAt ?? at,
        }),
        event.agentId,
        { specialization: event.specialization, status: 'working', subtaskId: event.subtaskId },
        at,
      );
    case 'subtask.acted':
      return withAgent(
        withSubtask(view, event.subtaskId, { lastAction: event.action }),
        event.agentId,
        { lastAction: event.action, status: 'working' },
        at,
      );
    case 'subtask.committed':
      return withSubtask(view, event.subtaskId, { commit: event.commit });
    case 'subtask.checked':
      return event.faults.length === 0 && event.evidence.every((entry) => entry.outcome === 'passed')
        ? withLeadAtWork(withSubtask(view, event.subtaskId, { state: 'reviewing', evidence: event.evidence }), at)
        : withSubtask(view, event.subtaskId, { state: 'reviewing', evidence: event.evidence });
    case 'subtask.reviewed':
      return withSubtask(view, event.subtaskId, {
        reviews: [...(view.subtasks[event.subtaskId]?.reviews ?? []), event.review],
        findings: event.review.findings,
      });
    case 'subtask.revised':
      return withSubtask(view, event.subtaskId, { state: 'revising', round: event.round, findings: event.findings });
    case 'subtask.approved':
      return withAgentOf(
        withSubtask(view, event.subtaskId, { state: 'approved', commit: event.commit, failed: null }),
        event.subtaskId,
        { status: 'idle', subtaskId: null },
        at,
      );
    case 'subtask.parked':
      return withAgentOf(
        withSubtask(view, event.subtaskId, { state: 'parked', lastAction: event.reason, findings: event.findings }),
        event.subtaskId,
        { status: 'blocked' },
        at,
      );
    case 'subtask.failed':
      return withAgentOf(
        withSubtask(view, event.subtaskId, {
          state: 'failed',
          lastAction: event.error.userMessage,
          failed: event.error,
          endedAt: at,
        }),
        event.subtaskId,
        { status: 'idle', subtaskId: null },
        at,
      );
    case 'subtask.integrated':
      return withSubtask(view, event.subtaskId, {
        state: 'integrated',
        integratedCommit: event.commit,
        files: event.files,
        failed: null,
        endedAt: at,
      });
    case 'overlap.found':
      return {
        ...view,
        overlaps: [...view.overlaps, { subtaskIds: event.subtaskIds, kind: event.kind, paths: event.paths }],
      };
    case 'merge.conflicted':
      return withAgentOf(
        withSubtask(view, event.subtaskId, { state: 'merging' }),
        event.subtaskId,
        { status: 'working', subtaskId: event.subtaskId },
        at,
      );
    case 'merge.resolved':
      return withAgentOf(
        withSubtask(view, event.subtaskId, { commit: event.commit }),
        event.subtaskId,
        { status: 'idle', subtaskId: null },
        at,
      );
    case 'integration.checked':
      return { ...view, integrationEvidence: event.evidence };
    case 'diff.proposed':
      return { ...view, diff: { baseCommit: event.baseCommit, commit: event.commit, files: event.files } };
    case 'changes.landed':
      return { ...view, branch: event.branch };
    case 'branch.pushed':
      return view;
    case 'pull_request.opened':
      return { ...view, pullRequest: event.pullRequest };
    case 'pull_request.checked':
      return { ...view, forgeChecks: event.summary };
    case 'pull_request.reviewed':
      return { ...view, reviewFindings: [...view.reviewFindings, ...event.findings] };
    case 'pull_request.updated':
      return { ...view, forgeChecks: null, held: null };
    case 'pull_request.held':
      return { ...view, held: event.reason };
    case 'pull_request.merged':
      return { ...view, pullRequest: event.pullRequest, mergeCommit: event.commit, held: null };
    case 'workflow.ran':
      return { ...view, workflow: event.run };
    case 'deployment.previewed':
      return { ...view, preview: { changes: event.changes, irreversible: event.irreversible } };
    case 'rollback.finished':
      return { ...view, rollback: { done: event.done, kept: event.kept } };
    case 'deployment.approved':
      return view;
    case 'deployment.started':
      return view;
    case 'deployment.finished':
      return { ...view, deployments: [...view.deployments, { ...UNKNOWN, ...event.deployment }] };
    case 'live.verified':
      return { ...view, live: event.results, url: event.url };
    case 'wait.began':
      return {
        ...view,
        status: 'waiting',
        waiting: [
          ...view.waiting,
          {
            gate: event.gate,
            waitOn: event.waitOn,
            topic: event.topic,
            message: event.message,
            code: event.code,
            since: at,
          },
        ],
      };
    case 'wait.ended': {
      const waiting = view.waiting.filter((w) => w.waitOn !== event.waitOn || w.topic !== event.topic);
      return { ...view, waiting, status: waiting.length === 0 ? 'running' : 'waiting' };
    }
    case 'pause.requested':
      return { ...view, paused: true };
    case 'pause.ended':
      return { ...view, paused: false };
    case 'budget.raised':
      return { ...view, budgetUsd: event.budgetUsd };
    case 'run.completed':
      return { ...ended(view, 'complete', at), stage: 'done', stoppedAfter: event.stoppedAfter };
    case 'run.failed':
      return { ...ended(view, 'failed', at), error: event.error };
    case 'run.cancelled':
      return ended(view, 'cancelled', at);
    default:
      return assertNever(event);
  }
}

const isBuild = ({ purpose = 'build' }: { purpose?: RunView['purpose'] | undefined }): boolean => purpose === 'build';

function assertNever(event: never): never {
  throw new Error(`unknown event ${JSON.stringify(event)}`);
}
