import { isAbsolute, join, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { OpenTarget } from '../../protocol/console.ts';
import { AppError } from '../../protocol/errors.ts';
import type { RunView } from '../../protocol/view.ts';
import type { HostBase, Review } from '../app.ts';
import { COMMIT_SCHEME, commandId } from '../ids.ts';
import { deploymentLogUri } from './deployment-logs.ts';

type App = HostBase & { review: Review };

/** Shows in the editor, or the browser, what the console points at. Addresses come from the run, never from the page. */
export async function openTarget(app: App, view: RunView, target: OpenTarget): Promise<void> {
  const { runId } = view;
  switch (target.kind) {
    case 'diff': {
      const path = target.path === null ? [] : [target.path];
      if (target.subtaskId === null) await app.review.open(runId, ...path);
      else await app.review.openSubtask(runId, target.subtaskId, ...path);
      return;
    }
    case 'evidence': {
      const { subtaskId, index } = target;
      await vscode.commands.executeCommand(commandId('openEvidence'), { runId, subtaskId, index });
      return;
    }
    case 'live':
      return openAddress(view.url);
    case 'pull_request':
      return openAddress(view.pullRequest?.url);
    case 'forge_check':
      return openAddress(view.forgeChecks?.runs[target.index]?.url);
    case 'issue':
      return openAddress(view.issue?.url);
    case 'workflow':
      return openAddress(view.workflow?.url);
    case 'deployment': {
      if (view.deployments[target.index] === undefined) throw gone();
      await showText(deploymentLogUri(runId, target.index, view.deployments[target.index]?.id ?? ''), 0);
      return;
    }
    case 'worktree':
      await vscode.commands.executeCommand(commandId('openWorktree'), { runId, subtaskId: target.subtaskId });
      return;
    case 'file':
      return openFile(view, target.path, target.line);
    default:
      return assertNever(target);
  }
}

async function openAddress(address: string | null | undefined): Promise<void> {
  if (address === null || address === undefined) throw gone();
  const uri = vscode.Uri.parse(address, true);
  if (uri.scheme !== 'http' && uri.scheme !== 'https') {
    const userMessage = vscode.l10n.t('{0} is no web address, so it was not opened.', address);
    throw new AppError({ code: 'usage', message: `not opened: ${uri.scheme}`, userMessage });
  }
  await vscode.env.openExternal(await vscode.env.asExternalUri(uri));
}

/** The file in the workspace; where it is not there yet, as the agents left it. */
async function openFile(view: RunView, path: string, line: number): Promise<void> {
  const file = join(view.workspaceDir, path);
  const inside = relative(view.workspaceDir, file);
  if (isAbsolute(path) || inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    const userMessage = vscode.l10n.t('{0} is outside the workspace of the run, so it was not opened.', path);
    throw new AppError({ code: 'usage', message: 'a path outside the workspace', userMessage });
  }
  const onDisk = vscode.Uri.file(file);
  const isThere = await vscode.workspace.fs.stat(onDisk).then(
    () => true,
    () => false,
  );
  if (isThere) return showText(onDisk, line);
  const commit = view.mergeCommit ?? view.diff?.commit;
  if (commit === undefined) throw gone();
  const query = JSON.stringify({ runId: view.runId, commit });
  return showText(vscode.Uri.from({ scheme: COMMIT_SCHEME, path: `/${inside.replaceAll(sep, '/')}`, query }), line);
}

async function showText(uri: vscode.Uri, line: number): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const at = new vscode.Position(Math.max(0, line - 1), 0);
  await vscode.window.showTextDocument(document, { preview: true, selection: new vscode.Range(at, at) });
}

function gone(): AppError {
  const userMessage = vscode.l10n.t('This is not there any more, or not yet. Refresh, and try again.');
  return new AppError({ code: 'not_found', message: 'nothing to open', userMessage });
}

function assertNever(target: never): never {
  throw new AppError({ code: 'internal', message: `unknown target ${JSON.stringify(target)}` });
}
