import * as vscode from 'vscode';
import type { HostBase, ReviewCommand } from '../app.ts';
import type { Choices } from './choices.ts';
import type { ReviewComments } from './comments.ts';
import type { Decisions } from './decide.ts';
import type { Dialogs } from './dialogs.ts';
import { cursorOf } from './place-of.ts';
import { unsent } from './revision-target.ts';
import type { Sessions } from './sessions.ts';
import type { Subject, Tracking } from './tracking.ts';
import type { Uris } from './uris.ts';
import type { Views } from './views.ts';
import type { Walker } from './walk.ts';

export interface RunnerParts {
  app: HostBase;
  sessions: Sessions;
  uris: Uris;
  dialogs: Dialogs;
  choices: Choices;
  comments: ReviewComments;
  decisions: Decisions;
  views: Views;
  tracking: Tracking;
  walker: Walker;
}

/** Carries out the commands of a review. */
export function createRunner(parts: RunnerParts): (command: ReviewCommand, args: readonly unknown[]) => Promise<void> {
  const { choices, comments, decisions, views, dialogs, walker } = parts;

  const withSubject = async (args: readonly unknown[], work: (subject: Subject) => Promise<void>) => {
    const subject = subjectFor(parts, args);
    if (subject === null) dialogs.warn(vscode.l10n.t('Open the review of a run first.'));
    else await work(subject);
  };

  return async (command, args) => {
    switch (command) {
      case 'acceptFile':
      case 'rejectFile':
      case 'acceptHunk':
      case 'rejectHunk':
        return choices[command](args);
      case 'nextHunk':
        return walker.walk('next');
      case 'previousHunk':
        return walker.walk('previous');
      case 'finish':
        return withSubject(args, ({ runId }) => decisions.finish(runId));
      case 'sendComments':
        return withSubject(args, (subject) => sendComments(parts, subject));
      case 'sinceLastLook':
        return withSubject(args, ({ runId }) => views.openSinceLook(runId));
      case 'openEvidence':
        return withSubject(args, (subject) => openEvidence(parts, subject));
      case 'comment':
        // The editor's own: it opens a thread where the cursor is.
        await vscode.commands.executeCommand('workbench.action.addComment');
        return;
      case 'addComment':
        return comments.add(args);
      case 'editComment':
        return comments.edit(args);
      case 'saveComment':
        return comments.saveEdit(args);
      case 'cancelComment':
        return comments.cancelEdit(args);
      case 'deleteComment':
        return comments.remove(args);
    }
  };
}

function subjectFor({ uris, tracking }: RunnerParts, args: readonly unknown[]): Subject | null {
  const [first] = args;
  if (typeof first === 'object' && first !== null && 'runId' in first && typeof first.runId === 'string') {
    const subtaskId = 'subtaskId' in first && typeof first.subtaskId === 'string' ? first.subtaskId : null;
    return { runId: first.runId, subtaskId };
  }
  const called = first instanceof vscode.Uri ? cursorOf(uris, args)?.place : undefined;
  if (called === undefined) return tracking.current();
  const subtaskId = called.kind === 'commit' ? called.subtaskId : null;
  return { runId: called.runId, subtaskId };
}

async function sendComments(parts: RunnerParts, { runId, subtaskId }: Subject): Promise<void> {
  const { app, sessions, decisions, dialogs } = parts;
  const session = await sessions.get(runId);
  // While the whole diff waits, comments on a part of it are about the diff.
  const isParked = subtaskId !== null && app.runs.get(runId)?.subtasks[subtaskId]?.state === 'parked';
  const target = isParked ? subtaskId : null;
  const count = unsent(session.state.threads, target).length;
  const said = await dialogs.input(
    count === 1
      ? vscode.l10n.t('Send one comment as a revision')
      : vscode.l10n.t('Send {0} comments as a revision', count),
    count === 0
      ? vscode.l10n.t('What should be different?')
      : vscode.l10n.t('What should be different besides the comments? May be left empty.'),
  );
  if (said !== null) await decisions.sendBack(runId, target, said);
}

/** That of the subtask, or of the one subtask that changed the file with the cursor, or of the whole run. */
async function openEvidence({ app, uris }: RunnerParts, { runId, subtaskId }: Subject): Promise<void> {
  const path = cursorOf(uris, [])?.place.path;
  const subtasks = Object.values(app.runs.get(runId)?.subtasks ?? {});
  const owners = subtasks.filter(({ files }) => files.some((file) => file.path === path));
  const owner = owners.length === 1 ? owners[0]?.id : undefined;
  await vscode.commands.executeCommand('orchestrator.openEvidence', { runId, subtaskId: subtaskId ?? owner ?? null });
}
