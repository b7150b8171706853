import type { RunView } from '../../protocol/view.ts';
import type { DomainState, Evidence } from '../../protocol/work.ts';
import { estimateText } from './event-lines.ts';
import { clean, formatDuration, formatTokens, formatUsd, type Paint, plural } from './text.ts';

export interface SummaryOptions {
  stateDir: string;
  /** Milliseconds since the epoch. */
  nowMs: number;
  paint: Paint;
}

/** What a person wants to know when a run has ended or waits. */
export function renderSummary(view: RunView, options: SummaryOptions): string[] {
  const { paint } = options;
  const row = (label: string, text: string) => `${paint('dim', label.padEnd(13))} ${clean(text)}`;
  const lines = ['', paint('bold', `${clean(view.brief?.name ?? view.runId)}: ${statusText(view)}`)];
  if (view.error !== null) {
    lines.push(...view.error.userMessage.split('\n').map((line) => paint('red', clean(line))));
  }
  for (const entry of view.waiting) lines.push(row('waits for', `${entry.gate}: ${entry.message}`));
  if (view.url !== null) lines.push(row('URL', view.url));
  const { pullRequest, held, rollback, rolledBack, issue } = view;
  if (issue !== null) lines.push(row('issue', issue.url));
  if (pullRequest !== null) {
    const label = view.purpose === 'rollback' ? 'revert' : 'pull request';
    lines.push(row(label, `${pullRequest.url} (${pullRequest.state})`));
  }
  if (held !== null) lines.push(row('not merged', held));
  for (const { domain, state, remedy } of openDomains(view)) lines.push(row('domain', `${domain} ${state}: ${remedy}`));
  if (view.status === 'cancelled' || view.status === 'failed') {
    for (const { kind, id } of view.unfinished) {
      lines.push(row('cut off', `${kind} ${id}: a rollback takes out what was begun of it`));
    }
  }
  if (rolledBack !== null) {
    const { by, at, done } = rolledBack;
    lines.push(
      row('rolled back', `${at.slice(0, 16).replace('T', ' ')} UTC by run ${by}, ${plural(done.length, 'change')}`),
    );
  }
  for (const text of rolledBack?.kept ?? rollback?.kept ?? []) lines.push(row('kept', text));
  if (view.branch !== null) lines.push(row('branch', view.branch));
  lines.push(row('cost', costText(view)));
  lines.push(row('time', formatDuration(elapsedMs(view, options.nowMs))));
  if (view.estimate !== null) {
    const tokens = formatTokens(view.cost.inputTokens + view.cost.outputTokens);
    const actual = `${formatUsd(view.cost.usd)}, ${tokens} tokens, ${formatDuration(elapsedMs(view, options.nowMs))}`;
    lines.push(row('estimate', `${estimateText(view.estimate)}; actual ${actual}`));
  }
  lines.push(...evidenceLines(view, paint));
  lines.push(row('run', view.runId), row('workspace', view.workspaceDir), row('state', options.stateDir));
  return lines;
}

/** Those still to verify, as the last deployment that has them says. */
function openDomains({ deployments }: RunView): DomainState[] {
  const domains = new Map(
    deployments.flatMap((deployment) => deployment.domains.map((entry) => [entry.domain, entry])),
  );
  return [...domains.values()].filter(({ state }) => state !== 'verified');
}

function statusText(view: RunView): string {
  if (view.status === 'running' || view.status === 'waiting') return `${view.status}, stage ${view.stage}`;
  return outcomeText(view);
}

/** The state of a run, and whether another has undone it. */
export function outcomeText({ status, rolledBack }: RunView): string {
  return rolledBack === null ? status : `${status}, rolled back`;
}

function elapsedMs(view: RunView, nowMs: number): number {
  if (view.startedAt === null) return 0;
  return (view.endedAt === null ? nowMs : Date.parse(view.endedAt)) - Date.parse(view.startedAt);
}

function costText(view: RunView): string {
  const { usd, calls, inputTokens, cachedInputTokens, outputTokens, unpricedCalls } = view.cost;
  const cached = inputTokens === 0 ? 0 : Math.round((cachedInputTokens / inputTokens) * 100);
  const unpriced = unpricedCalls === 0 ? '' : `, ${plural(unpricedCalls, 'call')} of unknown price`;
  const tokens = `${formatTokens(inputTokens)} tokens in (${cached} % cached), ${formatTokens(outputTokens)} out`;
  return `${formatUsd(usd)} of ${formatUsd(view.budgetUsd)}, ${plural(calls, 'call')}, ${tokens}${unpriced}`;
}

function evidenceLines(view: RunView, paint: Paint): string[] {
  const groups: [string, readonly Evidence[]][] = [
    ...Object.values(view.subtasks).map((subtask): [string, readonly Evidence[]] => [subtask.id, subtask.evidence]),
    ['integrated work', view.integrationEvidence],
  ];
  const lines = groups.flatMap(([what, evidence]) =>
    evidence.map((entry) => {
      const end = entry.exitCode === null ? entry.outcome.replace('_', ' ') : `exit ${entry.exitCode}`;
      const text = clean(`${what}: ${entry.command}: ${end}, ${formatDuration(entry.durationMs)}`);
      return `  ${marked(entry.outcome === 'passed', paint)} ${text}`;
    }),
  );
  for (const run of view.forgeChecks?.runs ?? []) {
    lines.push(`  ${marked(run.state === 'passed', paint)} ${clean(`pull request: ${run.name}: ${run.state}`)}`);
  }
  if (view.workflow !== null && view.workflow.state !== 'pending') {
    const { workflow, state, url } = view.workflow;
    lines.push(`  ${marked(state === 'passed', paint)} ${clean(`workflow: ${workflow}: ${state}: ${url}`)}`);
  }
  for (const live of view.live) {
    const text = `live: ${live.method} ${live.url}: ${live.status ?? 'no answer'}, ${formatDuration(live.durationMs)}`;
    lines.push(`  ${marked(live.passed, paint)} ${clean(text)}`);
  }
  return lines.length === 0 ? [] : [paint('dim', 'evidence'), ...lines];
}

function marked(isGood: boolean, paint: Paint): string {
  return isGood ? paint('green', '✓') : paint('red', '✗');
}
