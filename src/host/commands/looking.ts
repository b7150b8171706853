import * as vscode from 'vscode';
import type { ConsoleTab } from '../../protocol/console.ts';
import { AppError } from '../../protocol/errors.ts';
import type { HostApp } from '../app.ts';
import { EXTENSION_ID, WALKTHROUGH } from '../ids.ts';
import { chooseRun } from './choose.ts';
import { hasEnded, subtaskNamed } from './fits.ts';
import type { Target } from './target.ts';

/** Commands that show something and change nothing. */

export async function openLive(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: (candidate) => candidate.url !== null,
    ask: vscode.l10n.t('The live application of which run?'),
    none: vscode.l10n.t('No application is live yet. A run has one after its deployment was checked.'),
  });
  if (view?.url) await openAddress(view.url);
}

export async function openPullRequest(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: (candidate) => candidate.pullRequest !== null,
    ask: vscode.l10n.t('The pull request of which run?'),
    none: vscode.l10n.t('There is no pull request yet. A run opens one after you accept its changes.'),
  });
  if (view?.pullRequest) await openAddress(view.pullRequest.url);
}

/** Web pages only: an address may come from a vendor. The editor itself forwards ports of remote machines. */
export async function openAddress(address: string): Promise<void> {
  if (!/^https?:\/\//i.test(address)) {
    throw new AppError({ code: 'usage', message: `"${address}" is no address of a web page, so it is not opened.` });
  }
  await vscode.env.openExternal(vscode.Uri.parse(address, true));
}

/** The run that is named, else the newest that has not ended, else the newest; the page itself lets another be picked. */
async function runToShow(app: HostApp, target: Target): Promise<string | null> {
  await app.runs.load();
  const all = app.runs.all();
  return target.runId ?? (all.find((view) => !hasEnded(view)) ?? all[0])?.runId ?? null;
}

export async function showDashboard(app: HostApp, target: Target): Promise<void> {
  if (target.runId !== null) await showPage(app, target, 'progress');
  else await app.console.show('progress', await runToShow(app, target));
}

export async function showPlan(app: HostApp, target: Target): Promise<void> {
  await showPage(app, target, 'plan');
}

export async function showResults(app: HostApp, target: Target): Promise<void> {
  await showPage(app, target, 'results');
}

async function showPage(app: HostApp, target: Target, tab: ConsoleTab): Promise<void> {
  const runId = await runToShow(app, target);
  const view = await chooseRun(
    app,
    { ...target, runId },
    { fits: () => true, ask: '', none: vscode.l10n.t('There is a plan, and later results, when a run has begun.') },
  );
  if (view !== null) await app.console.show(tab, view.runId);
}

/** Of a subtask, when one is named, else of the run. */
export async function openDiff(app: HostApp, target: Target): Promise<void> {
  const subtaskId = subtaskNamed(target);
  const view = await chooseRun(app, target, {
    fits: (candidate) => (subtaskId === null ? candidate.diff !== null : candidate.subtasks[subtaskId] !== undefined),
    ask: vscode.l10n.t('The diff of which run?'),
    none: vscode.l10n.t('There is no diff yet. A run shows one when its subtasks are integrated.'),
  });
  if (view === null) return;
  const path = target.path === null ? ([] as const) : ([target.path] as const);
  if (subtaskId === null) await app.review.open(view.runId, ...path);
  else await app.review.openSubtask(view.runId, subtaskId, ...path);
}

export async function openSettings(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${EXTENSION_ID}`);
}

export async function openWalkthrough(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${EXTENSION_ID}#${WALKTHROUGH}`, false);
}
