import type { AgentView, RunView } from '../../protocol/view.ts';
import { plainLine } from '../commands/plain.ts';
import { joined, type Row, type RowIcon } from './nodes.ts';
import {
  agentCostText,
  agentStatusText,
  clockText,
  isUnfinished,
  minutesText,
  runName,
  tokensText,
  type Wording,
} from './wording.ts';

const LEAD = 'lead';

/** The agents of unfinished runs: below their run when there are several. */
export function agentRows(wording: Wording, views: readonly RunView[], nowMs: number): Row[] {
  const unfinished = views.filter((view) => isUnfinished(view) && Object.keys(view.agents).length > 0);
  const [first] = unfinished;
  if (first === undefined) return [];
  if (unfinished.length === 1) return rowsOf(wording, first, nowMs);
  return unfinished.map((view) => groupRow(wording, view, nowMs));
}

/** True while an elapsed time is shown that grows. */
export function hasWorkingAgent(views: readonly RunView[]): boolean {
  return views.some(
    (view) => isUnfinished(view) && Object.values(view.agents).some(({ status }) => status === 'working'),
  );
}

function groupRow(wording: Wording, view: RunView, nowMs: number): Row {
  const children = rowsOf(wording, view, nowMs);
  const working = Object.values(view.agents).filter((agent) => agent.status === 'working').length;
  const description = wording.l10n.t('{0} of {1} working', working, children.length);
  return {
    node: { kind: 'agents', id: `agents ${view.runId}`, runId: view.runId },
    label: runName(wording, view),
    description,
    icon: { id: 'organization', color: null },
    context: 'agents',
    folding: 'expanded',
    click: null,
    badge: null,
    speech: joined([runName(wording, view), description], ', '),
    children,
  };
}

function rowsOf(wording: Wording, view: RunView, nowMs: number): Row[] {
  return Object.values(view.agents)
    .sort(byRole)
    .map((agent) => agentRow(wording, view, agent, nowMs));
}

function byRole(a: AgentView, b: AgentView): number {
  if (a.id === LEAD || b.id === LEAD) return a.id === LEAD ? -1 : 1;
  return a.id.localeCompare(b.id, 'en', { numeric: true });
}

function iconOf(agent: AgentView): RowIcon {
  switch (agent.status) {
    case 'idle':
      return { id: 'circle-large-outline', color: null };
    case 'working':
      return { id: 'play-circle', color: 'charts.blue' };
    case 'blocked':
      return { id: 'debug-pause', color: 'charts.yellow' };
  }
}

export function agentName({ l10n }: Wording, agent: AgentView): string {
  return agent.id === LEAD ? l10n.t('Lead') : agent.id;
}

export function subtaskTitle(view: RunView, subtaskId: string | null): string | null {
  return subtaskId === null ? null : plainLine(view.subtasks[subtaskId]?.title ?? subtaskId);
}

/** How long it has been at it; until when or since when it waits. */
export function agentTimeText(wording: Wording, agent: AgentView, nowMs: number): string | null {
  switch (agent.status) {
    case 'idle':
      return null;
    case 'working':
      return minutesText(wording, nowMs - Date.parse(agent.since));
    case 'blocked':
      return agent.blockedUntil === null
        ? wording.l10n.t('since {0}', clockText(wording, agent.since, nowMs))
        : wording.l10n.t('until {0}', clockText(wording, agent.blockedUntil, nowMs));
  }
}

function agentRow(wording: Wording, view: RunView, agent: AgentView, nowMs: number): Row {
  const name = agentName(wording, agent);
  const status = agentStatusText(wording, agent);
  const title = subtaskTitle(view, agent.subtaskId);
  const action = agent.status === 'idle' ? null : plainLine(agent.lastAction);
  const used =
    agent.calls === 0
      ? []
      : [tokensText(wording, agent.inputTokens + agent.outputTokens), agentCostText(wording, agent), agent.model];
  return {
    node: { kind: 'agent', id: `agent ${view.runId} ${agent.id}`, runId: view.runId, agentId: agent.id },
    label: name,
    description: joined([status, agentTimeText(wording, agent, nowMs), title, action, ...used]),
    icon: iconOf(agent),
    context: `agent ${agent.status}`,
    folding: 'none',
    click: { command: 'showDashboard', title: wording.l10n.t('Show the dashboard') },
    badge: null,
    // Without the time: a screen reader would read the row anew every minute.
    speech: joined([name, status, title, action, ...used], ', '),
    children: [],
  };
}
