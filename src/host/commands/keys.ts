import * as vscode from 'vscode';
import { SecretName } from '../../protocol/service.ts';
import type { HostApp } from '../app.ts';
import { commandId } from '../ids.ts';
import { tell } from './ask.ts';
import { keyProblem, usualBeginnings } from './key-shapes.ts';

/** Keys go from a password box into the secret storage, and nowhere else. */

function purposeOf(name: SecretName): string {
  switch (name) {
    case 'XAI_API_KEY':
      return vscode.l10n.t('xAI: the lead, who plans and reviews');
    case 'ANTHROPIC_API_KEY':
      return vscode.l10n.t('Anthropic: the agents, who build');
    case 'GITHUB_TOKEN':
      return vscode.l10n.t('GitHub: repository and pull request; signing in works as well');
    case 'APPWRITE_API_KEY':
      return vscode.l10n.t('Appwrite: deployment');
    case 'ORCHESTRATOR_RECORDS_KEY':
      return vscode.l10n.t('Appwrite: records that your team shares; optional');
  }
}

async function keyItems(app: HostApp) {
  return Promise.all(
    SecretName.options.map(async (name) => {
      const isSet = await app.keys.has(name);
      const state = isSet ? vscode.l10n.t('set') : vscode.l10n.t('not set');
      return { label: name, description: state, detail: purposeOf(name), name, isSet };
    }),
  );
}

export async function setKeys(app: HostApp): Promise<void> {
  const picked = await vscode.window.showQuickPick(await keyItems(app), {
    title: vscode.l10n.t('Set Keys'),
    placeHolder: vscode.l10n.t('Which key? They stay in the secret storage of the editor.'),
  });
  if (picked === undefined) return;
  const { name } = picked;
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Set {0}', name),
    prompt: purposeOf(name),
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) => validation(name, value),
  });
  if (text === undefined) return;
  await app.keys.set(name, text.trim());
  offerTest(name);
}

function validation(name: SecretName, value: string): string | vscode.InputBoxValidationMessage | null {
  const problem = keyProblem(name, value);
  switch (problem) {
    case null:
      return null;
    case 'empty':
      return vscode.l10n.t('Paste the key, or leave with Escape.');
    case 'not_a_key':
      return vscode.l10n.t('A key is one word of plain letters, digits and signs.');
    case 'short':
      return vscode.l10n.t('That is too short for a key.');
    case 'unusual':
      return {
        message: vscode.l10n.t(
          'Keys of this kind usually begin with {0}. It is stored all the same.',
          usualBeginnings(name),
        ),
        severity: vscode.InputBoxValidationSeverity.Warning,
      };
  }
}

function offerTest(name: SecretName): void {
  const test = vscode.l10n.t('Test Keys');
  const more = vscode.l10n.t('Set Another');
  vscode.window.showInformationMessage(vscode.l10n.t('{0} is set.', name), test, more).then(
    (answer) => {
      if (answer === test) void vscode.commands.executeCommand(commandId('testKeys'));
      if (answer === more) void vscode.commands.executeCommand(commandId('setKeys'));
    },
    () => undefined,
  );
}

export async function removeKeys(app: HostApp): Promise<void> {
  const set = (await keyItems(app)).filter((item) => item.isSet);
  if (set.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('No keys are set here. A GitHub session is ended in the Accounts menu of the editor.'),
    );
    return;
  }
  const picked = await vscode.window.showQuickPick(set, {
    title: vscode.l10n.t('Remove Keys'),
    placeHolder: vscode.l10n.t('Which keys?'),
    canPickMany: true,
  });
  if (picked === undefined || picked.length === 0) return;
  for (const { name } of picked) await app.keys.remove(name);
  tell(vscode.l10n.t('Removed: {0}', picked.map(({ name }) => name).join(', ')));
}

export async function signInToGitHub(app: HostApp): Promise<void> {
  let account: string;
  try {
    account = (await app.keys.signInToGitHub()).account.label;
  } catch (thrown) {
    // The editor says no more than that there is no session, whoever refused it.
    app.log.warn(`no GitHub session: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    const setToken = vscode.l10n.t('Set Keys');
    vscode.window.showWarningMessage(vscode.l10n.t('Not signed in to GitHub. A token works as well.'), setToken).then(
      (answer) => {
        if (answer === setToken) void vscode.commands.executeCommand(commandId('setKeys'));
      },
      () => undefined,
    );
    return;
  }
  void vscode.window.showInformationMessage(
    (await app.keys.has('GITHUB_TOKEN'))
      ? vscode.l10n.t(
          'Signed in to GitHub as {0}. A stored GITHUB_TOKEN is used before it; remove that to use the session.',
          account,
        )
      : vscode.l10n.t('Signed in to GitHub as {0}.', account),
  );
}
