import * as vscode from 'vscode';
import { AppError } from '../../protocol/errors.ts';
import { languageModelErrorInfo } from '../../protocol/language-model-errors.ts';
import { editorModelId } from '../../protocol/language-models.ts';
import type { HostApp } from '../app.ts';
import { SECTION } from '../settings.ts';
import { lasting, tell } from './ask.ts';
import { plainLine } from './plain.ts';

/** Which models plan and build. Leave to use a model of the editor is asked for here, and only here: a person has just picked it. */

type Role = 'lead' | 'agent';

const NATIVE = {
  lead: { provider: 'xai', name: 'xAI' },
  agent: { provider: 'anthropic', name: 'Anthropic' },
} as const;

type Choice = { kind: 'native' } | { kind: 'editor'; model: vscode.LanguageModelChat };

export async function pickModels(app: HostApp): Promise<void> {
  const role = await pickRole();
  if (role === null) return;
  const choice = await pickProvider(role);
  if (choice === null) return;
  if (choice.kind === 'native') await useNative(role);
  else await useEditor(app, role, choice.model);
}

function roleLabel(role: Role): string {
  return role === 'lead' ? vscode.l10n.t('Lead: plans and reviews') : vscode.l10n.t('Agents: build');
}

function current(role: Role, key: 'provider' | 'model'): string {
  return vscode.workspace.getConfiguration(SECTION).get<string>(`models.${role}.${key}`, '');
}

async function pickRole(): Promise<Role | null> {
  const items = (['lead', 'agent'] as const).map((role) => ({
    label: roleLabel(role),
    description: `${current(role, 'provider')} · ${current(role, 'model')}`,
    role,
  }));
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Pick Models') });
  return picked?.role ?? null;
}

async function pickProvider(role: Role): Promise<Choice | null> {
  const models = await vscode.lm.selectChatModels();
  const native = {
    label: vscode.l10n.t('{0}, with a key of yours', NATIVE[role].name),
    detail: vscode.l10n.t('The name of the model is asked for next.'),
    choice: { kind: 'native' } as Choice,
  };
  const offered = models.map((model) => ({
    label: plainLine(model.name),
    description: `${model.vendor} · ${model.family}`,
    detail: vscode.l10n.t(
      'A model of the editor: no key, the cost is unknown. At most {0} tokens a request.',
      model.maxInputTokens,
    ),
    choice: { kind: 'editor', model } as Choice,
  }));
  const picked = await vscode.window.showQuickPick([native, ...offered], {
    title: roleLabel(role),
    placeHolder:
      offered.length === 0
        ? vscode.l10n.t('The editor offers no models now: sign in to Copilot, or add an extension that brings some.')
        : vscode.l10n.t('Which model?'),
    matchOnDescription: true,
  });
  return picked?.choice ?? null;
}

async function useNative(role: Role): Promise<void> {
  const { provider, name } = NATIVE[role];
  const before = current(role, 'model');
  const inspected = vscode.workspace.getConfiguration(SECTION).inspect<string>(`models.${role}.model`);
  // The name of an editor's model is none of this provider's.
  const value = current(role, 'provider') === 'editor' ? (inspected?.defaultValue ?? '') : before;
  const text = await vscode.window.showInputBox({
    title: roleLabel(role),
    prompt: vscode.l10n.t('Name of the model, as {0} writes it', name),
    value,
    ignoreFocusOut: true,
    validateInput: (typed) => (/^\S+$/.test(typed.trim()) ? null : vscode.l10n.t('A model has a name without spaces.')),
  });
  if (text !== undefined) await write(role, provider, text.trim());
}

async function useEditor(app: HostApp, role: Role, model: vscode.LanguageModelChat): Promise<void> {
  const title = vscode.l10n.t('Asking {0} whether it may be used', plainLine(model.name));
  const isAllowed = await lasting(title, ({ signal }) => askLeave(model, signal));
  if (isAllowed === null) return;
  app.log.info(`${role}: the editor's model ${editorModelId(model)} answers`);
  await write(role, 'editor', editorModelId(model));
}

const LEAVE_LIMIT_MS = 120_000;

/** One tiny request: the editor asks the person for leave at the first of all. Throws when it is refused. */
async function askLeave(model: vscode.LanguageModelChat, signal: AbortSignal): Promise<true> {
  const source = new vscode.CancellationTokenSource();
  const end = () => source.cancel();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LEAVE_LIMIT_MS)]);
  limit.addEventListener('abort', end, { once: true });
  const ended = Promise.withResolvers<never>();
  limit.addEventListener('abort', () => ended.reject(limit.reason), { once: true });
  try {
    const justification = vscode.l10n.t('Runs of the AI Development Orchestrator plan and build with this model.');
    const request = model.sendRequest(
      [vscode.LanguageModelChatMessage.User('Answer with one word: ok')],
      { justification },
      source.token,
    );
    // An editor that does not answer must not hold the command.
    const response = await Promise.race([request, ended.promise]);
    for await (const _ of response.text) break;
    return true;
  } catch (thrown) {
    if (signal.aborted) throw new AppError({ code: 'aborted', message: 'left by the person', cause: thrown });
    if (limit.aborted) throw new AppError({ code: 'timeout', message: lateText(model), cause: thrown });
    throw AppError.fromInfo(languageModelErrorInfo(thrown, editorModelId(model)));
  } finally {
    limit.removeEventListener('abort', end);
    source.cancel();
    source.dispose();
  }
}

function lateText(model: vscode.LanguageModelChat): string {
  return vscode.l10n.t('{0} did not answer in time. Nothing was changed.', model.name);
}

/** Where the value that counts now stands, so that the new one counts. */
async function write(role: Role, provider: string, model: string): Promise<void> {
  for (const [key, value] of [
    [`models.${role}.provider`, provider],
    [`models.${role}.model`, model],
  ] as const) {
    const configuration = vscode.workspace.getConfiguration(SECTION);
    const isOfWorkspace = configuration.inspect(key)?.workspaceValue !== undefined;
    await configuration.update(
      key,
      value,
      isOfWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
    );
  }
  tell(`${roleLabel(role)}: ${model}`);
}
