import type { DomainEvent } from './events.ts';
import type { Specialization } from './plan.ts';
import type { AgentView, RunView, SubtaskView } from './view-state.ts';

/** The parts of the fold that change a subtask, an agent or the end of a run. */
export const LEAD = 'lead';

export function newSubtask(
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
export function withSubtask(view: RunView, id: string, change: Partial<SubtaskView>): RunView {
  const before = view.subtasks[id] ?? newSubtask(id, id, null, []);
  return { ...view, subtasks: { ...view.subtasks, [id]: { ...before, ...change } } };
}

export type AgentChange = Partial<Omit<AgentView, 'id' | 'since'>>;

/** Whatever an agent does or is given ends its wait for a limit, unless the change begins one. */
export function withAgent(view: RunView, id: string, change: AgentChange, at: string): RunView {
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
export function withLeadAtWork(view: RunView, at: string): RunView {
  return withAgent(view, LEAD, { status: 'working' }, at);
}

export function withAgentOf(view: RunView, subtaskId: string, change: AgentChange, at: string): RunView {
  const agentId = view.subtasks[subtaskId]?.agentId;
  return agentId ? withAgent(view, agentId, change, at) : view;
}

export function retriedModel(
  view: RunView,
  event: Extract<DomainEvent, { type: 'model.retried' }>,
  at: string,
): RunView {
  // Events of earlier versions do not say whose call it was.
  if (event.agentId === undefined || event.waitMs <= 0) return view;
  const blockedUntil = new Date(Date.parse(at) + event.waitMs).toISOString();
  const lastAction = `waits for ${event.model}: ${event.kind.replaceAll('_', ' ')}`;
  return withAgent(view, event.agentId ?? LEAD, { status: 'blocked', blockedUntil, lastAction }, at);
}

export function calledModel(view: RunView, event: Extract<DomainEvent, { type: 'model.called' }>, at: string): RunView {
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

export function ended(view: RunView, status: RunView['status'], at: string): RunView {
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
