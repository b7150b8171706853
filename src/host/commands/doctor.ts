import * as vscode from 'vscode';
import type { HostApp } from '../app.ts';
import { lasting } from './ask.ts';
import { doctorText } from './doctor-text.ts';
import { showDocument } from './documents.ts';
import { folderToLookAt } from './folder.ts';

export async function doctor(app: HostApp): Promise<void> {
  const workspaceDir = await folderToLookAt(app);
  if (workspaceDir === null) return;
  const diagnoses = await lasting(vscode.l10n.t('Looking at what a run needs'), ({ signal }) =>
    app.service.call('doctor', { workspaceDir }, { signal }),
  );
  if (diagnoses === null) return;
  const text = doctorText(diagnoses, {
    title: vscode.l10n.t('What a run needs on this machine ({0})', workspaceDir),
    states: { ok: vscode.l10n.t('OK'), warning: vscode.l10n.t('Warning'), missing: vscode.l10n.t('Missing') },
    todo: vscode.l10n.t('to do'),
  });
  await showDocument(app, 'doctor/doctor.txt', text);
  const count = (state: 'warning' | 'missing') => diagnoses.filter((diagnosis) => diagnosis.state === state).length;
  const missing = count('missing');
  const warnings = count('warning');
  if (missing > 0) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('A run would fail: {0} missing, {1} warnings. The table says what to do.', missing, warnings),
    );
  } else if (warnings > 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Runs work, with {0} warnings. The table says what to do.', warnings),
    );
  } else void vscode.window.showInformationMessage(vscode.l10n.t('Everything that a run needs is there.'));
}
