import * as vscode from 'vscode';
import type { RunStore } from '../run-store.ts';

const SCHEME = 'orchestrator-deployment';

export function deploymentLogUri(runId: string, index: number, id: string): vscode.Uri {
  const name = id.replace(/[^\w.-]/g, '_');
  return vscode.Uri.from({ scheme: SCHEME, path: `/${runId}/${index}/${name}.log` });
}

/** Logs of deployments as documents that can only be read. */
export function provideDeploymentLogs(runs: RunStore): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent(uri) {
      const [, runId = '', index = ''] = uri.path.split('/');
      const log = runs.get(runId)?.deployments[Number(index)]?.logTail;
      return log === undefined || log === '' ? vscode.l10n.t('There is no log of this deployment.') : log;
    },
  });
}
