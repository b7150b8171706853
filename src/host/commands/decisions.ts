import * as vscode from 'vscode';
import type { Gate } from '../../protocol/events.ts';
import type { RunView, Waiting } from '../../protocol/view.ts';
import type { HostApp } from '../app.ts';
import { answersOf } from './answers.ts';
import { askComment, send, tell } from './ask.ts';
import { chooseRun, type Need, sayOver } from './choose.ts';
import { waitFor, waitsAt } from './fits.ts';
import { plain } from './plain.ts';
import type { Target } from './target.ts';

/** Decisions about plans, questions and diffs. Each names the wait that it is about. */

const plans = (): Need => ({
  fits: (view) => waitsAt(view, 'plan').length > 0,
  ask: vscode.l10n.t('Which plan?'),
  none: vscode.l10n.t('No plan waits for approval. A run proposes one after its brief was read.'),
});
const questions = (): Need => ({
  fits: (view) => waitsAt(view, 'questions').length > 0,
  ask: vscode.l10n.t('Questions of which run?'),
  none: vscode.l10n.t('No questions wait. The lead asks them before it plans, when the form says that it may.'),
});
const diffs = (): Need => ({
  fits: (view) => waitsAt(view, 'diff').length > 0,
  ask: vscode.l10n.t('Changes of which run?'),
  none: vscode.l10n.t('No changes wait for review. A run shows them when all of its subtasks are integrated.'),
});

async function chooseWait(
  app: HostApp,
  target: Target,
  gate: Gate,
  need: Need,
): Promise<{ view: RunView; wait: Waiting } | null> {
  const view = await chooseRun(app, target, need);
  if (view === null) return null;
  const wait = waitFor(view, gate, target);
  if (wait !== undefined) return { view, wait };
  sayOver();
  return null;
}

const about = (view: RunView, { topic, waitOn }: Waiting) => ({ runId: view.runId, topic, waitOn });

export async function approvePlan(app: HostApp, target: Target): Promise<void> {
  const chosen = await chooseWait(app, target, 'plan', plans());
  if (chosen === null) return;
  await send(app, { type: 'approve', gate: 'plan', ...about(chosen.view, chosen.wait) });
  tell(vscode.l10n.t('The plan is approved; the agents begin.'));
}

export async function rejectPlan(app: HostApp, target: Target): Promise<void> {
  const chosen = await chooseWait(app, target, 'plan', plans());
  if (chosen === null) return;
  const comment = await askComment(
    vscode.l10n.t('Reject Plan'),
    vscode.l10n.t('What should be different? The lead plans again with it.'),
  );
  if (comment === null) return;
  await send(app, { type: 'reject', comment, ...about(chosen.view, chosen.wait) });
  tell(vscode.l10n.t('The lead plans again.'));
}

/** One box a question; leaving one of them sends nothing. */
export async function answerQuestions(app: HostApp, target: Target): Promise<void> {
  const chosen = await chooseWait(app, target, 'questions', questions());
  if (chosen === null) return;
  const { runId, questions: asked } = chosen.view;
  const texts: string[] = [];
  for (const [index, question] of asked.entries()) {
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t('Question {0} of {1}', index + 1, asked.length),
      prompt: plain(question.text),
      value: question.defaultAnswer,
      ignoreFocusOut: true,
    });
    if (text === undefined) {
      tell(vscode.l10n.t('Nothing was sent; the questions still wait.'));
      return;
    }
    texts.push(text);
  }
  await send(app, { type: 'answer', runId, answers: answersOf(asked, texts) });
  tell(vscode.l10n.t('The answers are sent; the lead plans with them.'));
}

export async function reviewChanges(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, diffs());
  if (view !== null) await app.review.open(view.runId, ...pathOf(target));
}

export async function acceptAll(app: HostApp, target: Target): Promise<void> {
  const chosen = await chooseWait(app, target, 'diff', diffs());
  if (chosen === null) return;
  await app.review.acceptAll(chosen.view.runId);
  await app.live.add(chosen.view.runId);
}

export async function rejectDiff(app: HostApp, target: Target): Promise<void> {
  const chosen = await chooseWait(app, target, 'diff', diffs());
  if (chosen === null) return;
  const comment = await askComment(
    vscode.l10n.t('Send Changes Back'),
    vscode.l10n.t('What should be different? An agent makes a revision of it, with your comments on lines.'),
  );
  if (comment === null) return;
  await app.review.sendBack(chosen.view.runId, comment);
  await app.live.add(chosen.view.runId);
}

function pathOf(target: Target): [] | [string] {
  return target.path === null ? [] : [target.path];
}
