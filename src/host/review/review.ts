import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunView } from '../../protocol/view.ts';
import type { HostBase, Review } from '../app.ts';
import { createChoices } from './choices.ts';
import { createComments } from './comments.ts';
import { createContents } from './contents.ts';
import { createDecisions } from './decide.ts';
import { type Dialogs, editorDialogs } from './dialogs.ts';
import { createCommits, createFiles } from './files.ts';
import { createMarkings } from './markings.ts';
import { createRunner } from './runner.ts';
import type { Session } from './session.ts';
import { type Before, createSessions } from './sessions.ts';
import { createStateFiles } from './state-files.ts';
import { reviewTabs, trackEditors } from './tracking.ts';
import { createUris, type Uris } from './uris.ts';
import { createViews } from './views.ts';
import { createWalker } from './walk.ts';

export interface ReviewOptions {
  uris?: Uris;
  dialogs?: Dialogs;
}

/** The diff review of this window. */
export function createReview(app: HostBase, options: ReviewOptions = {}): Review {
  const { uris = createUris(), dialogs = editorDialogs } = options;
  const onError = (error: unknown) => app.log.error(String(error));
  const contents = createContents(app.service);
  const { storageUri, globalStorageUri } = app.context;
  const dir = join((storageUri ?? globalStorageUri).fsPath, 'reviews');

  const stateFiles = createStateFiles({ dir, onError });
  const sessions = createSessions({
    app,
    contents,
    files: stateFiles,
    onChange(session, paths) {
      files.announce(session, paths);
      markings.refresh(session);
    },
    onOpened(session) {
      comments.show(session);
      tracking.refresh();
      markings.refresh(session);
    },
    onMoved(session, view, dropped, before) {
      moved(session, view, dropped, before).catch(onError);
    },
    onError,
  });
  const files = createFiles(sessions, uris);
  const markings = createMarkings(sessions, uris);
  const comments = createComments({ app, sessions, uris });
  const tracking = trackEditors(app, sessions, uris);
  const views = createViews({ app, sessions, uris, dialogs });
  const reveal = (session: Session, path: string, line: number) => views.openRun(session.runId, { path, line });
  const walker = createWalker({ sessions, uris, dialogs, reveal });
  const choices = createChoices({ sessions, uris, dialogs, arrived: walker.arrived });
  const onDecided = (session: Session) => comments.show(session);
  const decisions = createDecisions({ app, sessions, contents, uris, dialogs, onDecided });
  const run = createRunner({ app, sessions, uris, dialogs, choices, comments, decisions, views, tracking, walker });

  /** Runs whose open diff editor shows an earlier proposal. */
  const outdated = new Set<string>();

  /** A review that is open follows its run: a new proposal is shown anew, one that is over is said to be. */
  const moved = async (session: Session, view: RunView, dropped: readonly string[], before: Before) => {
    const isOpen = reviewTabs(uris, session.runId).length > 0;
    tracking.refresh();
    if (session.state.commit !== before.commit) {
      await comments.reattach(session);
      if (dropped.length > 0) {
        dialogs.warn(
          vscode.l10n.t(
            'Look at these files again: you had changed them, and the revision changed them too. {0}',
            dropped.join(', '),
          ),
        );
      }
      if (isOpen) outdated.add(session.runId);
    }
    // A proposal that was trimmed lands without waiting: then there is nothing to look at again.
    if (session.wait !== null && outdated.delete(session.runId)) await views.openRun(session.runId, null);
    if (!isOpen || session.wait !== null || decisions.hasDecided(session.runId, before.topic)) return;
    const name = view.brief?.name ?? view.runId;
    dialogs.tell(
      vscode.l10n.t('The changes of {0} have been decided elsewhere. The review is for looking only now.', name),
    );
  };

  return {
    open: (runId, path) => views.openRun(runId, path === undefined ? null : { path, line: 0 }),
    openSubtask: (runId, subtaskId, path) => views.openSubtask(runId, subtaskId, path ?? null),
    acceptAll: (runId) => decisions.acceptAll(runId),
    finish: (runId) => decisions.finish(runId),
    sendBack: (runId, comment) => decisions.sendBack(runId, null, comment),
    run,
    files,
    commits: createCommits(contents, uris),
    close() {
      for (const owned of [walker, tracking, comments, markings, sessions, files]) owned.dispose();
      return stateFiles.close();
    },
  };
}
