import * as vscode from 'vscode';
import type { RunView, Waiting } from '../../protocol/view.ts';
import type { HostApp } from '../app.ts';
import { send, tell } from './ask.ts';
import { budgetProblem, suggestedBudgetUsd } from './budget.ts';
import { chooseRun, sayOver } from './choose.ts';
import { canResume, isHeld, waitFor, waitsAt } from './fits.ts';
import { nameOf, usd } from './labels.ts';
import type { Target } from './target.ts';

export async function resume(app: HostApp, target: Target): Promise<void> {
  await app.runs.load();
  const anyHeld = app.runs.all().some(isHeld);
  const view = await chooseRun(app, target, {
    fits: anyHeld && target.runId === null ? isHeld : canResume,
    ask: vscode.l10n.t('Resume which run?'),
    none: vscode.l10n.t('No run waits to be resumed. One does after a pause, or when something outside stopped it.'),
  });
  if (view === null) return;
  const waits = waitsAt(view, 'resume');
  if (target.topic === null && target.waitOn === null) return resumeRun(app, view, waits);
  const wait = waitFor(view, 'resume', target);
  if (wait === undefined) sayOver();
  else await resumeWait(app, view, wait);
}

/** Ends one wait only; the others stay. */
export async function resumeWait(app: HostApp, view: RunView, wait: Waiting): Promise<void> {
  const budget = await budgetFor(view, [wait]);
  if (budget === 'left') return;
  const { topic, waitOn } = wait;
  await send(app, { type: 'resume', runId: view.runId, budgetUsd: budget, topic, waitOn });
  tell(vscode.l10n.t('{0} goes on.', nameOf(view)));
}

async function resumeRun(app: HostApp, view: RunView, waits: readonly Waiting[]): Promise<void> {
  const budget = await budgetFor(view, waits);
  if (budget === 'left') return;
  await send(app, { type: 'resume', runId: view.runId, budgetUsd: budget });
  tell(vscode.l10n.t('{0} goes on.', nameOf(view)));
}

/** A run that stopped at its cap would stop there again: a higher one is asked for. Null when none is needed. */
async function budgetFor(view: RunView, waits: readonly Waiting[]): Promise<number | null | 'left'> {
  if (!waits.some((wait) => wait.code === 'budget_exceeded')) return null;
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Raise the Budget of {0}', nameOf(view)),
    prompt: vscode.l10n.t(
      'The run stopped at its cap of {0}; {1} are spent. New cap in US dollars:',
      usd(view.budgetUsd),
      usd(view.cost.usd),
    ),
    value: String(suggestedBudgetUsd(view.budgetUsd)),
    ignoreFocusOut: true,
    validateInput: (value) =>
      budgetProblem(value, view.budgetUsd) ? vscode.l10n.t('Give a number above {0}.', view.budgetUsd) : null,
  });
  return text === undefined ? 'left' : Number(text.trim());
}
