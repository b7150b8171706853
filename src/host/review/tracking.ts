import * as vscode from 'vscode';
import type { HostBase } from '../app.ts';
import { CONTEXT } from '../ids.ts';
import { modifiedSides, tabsWith } from './multi-diff.ts';
import type { Sessions } from './sessions.ts';
import type { Uris } from './uris.ts';

/** What the person looks at: a run's diff, or that of one subtask. */
export interface Subject {
  runId: string;
  subtaskId: string | null;
}

/** Context keys of the review's own: its diff editor is active, that of a subtask, a file of either has the cursor. */
const REVIEW_EDITOR = 'orchestrator.reviewEditor';
const SUBTASK_EDITOR = 'orchestrator.subtaskEditor';
const REVIEW_FILE = 'orchestrator.reviewFile';

/** Follows which review the person looks at. */
export interface Tracking extends vscode.Disposable {
  /** Null when there is none. */
  current(): Subject | null;
  refresh(): void;
}

export function trackEditors(app: HostBase, sessions: Sessions, uris: Uris): Tracking {
  const told = new Map<string, boolean>();
  let last: Subject | null = null;

  const tell = (key: string, value: boolean) => {
    if (told.get(key) === value) return;
    told.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };

  const subjectOf = (uri: vscode.Uri | undefined): Subject | null => {
    const place = uri === undefined ? null : uris.read(uri);
    if (place === null) return null;
    return { runId: place.runId, subtaskId: place.kind === 'commit' ? place.subtaskId : null };
  };
  const ofTab = (): Subject | null => {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    return tab === undefined ? null : subjectOf(modifiedSides(tab)[0]);
  };
  const ofCursor = () => subjectOf(vscode.window.activeTextEditor?.document.uri);

  const refresh = () => {
    const cursor = ofCursor();
    const shown = ofTab() ?? cursor;
    last = shown ?? last;
    const isOpen = sessions.all().some((session) => session.wait !== null);
    tell(CONTEXT.hasReview, isOpen || shown !== null);
    tell(REVIEW_EDITOR, shown !== null && shown.subtaskId === null);
    tell(SUBTASK_EDITOR, shown !== null && shown.subtaskId !== null);
    tell(REVIEW_FILE, cursor !== null && cursor.subtaskId === null);
  };

  const subscriptions = [
    vscode.window.onDidChangeActiveTextEditor(refresh),
    vscode.window.tabGroups.onDidChangeTabs(refresh),
    vscode.window.tabGroups.onDidChangeTabGroups(refresh),
    app.runs.onDidChange(refresh),
  ];
  refresh();
  return {
    current: () => ofTab() ?? ofCursor() ?? last,
    refresh,
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

/** Open diff editors of a run's whole review. */
export function reviewTabs(uris: Uris, runId: string): vscode.Tab[] {
  return tabsWith((modified) => {
    const place = uris.read(modified);
    return place?.kind === 'review' && place.runId === runId;
  });
}

/** Open diff editors between two commits, of a subtask or of the whole run. */
export function commitTabs(uris: Uris, runId: string, subtaskId: string | null): vscode.Tab[] {
  return tabsWith((modified) => {
    const place = uris.read(modified);
    return place?.kind === 'commit' && place.runId === runId && place.subtaskId === subtaskId;
  });
}
