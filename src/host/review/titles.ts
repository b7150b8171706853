import * as vscode from 'vscode';
import type { RunView } from '../../protocol/view.ts';
import type { HostBase } from '../app.ts';

/** Which of a run's diffs. */
export type DiffKind = { kind: 'run' } | { kind: 'since_look' } | { kind: 'subtask'; subtaskId: string };

/** Two runs may have one name: then the title names the run. */
function nameOf(app: Pick<HostBase, 'runs'>, view: RunView): string {
  const name = view.brief?.name ?? view.runId;
  const isShared = app.runs.all().some((other) => other.runId !== view.runId && other.brief?.name === name);
  return isShared ? `${name} (${view.runId})` : name;
}

export function titleOf(app: Pick<HostBase, 'runs'>, view: RunView, diff: DiffKind): string {
  const name = nameOf(app, view);
  switch (diff.kind) {
    case 'run':
      return vscode.l10n.t('Review: {0}', name);
    case 'since_look':
      return vscode.l10n.t('Since your last look: {0}', name);
    case 'subtask':
      return vscode.l10n.t('{0} of {1}', view.subtasks[diff.subtaskId]?.title ?? diff.subtaskId, name);
  }
}
