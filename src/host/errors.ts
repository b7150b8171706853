import * as vscode from 'vscode';
import { toAppError } from '../protocol/errors.ts';
import type { HostBase } from './app.ts';
import { plain } from './commands/plain.ts';
import { type Remedy, remediesFor } from './commands/remedies.ts';
import { type CommandName, commandId } from './ids.ts';

const COMMAND_OF: Record<Remedy, CommandName> = {
  set_keys: 'setKeys',
  open_settings: 'openSettings',
  use_local_cloud: 'newTask',
  doctor: 'doctor',
  show_log: 'showLog',
};

/** Says what happened, where, and what to do, with the fitting actions. Nothing for what a person ended themselves. */
export function showError(app: HostBase, thrown: unknown): void {
  const error = toAppError(thrown);
  if (error.code === 'aborted') return;
  app.log.error(error.message);
  offer(vscode.window.showErrorMessage, error.userMessage, remediesFor(error.code));
}

type Show = (message: string, ...items: string[]) => Thenable<string | undefined>;

function offer(show: Show, message: string, remedies: readonly Remedy[]): void {
  const labels = new Map(remedies.map((remedy) => [labelOf(remedy), remedy]));
  show(plain(message), ...labels.keys()).then(
    (label) => {
      const remedy = label === undefined ? undefined : labels.get(label);
      if (remedy === undefined) return;
      void vscode.commands.executeCommand(commandId(COMMAND_OF[remedy]));
      if (remedy === 'use_local_cloud') {
        void vscode.window.showInformationMessage(
          vscode.l10n.t(
            'Switch on the local cloud in the form: it stands in for what is not configured. It answers the recorded samples only.',
          ),
        );
      }
    },
    // The window is closing.
    () => undefined,
  );
}

function labelOf(remedy: Remedy): string {
  switch (remedy) {
    case 'set_keys':
      return vscode.l10n.t('Set Keys');
    case 'open_settings':
      return vscode.l10n.t('Open Settings');
    case 'use_local_cloud':
      return vscode.l10n.t('Use Local Cloud');
    case 'doctor':
      return vscode.l10n.t('Run Doctor');
    case 'show_log':
      return vscode.l10n.t('Show Log');
  }
}
