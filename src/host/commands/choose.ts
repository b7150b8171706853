import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { RunView } from '../../protocol/view.ts';
import type { HostApp } from '../app.ts';
import { commandId } from '../ids.ts';
import { nameOf, stageLabel, statusLabel } from './labels.ts';
import type { Target } from './target.ts';

/** What a command needs of a run. */
export interface Need {
  fits(view: RunView): boolean;
  /** Question of the quick pick. */
  ask: string;
  /** Why there is no such run, and what would make one. */
  none: string;
}

/**
 * The run that a command is about: the one that was named, else the only one that fits, else the person's choice, newest
 * first. Null when there is none, which the person has been told then, or when they left the choice.
 */
export async function chooseRun(app: HostApp, target: Target, need: Need): Promise<RunView | null> {
  await app.runs.load();
  if (target.runId !== null) return namedRun(app, target.runId, need);
  const fitting = app.runs.all().filter(need.fits);
  const [only] = fitting;
  if (only === undefined) {
    sayNone(app, need);
    return null;
  }
  return fitting.length === 1 ? only : pickRun(fitting, need);
}

async function namedRun(app: HostApp, runId: string, need: Need): Promise<RunView | null> {
  if (app.runs.get(runId) === undefined) await app.runs.refresh();
  const view = app.runs.get(runId);
  if (view === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Run {0} is not one of this window: it was deleted, or belongs to another folder.', runId),
    );
    return null;
  }
  if (need.fits(view)) return view;
  void vscode.window.showInformationMessage(
    vscode.l10n.t('{0} is {1} by now. {2}', nameOf(view), statusLabel(view.status), need.none),
  );
  return null;
}

function sayNone(app: HostApp, need: Need): void {
  if (app.runs.all().length > 0) {
    void vscode.window.showInformationMessage(need.none);
    return;
  }
  const begin = vscode.l10n.t('New Task');
  const sample = vscode.l10n.t('Start Sample');
  const message = vscode.l10n.t('There are no runs yet. {0}', need.none);
  // Not awaited: the message stays as long as the person lets it.
  vscode.window.showInformationMessage(message, begin, sample).then(
    (answer) => {
      if (answer === begin) void vscode.commands.executeCommand(commandId('newTask'));
      if (answer === sample) void vscode.commands.executeCommand(commandId('startSample'));
    },
    () => undefined,
  );
}

async function pickRun(views: readonly RunView[], need: Need): Promise<RunView | null> {
  const items = views.map((view) => ({
    label: nameOf(view),
    description: `${statusLabel(view.status)} · ${stageLabel(view.stage)}`,
    detail: `${view.runId} · ${basename(view.workspaceDir)}`,
    view,
  }));
  const picked = await vscode.window.showQuickPick(items, { title: need.ask, matchOnDetail: true });
  return picked?.view ?? null;
}

/** A decision that somebody else has made in the meantime. */
export function sayOver(): void {
  void vscode.window.showInformationMessage(
    vscode.l10n.t('That has been decided already, here or in another window. Nothing was changed.'),
  );
}

/** False, and said so, in a folder that is not trusted. */
export function requireTrust(): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = vscode.l10n.t('Manage Trust');
  const message = vscode.l10n.t('This folder is not trusted: nothing is started, executed or accepted in it.');
  vscode.window.showWarningMessage(message, manage).then(
    (answer) => {
      if (answer === manage) void vscode.commands.executeCommand('workbench.trust.manage');
    },
    () => undefined,
  );
  return false;
}
