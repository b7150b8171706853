import type { AgentView, RunView, SubtaskView } from '../../protocol/view.ts';
import { agentName, agentTimeText, subtaskTitle } from './agent-rows.ts';
import { waitLines, waitWords } from './inbox-rows.ts';
import { joined, type TreeNode } from './nodes.ts';
import {
  agentCostText,
  agentStatusText,
  clockText,
  dateText,
  durationText,
  isUnfinished,
  minutesText,
  rolledBackText,
  runName,
  stageText,
  statusText,
  subtaskStateText,
  tokensText,
  usdText,
  type Wording,
} from './wording.ts';

/** Plain text for pointing at a row, made when the editor asks for it; null when what it was about is gone. */
export function tooltipOf(wording: Wording, views: readonly RunView[], node: TreeNode, nowMs: number): string | null {
  if (node.kind === 'failure') return null;
  const view = views.find(({ runId }) => runId === node.runId);
  if (view === undefined) return null;
  switch (node.kind) {
    case 'wait':
      return waitTooltip(wording, view, node, nowMs);
    case 'agents':
    case 'run':
      return runTooltip(wording, view, nowMs);
    case 'agent': {
      const agent = view.agents[node.agentId];
      return agent === undefined ? null : agentTooltip(wording, view, agent, nowMs);
    }
    case 'subtask': {
      const subtask = view.subtasks[node.subtaskId];
      return subtask === undefined ? null : subtaskTooltip(wording, view, subtask, nowMs);
    }
    case 'file':
      return node.path;
  }
}

const lines = (all: readonly (string | null)[]): string => joined(all, '\n');

/** To the second when it is over. */
function tookText(
  wording: Wording,
  { startedAt, endedAt }: Pick<RunView, 'startedAt' | 'endedAt'>,
  nowMs: number,
): string | null {
  if (startedAt === null) return null;
  const beganMs = Date.parse(startedAt);
  return endedAt === null ? minutesText(wording, nowMs - beganMs) : durationText(Date.parse(endedAt) - beganMs);
}

function waitTooltip(
  wording: Wording,
  view: RunView,
  node: Extract<TreeNode, { kind: 'wait' }>,
  nowMs: number,
): string | null {
  const wait = view.waiting.find(({ topic, waitOn }) => topic === node.topic && waitOn === node.waitOn);
  if (wait === undefined) return null;
  const since = wording.l10n.t('since {0}', clockText(wording, wait.since, nowMs));
  return lines([
    waitWords(wording, view, wait).label,
    joined([runName(wording, view), since]),
    ...waitLines(wording, view, wait),
  ]);
}

function runTooltip(wording: Wording, view: RunView, nowMs: number): string {
  const { l10n } = wording;
  const took = tookText(wording, view, nowMs);
  const { usd, unpricedCalls } = view.cost;
  const stage = isUnfinished(view) ? stageText(wording, view.stage) : null;
  return lines([
    runName(wording, view),
    joined([statusText(wording, view.status), stage, took]),
    view.startedAt === null ? null : l10n.t('Started: {0}', dateText(wording, view.startedAt)),
    l10n.t('Cost: {0} of {1}', usdText(wording, usd), usdText(wording, view.budgetUsd)),
    unpricedCalls === 0 ? null : l10n.t('Calls of unknown price: {0}', unpricedCalls),
    ...view.waiting.map((wait) => waitWords(wording, view, wait).label),
    view.error?.userMessage ?? null,
    rolledBackText(wording, view),
    ...(view.rolledBack?.kept ?? []),
    view.url,
  ]);
}

function agentTooltip(wording: Wording, view: RunView, agent: AgentView, nowMs: number): string {
  const { l10n } = wording;
  const title = subtaskTitle(view, agent.subtaskId);
  return lines([
    agentName(wording, agent),
    joined([agentStatusText(wording, agent), agentTimeText(wording, agent, nowMs)]),
    title === null ? null : l10n.t('Subtask: {0}', title),
    agent.lastAction === '' ? null : l10n.t('Last action: {0}', agent.lastAction),
    agent.model === null ? null : l10n.t('Model: {0}', agent.model),
    l10n.t('Input: {0}', tokensText(wording, agent.inputTokens)),
    l10n.t('Output: {0}', tokensText(wording, agent.outputTokens)),
    l10n.t('Cost: {0}', agentCostText(wording, agent)),
  ]);
}

function subtaskTooltip(wording: Wording, view: RunView, subtask: SubtaskView, nowMs: number): string {
  const { l10n } = wording;
  const took = tookText(wording, subtask, nowMs);
  const after = subtask.dependsOn.map((id) => view.subtasks[id]?.title ?? id).join(', ');
  const round = subtask.round > 1 ? l10n.t('round {0}', subtask.round) : null;
  const passed = subtask.evidence.filter(({ outcome }) => outcome === 'passed').length;
  return lines([
    `${subtask.title} (${subtask.id})`,
    joined([subtaskStateText(wording, subtask.state), round, took]),
    after === '' ? null : l10n.t('after: {0}', after),
    subtask.agentId === null ? null : l10n.t('Agent: {0}', subtask.agentId),
    subtask.lastAction === '' ? null : l10n.t('Last action: {0}', subtask.lastAction),
    subtask.evidence.length === 0 ? null : l10n.t('Checks passed: {0} of {1}', passed, subtask.evidence.length),
    subtask.findings.length === 0 ? null : l10n.t('Open findings: {0}', subtask.findings.length),
    subtask.failed?.userMessage ?? null,
    l10n.t('Cost: {0}', usdText(wording, subtask.costUsd)),
  ]);
}
