import * as vscode from 'vscode';
import { toAppError } from '../../protocol/errors.ts';
import type { IssueRef } from '../../protocol/work.ts';
import type { HostApp } from '../app.ts';
import { lasting } from './ask.ts';
import { folderToLookAt } from './folder.ts';
import { readIssueRef } from './issue-ref.ts';
import { plainLine } from './plain.ts';

/** Asking a forge takes a request or two; a slow one is given up by the person. */
const LIMIT_MS = 60_000;

/** Fills the form with the brief of an issue, which the run then carries; nothing is started. */
export async function startFromIssue(app: HostApp): Promise<void> {
  const workspaceDir = await folderToLookAt(app);
  if (workspaceDir === null) return;
  const ref = await chooseIssue(app, workspaceDir);
  if (ref === null) return;
  const found = await lasting(vscode.l10n.t('Reading issue {0}', ref), ({ signal }) =>
    app.service.call('readIssue', { ref, workspaceDir }, { signal, timeoutMs: LIMIT_MS }),
  );
  if (found !== null) await app.console.edit(found.brief, { issue: found.issue, workspaceDir });
}

/** Null when the person leaves it. */
async function chooseIssue(app: HostApp, workspaceDir: string): Promise<string | null> {
  const open = await openIssues(app, workspaceDir);
  if (open === null) return null;
  const other = { label: vscode.l10n.t('Type an Issue or Its Address…'), alwaysShow: true, detail: open.trouble };
  const items = open.issues.map((issue) => ({
    label: plainLine(`#${issue.number} ${issue.title}`),
    description: `${issue.owner}/${issue.name}`,
    issue,
  }));
  const picked = await vscode.window.showQuickPick([other, ...items], {
    title: vscode.l10n.t('Start From a GitHub Issue'),
    placeHolder: vscode.l10n.t('Which issue? The form is filled from it; nothing is started yet.'),
    matchOnDescription: true,
  });
  if (picked === undefined) return null;
  return 'issue' in picked ? `${picked.issue.owner}/${picked.issue.name}#${picked.issue.number}` : typeIssue();
}

/** Null when the person does not want to wait. Without a list an issue can still be typed. */
async function openIssues(
  app: HostApp,
  workspaceDir: string,
): Promise<{ issues: readonly IssueRef[]; trouble: string } | null> {
  try {
    const issues = await lasting(vscode.l10n.t('Reading the open issues'), ({ signal }) =>
      app.service.call('openIssues', { workspaceDir }, { signal, timeoutMs: LIMIT_MS }),
    );
    return issues === null ? null : { issues, trouble: '' };
  } catch (thrown) {
    const { message, userMessage } = toAppError(thrown);
    app.log.warn(`open issues: ${message}`);
    return {
      issues: [],
      trouble: vscode.l10n.t('The open issues could not be read: {0}', plainLine(userMessage, 200)),
    };
  }
}

async function typeIssue(): Promise<string | null> {
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('Start From a GitHub Issue'),
    prompt: vscode.l10n.t('The issue, as {0}, or its web address', 'owner/repo#12'),
    placeHolder: 'owner/repo#12',
    ignoreFocusOut: true,
    validateInput: (value) =>
      value.trim() === '' || readIssueRef(value) !== null
        ? null
        : vscode.l10n.t(
            'Give it as {0}, as {1} of this folder’s repository, or as a web address.',
            'owner/repo#12',
            '#12',
          ),
  });
  return typed === undefined ? null : readIssueRef(typed);
}
