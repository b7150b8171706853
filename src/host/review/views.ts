import * as vscode from 'vscode';
import type { RunView } from '../../protocol/view.ts';
import type { ChangedFile } from '../../protocol/work.ts';
import type { HostBase } from '../app.ts';
import type { Dialogs } from './dialogs.ts';
import { type DiffPair, openMultiDiff } from './multi-diff.ts';
import { lookBefore, withLook } from './review-state.ts';
import type { Session } from './session.ts';
import { type Sessions, viewOf } from './sessions.ts';
import { titleOf } from './titles.ts';
import { commitTabs, reviewTabs } from './tracking.ts';
import type { Uris } from './uris.ts';

/** The multi-file diffs of a run. */
export interface Views {
  /** With the cursor in `line` of `path`, when given. */
  openRun(runId: string, at: { path: string; line: number } | null): Promise<void>;
  openSubtask(runId: string, subtaskId: string, path: string | null): Promise<void>;
  openSinceLook(runId: string): Promise<void>;
}

export interface ViewsParts {
  app: HostBase;
  sessions: Sessions;
  uris: Uris;
  dialogs: Dialogs;
}

export function createViews({ app, sessions, uris, dialogs }: ViewsParts): Views {
  const labelOf = (view: RunView, path: string) => vscode.Uri.joinPath(vscode.Uri.file(view.workspaceDir), path);

  const reviewPair = (session: Session, view: RunView, { path, oldPath }: ChangedFile): DiffPair => {
    const { runId, state } = session;
    return {
      label: labelOf(view, path),
      original: uris.of({ kind: 'commit', runId, path: oldPath ?? path, commit: state.baseCommit, subtaskId: null }),
      modified: uris.of({ kind: 'review', runId, path }),
    };
  };

  interface Between {
    from: string;
    to: string;
    files: readonly ChangedFile[];
    subtaskId: string | null;
  }
  const commitPairs = (view: RunView, { from, to, files, subtaskId }: Between): DiffPair[] =>
    files.map(({ path, oldPath }) => ({
      label: labelOf(view, path),
      original: uris.of({ kind: 'commit', runId: view.runId, path: oldPath ?? path, commit: from, subtaskId }),
      modified: uris.of({ kind: 'commit', runId: view.runId, path, commit: to, subtaskId }),
    }));

  return {
    async openRun(runId, at) {
      const session = await sessions.get(runId);
      const view = await viewOf(app, runId);
      if (view.diff === null || session.files.length === 0) {
        dialogs.warn(vscode.l10n.t('{0} has no changes to review yet.', view.brief?.name ?? runId));
        return;
      }
      const pairs = session.files.map((file) => reviewPair(session, view, file));
      const found = at === null ? undefined : session.files.findIndex(({ path }) => path === at.path);
      const shown = found === undefined ? undefined : pairs[found];
      const reveal = shown === undefined ? null : { modified: shown.modified, line: at?.line ?? 0 };
      const old = reviewTabs(uris, runId);
      await openMultiDiff(titleOf(app, view, { kind: 'run' }), pairs, reveal, old);
      session.update((state) => withLook(state, state.commit));
      if (session.wait === null)
        dialogs.mention(vscode.l10n.t('For looking only: these changes do not wait for a decision.'));
    },
    async openSubtask(runId, subtaskId, path) {
      // Comments hang on a session, whether or not the run has a diff yet.
      await sessions.get(runId);
      const view = await viewOf(app, runId);
      const subtask = view.subtasks[subtaskId];
      const from = subtask?.baseCommit ?? null;
      const to = subtask?.commit ?? null;
      if (subtask === undefined || from === null || to === null) {
        dialogs.warn(vscode.l10n.t('{0} has no changes to show yet.', subtask?.title ?? subtaskId));
        return;
      }
      const files = await app.service.call('changedFiles', { runId, from, to });
      const pairs = commitPairs(view, { from, to, files, subtaskId });
      const shown = path === null ? undefined : pairs[files.findIndex((file) => file.path === path)];
      if (pairs.length === 0) {
        dialogs.warn(vscode.l10n.t('{0} changed no files.', subtask.title));
        return;
      }
      const reveal = shown === undefined ? null : { modified: shown.modified, line: 0 };
      const old = commitTabs(uris, runId, subtaskId);
      await openMultiDiff(titleOf(app, view, { kind: 'subtask', subtaskId }), pairs, reveal, old);
    },
    async openSinceLook(runId) {
      const session = await sessions.get(runId);
      const view = await viewOf(app, runId);
      const { commit } = session.state;
      const from = lookBefore(session.state);
      const files = from === null ? [] : await app.service.call('changedFiles', { runId, from, to: commit });
      if (from === null || files.length === 0) {
        dialogs.tell(
          session.state.looks.length === 0
            ? vscode.l10n.t('You have not looked at these changes yet.')
            : vscode.l10n.t('Nothing has changed since you last looked.'),
        );
        return;
      }
      const title = titleOf(app, view, { kind: 'since_look' });
      const old = commitTabs(uris, runId, null);
      await openMultiDiff(title, commitPairs(view, { from, to: commit, files, subtaskId: null }), null, old);
      session.update((state) => withLook(state, state.commit));
    },
  };
}
