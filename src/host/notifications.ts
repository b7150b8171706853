import * as vscode from 'vscode';
import type { RunView } from '../protocol/view.ts';
import type { HostApp } from './app.ts';
import { sayOver } from './commands/choose.ts';
import { subtaskOf } from './commands/fits.ts';
import { nameOf } from './commands/labels.ts';
import { plain } from './commands/plain.ts';
import { type CommandName, commandId, VIEWS } from './ids.ts';
import { SECTION } from './settings.ts';
import { isStillWaiting, type RunWait, WaitsToSay } from './waits-to-say.ts';

/** Says when a run begins to wait for a person, with what can be done about it; nothing else is worth an interruption. */
export function createNotifications(app: HostApp): vscode.Disposable {
  const waits = new WaitsToSay();
  return app.runs.onDidChange((runIds) => {
    const views = [...runIds].map((runId) => app.runs.get(runId)).filter((view) => view !== undefined);
    const fresh = waits.take(views);
    if (!vscode.workspace.getConfiguration(SECTION).get<boolean>('notifications', true)) return;
    const [only] = fresh;
    if (only === undefined) return;
    if (fresh.length === 1) sayWait(app, only);
    else saySeveral(fresh);
  });
}

interface Action {
  label: string;
  command: CommandName;
}

function actionsOf({ wait }: RunWait): Action[] {
  switch (wait.gate) {
    case 'plan':
      return [
        { label: vscode.l10n.t('Show Plan'), command: 'showPlan' },
        { label: vscode.l10n.t('Approve'), command: 'approvePlan' },
      ];
    case 'diff':
      return [
        { label: vscode.l10n.t('Review'), command: 'reviewChanges' },
        { label: vscode.l10n.t('Accept All'), command: 'acceptAll' },
      ];
    case 'questions':
      return [{ label: vscode.l10n.t('Answer'), command: 'answerQuestions' }];
    case 'subtask':
      return [{ label: vscode.l10n.t('Decide'), command: 'decideSubtask' }];
    case 'deployment':
      return [
        { label: vscode.l10n.t('Decide'), command: 'decideDeployment' },
        { label: vscode.l10n.t('Show Preview'), command: 'showDashboard' },
      ];
    case 'resume':
      return [
        { label: vscode.l10n.t('Resume'), command: 'resume' },
        { label: vscode.l10n.t('Show Log'), command: 'showLog' },
      ];
  }
}

function messageOf({ view, wait }: RunWait): string {
  const name = nameOf(view);
  switch (wait.gate) {
    case 'plan':
      return vscode.l10n.t('{0}: the plan waits for your approval.', name);
    case 'diff':
      return vscode.l10n.t('{0}: the changes wait for your review.', name);
    case 'questions':
      return vscode.l10n.t('{0}: the lead has questions before it plans.', name);
    case 'subtask':
      return vscode.l10n.t('{0}: subtask {1} waits for your decision.', name, subtaskOf(wait) ?? '');
    case 'deployment':
      return view.purpose === 'rollback'
        ? vscode.l10n.t('{0} would delete or lose something and waits for your decision.', name)
        : vscode.l10n.t('{0}: deploying would delete or lose something and waits for your decision.', name);
    case 'resume':
      return vscode.l10n.t('{0} waits: {1}', name, wait.message);
  }
}

function sayWait(app: HostApp, fresh: RunWait): void {
  const { view, wait } = fresh;
  const actions = actionsOf(fresh);
  const isWarning = wait.gate === 'resume' || wait.gate === 'deployment';
  const show = isWarning ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
  show(plain(messageOf(fresh)), ...actions.map(({ label }) => label)).then(
    (label) => {
      const action = actions.find((candidate) => candidate.label === label);
      if (action === undefined) return;
      // The message may have stood there for hours.
      if (!isStillWaiting(app.runs.get(view.runId), wait)) return sayOver();
      const { topic, waitOn, gate } = wait;
      void vscode.commands.executeCommand(commandId(action.command), { runId: view.runId, topic, waitOn, gate });
    },
    // The window is closing.
    () => undefined,
  );
}

/** As when a window opens, or one cause stops several agents: one message. */
function saySeveral(fresh: readonly RunWait[]): void {
  const names = [...new Set(fresh.map(({ view }: { view: RunView }) => nameOf(view)))].join(', ');
  const show = vscode.l10n.t('Show');
  vscode.window.showInformationMessage(vscode.l10n.t('{0} things wait for you: {1}', fresh.length, names), show).then(
    (answer) => {
      if (answer === show) void vscode.commands.executeCommand(`${VIEWS.inbox}.focus`);
    },
    () => undefined,
  );
}
