import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { BriefProblem, Sample } from '../../protocol/service.ts';
import type { HostApp } from '../app.ts';
import { SECTION } from '../settings.ts';
import { lasting, send } from './ask.ts';
import { BRIEF_ENDINGS, briefFormatOf } from './brief-format.ts';
import { plain, plainLine } from './plain.ts';

/** Commands that lead to a new run. */

export async function newTask(app: HostApp): Promise<void> {
  await app.console.show('new', null);
}

/** Reads a brief and fills the form with it; nothing is started. */
export async function runBriefFromFile(app: HostApp, args: readonly unknown[]): Promise<void> {
  const uri = args[0] instanceof vscode.Uri ? args[0] : await pickBrief();
  if (uri === null) return;
  const name = basename(uri.path);
  const format = briefFormatOf(name);
  if (format === null) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('{0} holds no brief: allowed are files that end in {1}.', plain(name), BRIEF_ENDINGS.join(', ')),
    );
    return;
  }
  const check = await app.service.call('parseBrief', { name, text: await readText(uri), format });
  if (check.ok) await app.console.edit(check.brief);
  else await showProblems(app, uri, check.problems);
}

async function pickBrief(): Promise<vscode.Uri | null> {
  const picked = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Brief to Run'),
    openLabel: vscode.l10n.t('Read Brief'),
    filters: { [vscode.l10n.t('Briefs')]: [...BRIEF_ENDINGS] },
  });
  return picked?.[0] ?? null;
}

/** As it is in the editor, when it is open there with unsaved changes. */
async function readText(uri: vscode.Uri): Promise<string> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open !== undefined) return open.getText();
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
}

const SHOWN_PROBLEMS = 3;

async function showProblems(app: HostApp, uri: vscode.Uri, problems: readonly BriefProblem[]): Promise<void> {
  const words = problems.map(({ field, line, message }) => {
    const place = line === null ? field : vscode.l10n.t('line {0}', line);
    return place === '' ? message : `${place}: ${message}`;
  });
  for (const word of words) app.log.warn(`${uri.fsPath}: ${word}`);
  const line = Math.max((problems.find((problem) => problem.line !== null)?.line ?? 1) - 1, 0);
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(line, 0, line, 0) });
  const more = words.length - SHOWN_PROBLEMS;
  const list = words.slice(0, SHOWN_PROBLEMS).join('; ');
  void vscode.window.showErrorMessage(
    plain(
      more > 0
        ? vscode.l10n.t('The brief does not fit: {0}; and {1} more in the log.', list, more)
        : vscode.l10n.t('The brief does not fit: {0}', list),
    ),
  );
}

/** The first start may have to bring up the local cloud. */
const SAMPLE_LIMIT_MS = 120_000;
const DEFAULT_BUDGET_USD = 10;

/** Works without a folder: a sample gets a new one of its own. */
export async function startSample(app: HostApp): Promise<void> {
  const sample = await pickSample(await app.service.call('samples', {}));
  if (sample === null) return;
  const budgetUsd = vscode.workspace.getConfiguration(SECTION).get<number>('budgetUsd', DEFAULT_BUDGET_USD);
  const title = vscode.l10n.t('Starting {0} in the local cloud', plainLine(sample.name));
  const runId = await lasting(title, async ({ signal }) => {
    const call = { number: sample.number, budgetUsd };
    const started = await app.service.call('startSample', call, { timeoutMs: SAMPLE_LIMIT_MS });
    if (!signal.aborted) return started.runId;
    // Asked to stop while it began: it has begun by now, so it is ended.
    await send(app, { type: 'cancel', runId: started.runId });
    return null;
  });
  if (runId === null) return;
  await app.live.add(runId);
  await app.console.show('progress', runId);
}

async function pickSample(samples: readonly Sample[]): Promise<Sample | null> {
  const items = samples.map((sample) => ({
    label: plainLine(sample.name),
    detail: plainLine(sample.description, 200),
    sample,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Start Sample'),
    placeHolder: vscode.l10n.t('Runs in the local cloud on this machine: no keys, no network, nothing is paid.'),
    matchOnDetail: true,
  });
  return picked?.sample ?? null;
}
