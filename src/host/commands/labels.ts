import * as vscode from 'vscode';
import type { Stage } from '../../protocol/events.ts';
import type { RunView } from '../../protocol/view.ts';
import { purposeName } from '../trees/wording.ts';
import { plainLine } from './plain.ts';

/** Words for the states of runs. */

export function nameOf(view: RunView): string {
  const name = view.brief?.name ?? (view.slug === '' ? view.runId : view.slug);
  return plainLine(purposeName({ l10n: vscode.l10n }, view.purpose, name), 60);
}

export function stageLabel(stage: Stage): string {
  switch (stage) {
    case 'brief':
      return vscode.l10n.t('Brief');
    case 'plan':
      return vscode.l10n.t('Plan');
    case 'build':
      return vscode.l10n.t('Build');
    case 'review':
      return vscode.l10n.t('Review');
    case 'commit':
      return vscode.l10n.t('Commit');
    case 'deploy':
      return vscode.l10n.t('Deploy');
    case 'done':
      return vscode.l10n.t('Done');
  }
}

export function statusLabel(status: RunView['status']): string {
  switch (status) {
    case 'running':
      return vscode.l10n.t('running');
    case 'waiting':
      return vscode.l10n.t('waiting');
    case 'complete':
      return vscode.l10n.t('complete');
    case 'failed':
      return vscode.l10n.t('failed');
    case 'cancelled':
      return vscode.l10n.t('cancelled');
  }
}

export function usd(amount: number): string {
  return `$${amount.toFixed(2)}`;
}
