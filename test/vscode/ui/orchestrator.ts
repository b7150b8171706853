// What suites see and do of the extension in a workbench.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Frame, Locator, Page } from 'playwright-core';
import { EXTENSION_ID } from '../../../src/host/ids.ts';
import type { Server } from '../harness/server.ts';
import { until } from '../harness/until.ts';
import { webviewFrame } from '../harness/webview.ts';
import type { Ui } from './support.ts';

/** The longest that the recorded models and the checks take for one stage. */
export const STAGE_MS = 60_000;

export async function openContainer(page: Page): Promise<void> {
  await page.locator('.activitybar').getByRole('tab', { name: 'Orchestrator', exact: false }).click();
  await pane(page, 'Tasks').waitFor();
}

export function pane(page: Page, name: 'Waiting for You' | 'Agents' | 'Tasks'): Locator {
  return page.locator('.sidebar .pane', { has: page.getByRole('button', { name: `${name} Section` }) });
}

export function row(page: Page, view: 'Waiting for You' | 'Agents' | 'Tasks', name: RegExp | string): Locator {
  return pane(page, view).getByRole('treeitem', { name });
}

export function consoleFrame(page: Page): Promise<Frame> {
  return webviewFrame(page, { extensionId: EXTENSION_ID, title: 'Orchestrator' });
}

/** The folder that the extension made for the newest run of a sample. */
export function sampleDir(server: Server): string {
  const samples = path.join(server.dataDir, 'data', 'User', 'globalStorage', EXTENSION_ID, 'samples');
  const newest = fs.readdirSync(samples).sort().at(-1);
  if (newest === undefined) throw new Error('no sample was started');
  return path.join(samples, newest);
}

export function git(dir: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim();
}

/** The files of the branch that a run landed. */
export async function landedFiles(dir: string): Promise<string[]> {
  const branch = await until(
    () => git(dir, 'branch', '--list', '--format=%(refname:short)', 'orchestrator/*') || false,
    {
      what: 'the branch of the run',
      timeoutMs: STAGE_MS,
    },
  );
  return git(dir, 'ls-tree', '-r', '--name-only', branch).split('\n');
}

/** Starts the first sample, when starting is not what is tested; it comes to its plan by itself. */
export async function startSample({ server, page }: Pick<Ui, 'server' | 'page'>): Promise<void> {
  await openContainer(page);
  // Not awaited in the extension host: the command asks which sample.
  await server.evaluate((vscode) => void vscode.commands.executeCommand('orchestrator.startSample'));
  await page.locator('.quick-input-list').getByRole('option', { name: 'Harbour Cafe' }).click();
  // It comes up when the run has begun, and takes the focus.
  await (await consoleFrame(page)).getByRole('heading', { name: 'Harbour Cafe' }).waitFor();
}

/** Approves the plan as soon as it is there, and returns when the diff waits for review. */
export async function goToDiff({ server, page }: Pick<Ui, 'server' | 'page'>): Promise<void> {
  await row(page, 'Waiting for You', /Approve the plan/).waitFor({ timeout: STAGE_MS });
  await server.evaluate((vscode) => vscode.commands.executeCommand('orchestrator.approvePlan'));
  await row(page, 'Waiting for You', /Review the changes/).waitFor({ timeout: STAGE_MS });
}

export async function isComplete(page: Page): Promise<void> {
  await row(page, 'Tasks', /Harbour Cafe.*complete/).waitFor({ timeout: STAGE_MS });
}
