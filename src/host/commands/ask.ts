import * as vscode from 'vscode';
import { toAppError } from '../../protocol/errors.ts';
import type { Intent } from '../../protocol/intents.ts';
import type { HostApp } from '../app.ts';
import { plain } from './plain.ts';

/** What commands have in common: asking, telling, waiting, and sending an intent. */

/** Modal; true when the person says so. */
export async function confirm(question: string, detail: string, yes: string): Promise<boolean> {
  const answer = await vscode.window.showWarningMessage(plain(question), { modal: true, detail: plain(detail) }, yes);
  return answer === yes;
}

/** Null when the person leaves it. */
export async function askComment(title: string, prompt: string): Promise<string | null> {
  const text = await vscode.window.showInputBox({
    title,
    prompt,
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === '' ? vscode.l10n.t('Say what should be different.') : null),
  });
  const comment = text?.trim() ?? '';
  return comment === '' ? null : comment;
}

const TOLD_MS = 5_000;

/** A word in the status bar: what was asked for is under way. */
export function tell(message: string): void {
  vscode.window.setStatusBarMessage(plain(message), TOLD_MS);
}

export interface Lasting {
  /** Aborted when the person cancels. */
  signal: AbortSignal;
  report(message: string): void;
}

const QUICK_MS = 400;

/** Work that gets a notification with a cancel button when it is not done at once. Null when the person cancels. */
export async function lasting<T>(title: string, work: (lasting: Lasting) => Promise<T>): Promise<T | null> {
  const controller = new AbortController();
  let progress: vscode.Progress<{ message: string }> | null = null;
  const working = work({ signal: controller.signal, report: (message) => progress?.report({ message }) });
  if (await isQuick(working)) return working;
  const options = { location: vscode.ProgressLocation.Notification, title: plain(title), cancellable: true };
  return vscode.window.withProgress(options, async (shown, token) => {
    progress = shown;
    const subscription = token.onCancellationRequested(() => controller.abort());
    try {
      return await working;
    } catch (thrown) {
      if (controller.signal.aborted && toAppError(thrown).code === 'aborted') return null;
      throw thrown;
    } finally {
      subscription.dispose();
    }
  });
}

async function isQuick(working: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), QUICK_MS);
  const done = () => true;
  try {
    return await Promise.race([working.then(done, done), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether this process goes on with the run after the intent. */
function isExecuting(intent: Intent): boolean {
  return intent.type !== 'pause' && intent.type !== 'cancel' && intent.type !== 'delete';
}

/** Returns the run that the intent concerns, which is a new one after `deploy`. */
export async function send(app: HostApp, intent: Intent): Promise<string> {
  const { runId } = await app.service.call('dispatch', { intent, local: false });
  if (isExecuting(intent)) await app.live.add(runId);
  return runId;
}
