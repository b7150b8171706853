import * as vscode from 'vscode';
import type { Intent } from '../../protocol/intents.ts';
import type { RunView, Waiting } from '../../protocol/view.ts';
import type { HostBase } from '../app.ts';
import type { Contents } from './contents.ts';
import type { Dialogs } from './dialogs.ts';
import { keepsNothing, type ReviewState, type Thread, trimmedCount, trimmedFiles } from './review-state.ts';
import { parkedWait, unsent } from './revision-target.ts';
import { composeRevision, type Placed } from './revision-text.ts';
import type { Session } from './session.ts';
import { type Sessions, viewOf } from './sessions.ts';
import { saveOpenFiles, saveReviewed } from './unsaved.ts';
import type { Uris } from './uris.ts';
import { sayOutcome, watchOutcome } from './watch-outcome.ts';

/** What ends a review: accepting all or what is kept, or sending it back. */
export interface Decisions {
  acceptAll(runId: string): Promise<void>;
  finish(runId: string): Promise<void>;
  /** `subtaskId`: to the agent of a parked subtask. */
  sendBack(runId: string, subtaskId: string | null, comment: string): Promise<void>;
  /** True when the wait of this topic was ended here. */
  hasDecided(runId: string, topic: string | null): boolean;
}

export interface DecisionsParts {
  app: HostBase;
  sessions: Sessions;
  contents: Contents;
  uris: Uris;
  dialogs: Dialogs;
  /** The threads or choices of a session have been changed by a decision. */
  onDecided(session: Session): void;
}

export function createDecisions(parts: DecisionsParts): Decisions {
  const { app, sessions, uris, dialogs } = parts;
  /** By run: the last wait for its diff that this window has ended. */
  const decided = new Map<string, string>();

  /** Null, and said, when nothing can be decided. */
  const openReview = async (runId: string): Promise<{ session: Session; view: RunView; wait: Waiting } | null> => {
    if (!isTrusted(dialogs)) return null;
    const session = await sessions.get(runId);
    const view = await viewOf(app, runId);
    if (session.wait !== null) return { session, view, wait: session.wait };
    dialogs.warn(vscode.l10n.t('These changes do not wait for a decision any more. The review is for looking only.'));
    return null;
  };

  const decide = async (view: RunView, intent: Intent, title: string) => {
    await dialogs.lasting(title, async (signal) => {
      const outcome = watchOutcome(app, view.runId, signal);
      if (intent.type === 'approve' || intent.type === 'trim_diff') decided.set(view.runId, intent.topic ?? '');
      try {
        await app.service.call('dispatch', { intent, local: false });
        await app.live.add(view.runId);
        sayOutcome(dialogs, await outcome.ended);
      } finally {
        outcome.stop();
      }
    });
  };

  const mayAccept = async (view: RunView, session: Session): Promise<boolean> => {
    const count = unsent(session.state.threads, null).length;
    if (count > 0) {
      const question =
        count === 1
          ? vscode.l10n.t('One comment has not been sent. Accept without it?')
          : vscode.l10n.t('{0} comments have not been sent. Accept without them?', count);
      const detail = vscode.l10n.t('To have the agent act on comments, send them as a revision instead.');
      if (!(await dialogs.confirm(question, detail, vscode.l10n.t('Accept')))) return false;
    }
    return saveOpenFiles(dialogs, view);
  };

  const send = async (runId: string, subtaskId: string | null, comment: string) => {
    if (!isTrusted(dialogs)) return;
    const session = await sessions.get(runId);
    const view = await viewOf(app, runId);
    const wait = subtaskId === null ? session.wait : parkedWait(view, subtaskId);
    if (wait === null) {
      dialogs.warn(vscode.l10n.t('Nothing waits for comments here any more. Nothing was sent.'));
      return;
    }
    await saveReviewed(uris, runId);
    const threads = unsent(session.state.threads, subtaskId);
    const text = composeRevision(await Promise.all(threads.map((thread) => placed(parts, session, thread))), comment);
    if (text === '') {
      dialogs.warn(
        vscode.l10n.t('There is nothing to send: comment on a line first, or say what should be different.'),
      );
      return;
    }
    const { topic, waitOn } = wait;
    if (subtaskId === null) decided.set(runId, topic);
    await app.service.call('dispatch', {
      intent: { type: 'reject', runId, comment: text, topic, waitOn },
      local: false,
    });
    await app.live.add(runId);
    session.update((state) => asSent(state, threads));
    parts.onDecided(session);
    dialogs.tell(sentWords(threads.length));
  };

  const approve = (view: RunView, { topic, waitOn }: Waiting) =>
    decide(
      view,
      { type: 'approve', runId: view.runId, gate: 'diff', topic, waitOn },
      vscode.l10n.t('Accepting the changes of {0}', view.brief?.name ?? view.runId),
    );

  return {
    async acceptAll(runId) {
      const review = await openReview(runId);
      if (review === null) return;
      const { session, view, wait } = review;
      await saveReviewed(uris, runId);
      const trimmed = trimmedCount(session.state, await session.all());
      if (trimmed > 0) {
        const question =
          trimmed === 1
            ? vscode.l10n.t('You rejected or changed something in one file. Accept all anyway?')
            : vscode.l10n.t('You rejected or changed something in {0} files. Accept all anyway?', trimmed);
        const detail = vscode.l10n.t(
          'All changes are accepted as the agents left them. To accept what you kept, use "Accept What Is Kept".',
        );
        if (!(await dialogs.confirm(question, detail, vscode.l10n.t('Accept All')))) return;
      }
      if (await mayAccept(view, session)) await approve(view, wait);
    },
    async finish(runId) {
      const review = await openReview(runId);
      if (review === null) return;
      const { session, view, wait } = review;
      await saveReviewed(uris, runId);
      const files = await session.all();
      if (keepsNothing(session.state, files)) {
        const question = vscode.l10n.t(
          'Nothing would be accepted: every change is rejected. Send the changes back instead?',
        );
        const detail = vscode.l10n.t('The agent revises its work by your comments, and you review it anew.');
        if (!(await dialogs.confirm(question, detail, vscode.l10n.t('Send Back…')))) return;
        const said = await dialogs.input(
          vscode.l10n.t('Send the changes back'),
          vscode.l10n.t('What should be different?'),
        );
        if (said !== null) await send(runId, null, said);
        return;
      }
      if (!(await mayAccept(view, session))) return;
      const trimmed = trimmedFiles(session.state, files);
      if (trimmed.length === 0) return approve(view, wait);
      const { topic, waitOn } = wait;
      await decide(
        view,
        { type: 'trim_diff', runId, files: trimmed, topic, waitOn },
        vscode.l10n.t('Accepting what is kept of {0}', view.brief?.name ?? runId),
      );
    },
    sendBack: send,
    hasDecided: (runId, topic) => decided.get(runId) === topic,
  };
}

function sentWords(count: number): string {
  if (count === 0) return vscode.l10n.t('Sent back. The changes come for review again when they are revised.');
  if (count === 1) {
    return vscode.l10n.t('Sent back with one comment. The changes come for review again when they are revised.');
  }
  return vscode.l10n.t('Sent back with {0} comments. The changes come for review again when they are revised.', count);
}

function isTrusted(dialogs: Dialogs): boolean {
  if (vscode.workspace.isTrusted) return true;
  dialogs.warn(
    vscode.l10n.t('This window is in restricted mode: trust the workspace to accept changes or to send them back.'),
  );
  return false;
}

function asSent(state: ReviewState, threads: readonly Thread[]): ReviewState {
  const ids = new Set(threads.map(({ id }) => id));
  const revisions = state.revisions + 1;
  const sent = state.threads.map((thread) => (ids.has(thread.id) ? { ...thread, sentWith: revisions } : thread));
  return { ...state, revisions, threads: sent };
}

/** A comment on the reviewed side is about what the agent proposed, whatever the person has changed there since. */
async function placed({ contents }: DecisionsParts, session: Session, thread: Thread): Promise<Placed> {
  const { commit, baseCommit } = session.state;
  const isOld = thread.commit === baseCommit && thread.subtaskId === null;
  const file = await contents.read(session.runId, thread.commit ?? commit, thread.path);
  return { thread, text: file.kind === 'text' ? file.text : null, isOld };
}
