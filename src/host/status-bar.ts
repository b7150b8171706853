import * as vscode from 'vscode';
import type { HostApp } from './app.ts';
import { nameOf, stageLabel, usd } from './commands/labels.ts';
import { VIEWS } from './ids.ts';
import { type RunStatus, statusOf } from './status-of.ts';

const UPDATE_INTERVAL_MS = 500;
const PRIORITY = 50;

/** One item for the newest run under way: stage, agents at work, cost, and what waits. Hidden when there is none. */
export function createStatusBar(app: HostApp): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('orchestrator.status', vscode.StatusBarAlignment.Left, PRIORITY);
  item.name = vscode.l10n.t('Orchestrator');
  item.command = { command: `${VIEWS.inbox}.focus`, title: vscode.l10n.t('Show what waits for you') };
  let timer: NodeJS.Timeout | undefined;
  let shown = '';

  const update = () => {
    timer = undefined;
    const status = statusOf(app.runs.all());
    if (status === null) {
      shown = '';
      item.hide();
      return;
    }
    const text = textOf(status);
    const details = detailsOf(status);
    const now = [text, ...details].join('\n');
    if (now === shown) return;
    shown = now;
    item.text = text;
    item.tooltip = tooltipOf(details);
    item.accessibilityInformation = {
      label: `${vscode.l10n.t('Orchestrator')}: ${details.join(', ')}`,
      role: 'button',
    };
    item.show();
  };
  const subscription = app.runs.onDidChange(() => {
    timer ??= setTimeout(update, UPDATE_INTERVAL_MS);
  });
  update();

  return new vscode.Disposable(() => {
    clearTimeout(timer);
    subscription.dispose();
    item.dispose();
  });
}

function textOf({ view, stage, agentsAtWork, waiting }: RunStatus): string {
  const parts = [stageLabel(stage)];
  if (agentsAtWork > 0) parts.push(`$(hubot) ${agentsAtWork}`);
  parts.push(usd(view.cost.usd));
  if (waiting > 0) return `$(bell-dot) ${vscode.l10n.t('{0} waiting', waiting)} · ${parts.join(' · ')}`;
  const icon = view.paused ? '$(debug-pause)' : '$(sync~spin)';
  return `${icon} ${parts.join(' · ')}`;
}

function detailsOf({ view, stage, agentsAtWork, waiting }: RunStatus): string[] {
  const { cost } = view;
  const money = vscode.l10n.t('Cost: {0} of {1}', usd(cost.usd), usd(view.budgetUsd));
  const unpriced = vscode.l10n.t('{0} calls of unknown price', cost.unpricedCalls);
  return [
    nameOf(view),
    vscode.l10n.t('Stage: {0}', stageLabel(stage)),
    vscode.l10n.t('Agents at work: {0}', agentsAtWork),
    cost.unpricedCalls === 0 ? money : `${money}, ${unpriced}`,
    waiting === 0 ? vscode.l10n.t('Nothing waits for you') : vscode.l10n.t('Waiting for you: {0}', waiting),
  ];
}

function tooltipOf([name = '', ...lines]: readonly string[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  tooltip.isTrusted = false;
  tooltip.appendMarkdown('**').appendText(name).appendMarkdown('**');
  for (const line of lines) tooltip.appendMarkdown('\n\n').appendText(line);
  return tooltip;
}
