import * as vscode from 'vscode';
import type { BriefDraft, DraftCheck } from '../../protocol/console.ts';
import { AppError } from '../../protocol/errors.ts';
import type { HostBase } from '../app.ts';
import { workspaceDirs } from '../settings.ts';
import { atFields, briefOf, type FolderProblem, folderProblem, parseBudget } from './draft.ts';

/** What is wrong with a draft, as the command line would say it, and what it may take. */
export async function checkDraft(app: HostBase, draft: BriefDraft): Promise<DraftCheck> {
  const candidate = briefOf(draft);
  const folder = folderProblem(draft.workspaceDir, workspaceDirs());
  const problems = [
    ...(folder === null ? [] : [{ field: 'workspaceDir', message: folderMessage(folder) }]),
    ...(parseBudget(draft.budgetUsd) === null ? [{ field: 'budgetUsd', message: budgetMessage() }] : []),
  ];
  const check = await app.service.call('checkBrief', { brief: candidate.brief });
  if (!check.ok)
    return { check: { ok: false, problems: atFields(check.problems, candidate) }, problems, estimate: null };
  const workspaceDir = draft.workspaceDir || workspaceDirs()[0];
  const estimate =
    workspaceDir === undefined || folder === 'not_absolute'
      ? null
      : await app.service.call('estimateBrief', { brief: check.brief, workspaceDir });
  return { check, problems, estimate };
}

/** Starts the run that the draft describes. Throws for a draft that does not fit, or what is not configured. */
export async function startRun(app: HostBase, draft: BriefDraft): Promise<string> {
  requireTrusted();
  const { check, problems } = await checkDraft(app, draft);
  const budgetUsd = parseBudget(draft.budgetUsd);
  if (!check.ok || problems.length > 0 || budgetUsd === null) {
    const messages = [...(check.ok ? [] : check.problems), ...problems].map(({ field, message }) =>
      field === '' ? message : `${field}: ${message}`,
    );
    throw new AppError({
      code: 'brief_invalid',
      message: messages.join('; '),
      userMessage: vscode.l10n.t('Nothing was started: the form has mistakes.\n{0}', messages.join('\n')),
    });
  }
  const { workspaceDir, askQuestions, until, local, issue } = draft;
  const { runId } = await app.service.call('dispatch', {
    intent: {
      ...{ type: 'start', brief: check.brief, workspaceDir, autoApprove: false, askQuestions, budgetUsd, until },
      issue,
    },
    local,
  });
  await app.live.add(runId);
  return runId;
}

export function requireTrusted(): void {
  if (vscode.workspace.isTrusted) return;
  throw new AppError({
    code: 'usage',
    message: 'the workspace is not trusted',
    userMessage: vscode.l10n.t(
      'Nothing is started or accepted in Restricted Mode. Trust this workspace first ("Workspaces: Manage Workspace Trust").',
    ),
  });
}

function folderMessage(problem: FolderProblem): string {
  switch (problem) {
    case 'none_chosen':
      return vscode.l10n.t('choose the folder to work in; it may be empty');
    case 'not_absolute':
      return vscode.l10n.t('must be an absolute path');
    case 'not_open':
      return vscode.l10n.t('is not open in this window; choose it again to open it, or take a folder of this window');
  }
}

const budgetMessage = () => vscode.l10n.t('must be an amount above 0 in US dollars, such as 5 or 7.50');
