import type { AgentView, RunView, SubtaskState } from '../../protocol/view.ts';
import { clean, formatClock, formatTokens, formatUsd, type Paint, pad, padStart, plural, truncate } from './text.ts';

/** The live region as lines of text: a pure function of the view. */

export interface FrameOptions {
  columns: number;
  rows: number;
  /** Milliseconds since the epoch. */
  nowMs: number;
  paint: Paint;
}

const STAGES = ['brief', 'plan', 'build', 'review', 'commit', 'deploy'] as const;

/** How far a subtask is, for the bar; a guess that only has to grow. */
const WEIGHT: Record<SubtaskState, number> = {
  pending: 0,
  working: 0.3,
  checking: 0.5,
  reviewing: 0.6,
  revising: 0.5,
  merging: 0.8,
  approved: 0.9,
  integrated: 1,
  parked: 0.6,
  failed: 0,
};

export function renderFrame(view: RunView, options: FrameOptions): string[] {
  const columns = Math.max(20, options.columns - 1);
  const title = truncate(`${clean(view.brief?.name ?? 'run')}  ${view.runId}`, columns);
  const top = [options.paint('bold', title), stageBar(view, columns, options.paint)];
  const waiting = view.waiting.map((entry) =>
    options.paint('yellow', truncate(`waiting (${entry.gate}): ${clean(entry.message)}`, columns)),
  );
  const bottom = [...waiting, progressLine(view, options, columns)];
  const space = Math.max(1, options.rows - 1 - top.length - bottom.length);
  return [...top, ...agentLines(view, columns, space, options.paint), ...bottom];
}

function stageBar(view: RunView, columns: number, paint: Paint): string {
  const at = view.stage === 'done' ? STAGES.length : STAGES.indexOf(view.stage);
  const plain = STAGES.map((stage, index) => (index < at ? `✓ ${stage}` : index === at ? `● ${stage}` : stage));
  if (plain.join(' ▸ ').length > columns) {
    const stage = STAGES[at] ?? 'done';
    return paint('cyan', truncate(`${Math.min(at + 1, STAGES.length)}/${STAGES.length} ${stage}`, columns));
  }
  return plain
    .map((text, index) => paint(index < at ? 'green' : index === at ? 'cyan' : 'dim', text))
    .join(paint('dim', ' ▸ '));
}

function agentLines(view: RunView, columns: number, space: number, paint: Paint): string[] {
  const order: Record<AgentView['status'], number> = { working: 0, blocked: 1, idle: 2 };
  const agents = Object.values(view.agents).sort(
    (a, b) =>
      Number(b.specialization === 'lead') - Number(a.specialization === 'lead') ||
      order[a.status] - order[b.status] ||
      a.id.localeCompare(b.id, 'en', { numeric: true }),
  );
  const shown = agents.length > space ? agents.slice(0, space - 1) : agents;
  const idWidth = Math.min(16, Math.max(4, ...shown.map((agent) => agent.id.length)));
  const lines = shown.map((agent) => agentLine(agent, idWidth, columns, paint));
  const hidden = agents.length - shown.length;
  return hidden > 0 ? [...lines, paint('dim', `… ${plural(hidden, 'more agent')}`)] : lines;
}

function agentLine(agent: AgentView, idWidth: number, columns: number, paint: Paint): string {
  const mark = { working: '●', blocked: '!', idle: '·' }[agent.status];
  const numbers = `${padStart(formatTokens(agent.inputTokens + agent.outputTokens), 7)} tok ${padStart(formatUsd(agent.costUsd), 8)}`;
  const action = clean(agent.lastAction) || agent.specialization;
  const what = agent.subtaskId === null ? action : `${agent.subtaskId}: ${action}`;
  const left = `${mark} ${pad(truncate(agent.id, idWidth), idWidth)} `;
  const middle = columns - left.length - numbers.length - 1;
  const line = middle < 8 ? truncate(left + what, columns) : `${left}${pad(truncate(what, middle), middle)} ${numbers}`;
  if (agent.status === 'idle') return paint('dim', line);
  return agent.status === 'blocked' ? paint('yellow', line) : line;
}

function progressLine(view: RunView, options: FrameOptions, columns: number): string {
  const subtasks = Object.values(view.subtasks);
  const merged = subtasks.filter((subtask) => subtask.state === 'integrated').length;
  const elapsed = view.startedAt === null ? 0 : options.nowMs - Date.parse(view.startedAt);
  const cost = `${formatUsd(view.cost.usd)} of ${formatUsd(view.budgetUsd)}${view.cost.unpricedCalls > 0 ? ' + unpriced' : ''}`;
  const counts = subtasks.length === 0 ? 'no plan yet' : `${merged}/${subtasks.length} subtasks`;
  const tail = `  ${counts}  ${cost}  ${formatClock(elapsed)}`;
  const width = Math.min(30, columns - tail.length);
  if (width < 6) return truncate(tail.trim(), columns);
  const share = subtasks.length === 0 ? 0 : subtasks.reduce((sum, s) => sum + WEIGHT[s.state], 0) / subtasks.length;
  const filled = Math.round(share * width);
  return options.paint('green', '█'.repeat(filled)) + options.paint('dim', '░'.repeat(width - filled)) + tail;
}
