import * as vscode from 'vscode';
import { SecretName } from '../protocol/service.ts';

/** Keys live in the editor's SecretStorage and nowhere else. GitHub's may also be a session of the editor's own sign-in. */
export interface Keys extends vscode.Disposable {
  /** The keys that are set. GitHub: a stored token, else a session that the person has already allowed; never asks. */
  all(): Promise<Partial<Record<SecretName, string>>>;
  has(name: SecretName): Promise<boolean>;
  set(name: SecretName, value: string): Promise<void>;
  remove(name: SecretName): Promise<void>;
  /** Asks for a session with the rights that a run needs. Throws when the person refuses. */
  signInToGitHub(): Promise<vscode.AuthenticationSession>;
  readonly onDidChange: vscode.Event<void>;
}

/** `repo`: create, push, pull request, merge. `workflow`: push files below .github/workflows. */
const GITHUB_SCOPES = ['repo', 'workflow'];
const GITHUB_PROVIDER = 'github';

const storageKey = (name: SecretName) => `orchestrator.${name}`;

export function createKeys(context: vscode.ExtensionContext): Keys {
  const { secrets } = context;
  const changed = new vscode.EventEmitter<void>();
  const subscriptions = [
    secrets.onDidChange((event) => {
      if (SecretName.options.some((name) => storageKey(name) === event.key)) changed.fire();
    }),
    vscode.authentication.onDidChangeSessions((event) => {
      if (event.provider.id === GITHUB_PROVIDER) changed.fire();
    }),
  ];

  const githubSession = async (): Promise<string | undefined> => {
    try {
      const session = await vscode.authentication.getSession(GITHUB_PROVIDER, GITHUB_SCOPES, { silent: true });
      return session?.accessToken;
    } catch {
      // An editor without this provider has no session; a token can be stored instead.
      return undefined;
    }
  };

  return {
    async all() {
      const found: Partial<Record<SecretName, string>> = {};
      for (const name of SecretName.options) {
        const value = await secrets.get(storageKey(name));
        if (value !== undefined) found[name] = value;
      }
      const token = found.GITHUB_TOKEN ?? (await githubSession());
      return token === undefined ? found : { ...found, GITHUB_TOKEN: token };
    },
    has: async (name) => (await secrets.get(storageKey(name))) !== undefined,
    async set(name, value) {
      await secrets.store(storageKey(name), value);
    },
    async remove(name) {
      await secrets.delete(storageKey(name));
    },
    async signInToGitHub() {
      return vscode.authentication.getSession(GITHUB_PROVIDER, GITHUB_SCOPES, { createIfNone: true });
    },
    onDidChange: changed.event,
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
      changed.dispose();
    },
  };
}
