import * as vscode from 'vscode';
import { LEAVE_OUT, leavesDataBehind, lossesOf } from '../../protocol/losses.ts';
import type { RunView } from '../../protocol/view.ts';
import type { HostApp } from '../app.ts';
import { confirm, send, tell } from './ask.ts';
import { lossTexts } from './change-text.ts';
import { chooseRun, sayOver } from './choose.ts';
import { canDeploy, canRollBack, waitFor, waitsAt } from './fits.ts';
import { nameOf } from './labels.ts';
import { plain } from './plain.ts';
import type { Target } from './target.ts';

/** Commands about what a run deploys, and what is undone of it. */

export async function deploy(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: canDeploy,
    ask: vscode.l10n.t('Deploy which run?'),
    none: vscode.l10n.t(
      'No run waits to be deployed. One does when it was asked to stop after its commit; others deploy by themselves, or wait for Resume.',
    ),
  });
  if (view === null) return;
  const runId = await send(app, { type: 'deploy', runId: view.runId });
  await app.console.show('progress', runId);
}

export async function rollBack(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: canRollBack,
    ask: vscode.l10n.t('Roll back the deployment of which run?'),
    none: vscode.l10n.t('No deployment can be rolled back. One can when the run that made it has ended.'),
  });
  if (view === null) return;
  const isSure = await confirm(
    vscode.l10n.t('Roll back the deployment of {0}?', nameOf(view)),
    vscode.l10n.t(
      'A new run begins, which first shows what it would do: put back what was deployed before, and open a pull request that reverts what was merged. It names what cannot be undone, and asks before it deletes or loses anything.',
    ),
    vscode.l10n.t('Start Rollback'),
  );
  if (!isSure) return;
  const runId = await send(app, { type: 'rollback', runId: view.runId });
  await app.console.show('progress', runId);
}

/** What a deployment would lose: the first button, which Enter presses, loses nothing. */
export async function decideDeployment(app: HostApp, target: Target): Promise<void> {
  const view = await chooseRun(app, target, {
    fits: (candidate) => waitsAt(candidate, 'deployment').length > 0,
    ask: vscode.l10n.t('Decide about the deployment of which run?'),
    none: vscode.l10n.t('No deployment waits for a decision. One does when it would delete or lose something.'),
  });
  if (view === null) return;
  const wait = waitFor(view, 'deployment', target);
  if (wait === undefined) return sayOver();
  const leaveOut = vscode.l10n.t('Leave These Out');
  const make = vscode.l10n.t('Make Them, and Lose This');
  const answer = await vscode.window.showWarningMessage(
    plain(questionAbout(view)),
    { modal: true, detail: plain(detailOf(view, wait.message)) },
    leaveOut,
    make,
  );
  const { topic, waitOn } = wait;
  if (answer === leaveOut) {
    await send(app, { type: 'reject', runId: view.runId, comment: LEAVE_OUT, topic, waitOn });
    tell(
      leavesDataBehind(lossesOf(view))
        ? vscode.l10n.t('{0} deploys nothing, and waits.', nameOf(view))
        : vscode.l10n.t('{0} goes on without what would lose something.', nameOf(view)),
    );
  } else if (answer === make) {
    await send(app, { type: 'approve', gate: 'deployment', runId: view.runId, topic, waitOn });
    tell(vscode.l10n.t('{0} makes all of its changes.', nameOf(view)));
  }
}

function questionAbout(view: RunView): string {
  const name = nameOf(view);
  return view.purpose === 'rollback'
    ? vscode.l10n.t('{0} would delete or lose something. Do it?', name)
    : vscode.l10n.t('Deploying {0} would delete or lose something. Do it?', name);
}

/** Names what is lost; the words of the run where it has no list. */
function detailOf(view: RunView, message: string): string {
  const losses = lossTexts({ l10n: vscode.l10n }, view);
  return losses.length === 0 ? message : losses.map((text) => `– ${text}`).join('\n');
}
