import * as vscode from 'vscode';
import type { RunView, Waiting } from '../../protocol/view.ts';
import type { HostApp } from '../app.ts';
import { askComment, send, tell } from './ask.ts';
import { chooseRun, sayOver } from './choose.ts';
import { openEvidence } from './evidence.ts';
import { retriesOf, retryable, subtaskOf, waitFor, waitsAt } from './fits.ts';
import { plain, plainLine } from './plain.ts';
import { resumeWait } from './resume.ts';
import type { Target } from './target.ts';

export async function retrySubtask(app: HostApp, target: Target): Promise<void> {
  const named = target.subtaskId;
  const view = await chooseRun(app, target, {
    fits: (candidate) => (named === null ? retryable(candidate) : retriesOf(candidate, named)).length > 0,
    ask: vscode.l10n.t('Retry a subtask of which run?'),
    none: vscode.l10n.t(
      'No subtask waits to be tried again. One does after it failed, when the others have come to their end.',
    ),
  });
  if (view === null) return;
  const subtaskId = named ?? (await pickSubtask(view, retryable(view)));
  if (subtaskId === null) return;
  const waits = retriesOf(view, subtaskId);
  if (waits.length === 0) sayOver();
  for (const wait of waits) await resumeWait(app, view, wait);
}

async function pickSubtask(view: RunView, subtaskIds: readonly string[]): Promise<string | null> {
  const [only] = subtaskIds;
  if (only !== undefined && subtaskIds.length === 1) return only;
  const items = subtaskIds.map((subtaskId) => ({
    label: plainLine(view.subtasks[subtaskId]?.title ?? subtaskId),
    description: subtaskId,
    detail: plainLine(view.subtasks[subtaskId]?.lastAction ?? ''),
    subtaskId,
  }));
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Which subtask?') });
  return picked?.subtaskId ?? null;
}

/** A parked subtask: take it, send it back, or look first. */
export async function decideSubtask(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: (candidate) => waitsAt(candidate, 'subtask').length > 0,
    ask: vscode.l10n.t('Decide about a subtask of which run?'),
    none: vscode.l10n.t('No subtask waits for a decision. One does when its review rounds are used up.'),
  });
  if (view === null) return;
  const wait = await chooseParked(view, target);
  if (wait !== null) await decide(app, view, wait);
}

async function chooseParked(view: RunView, target: Target): Promise<Waiting | null> {
  if (target.topic !== null || target.waitOn !== null || target.subtaskId !== null) {
    const wait = waitFor(view, 'subtask', target);
    if (wait === undefined) sayOver();
    return wait ?? null;
  }
  const waits = waitsAt(view, 'subtask');
  const [only] = waits;
  if (only !== undefined && waits.length === 1) return only;
  const items = waits.map((wait) => ({ label: subtaskOf(wait) ?? view.runId, detail: plainLine(wait.message), wait }));
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Which subtask?') });
  return picked?.wait ?? null;
}

async function decide(app: HostApp, view: RunView, wait: Waiting): Promise<void> {
  const { runId } = view;
  const { topic, waitOn } = wait;
  const subtaskId = subtaskOf(wait);
  const items = [
    {
      id: 'take' as const,
      label: vscode.l10n.t('Take It as It Is'),
      detail: vscode.l10n.t('It is integrated, whatever its checks said.'),
    },
    {
      id: 'back' as const,
      label: vscode.l10n.t('Send It Back With a Comment…'),
      detail: vscode.l10n.t('An agent goes on with it and with what you write.'),
    },
    { id: 'diff' as const, label: vscode.l10n.t('Look at the Diff'), detail: '' },
    { id: 'evidence' as const, label: vscode.l10n.t('Look at the Evidence'), detail: '' },
  ];
  const fitting = subtaskId === null ? items.filter(({ id }) => id === 'take' || id === 'back') : items;
  const picked = await vscode.window.showQuickPick(fitting, {
    title: vscode.l10n.t('Decide About Subtask'),
    placeHolder: plainLine(wait.message, 300),
  });
  switch (picked?.id) {
    case undefined:
      return;
    case 'take':
      await send(app, { type: 'approve', gate: 'subtask', runId, topic, waitOn });
      return tell(vscode.l10n.t('The subtask is taken as it is.'));
    case 'back': {
      const comment = await askComment(vscode.l10n.t('Send It Back'), vscode.l10n.t('What should be different?'));
      if (comment === null) return;
      await send(app, { type: 'reject', comment, runId, topic, waitOn });
      return tell(vscode.l10n.t('The subtask is sent back to its agent.'));
    }
    case 'diff':
      return app.review.openSubtask(runId, subtaskId ?? '');
    case 'evidence':
      return openEvidence(app, { runId, subtaskId, path: null, topic: null, waitOn: null, gate: null, index: null });
  }
}

/** The folder in which the subtask's agent works, in a window of its own. */
export async function openWorktree(app: HostApp, target: Target): Promise<void> {
  const named = target.subtaskId;
  const view = await chooseRun(app, target, {
    fits: (candidate) =>
      named === null ? Object.keys(candidate.subtasks).length > 0 : candidate.subtasks[named] !== undefined,
    ask: vscode.l10n.t('A worktree of which run?'),
    none: vscode.l10n.t('No run has subtasks yet. They come with the plan.'),
  });
  if (view === null) return;
  const subtaskId = named ?? (await pickSubtask(view, Object.keys(view.subtasks)));
  if (subtaskId === null) return;
  const dir = await app.service.call('worktree', { runId: view.runId, subtaskId });
  if (dir !== null) {
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(dir), { forceNewWindow: true });
    return;
  }
  const { commit } = view.subtasks[subtaskId] ?? { commit: null };
  void vscode.window.showInformationMessage(
    commit === null
      ? vscode.l10n.t('Subtask {0} has no worktree: no agent has begun with it.', plain(subtaskId))
      : vscode.l10n.t(
          'The worktree of {0} is gone: it is removed when an agent is done. Its work is kept as commit {1}.',
          plain(subtaskId),
          commit.slice(0, 10),
        ),
  );
}
