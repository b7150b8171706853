import { AppError } from '../../protocol/errors.ts';
import { type Store, same } from './state.ts';
import type { Repo } from './state-schema.ts';
import { USER_LOGIN } from './user-login.ts';

/** What a person is to every repository of the stand-in; GitHub has more values, which nobody here can have. */
type Association = 'OWNER' | 'MEMBER' | 'COLLABORATOR' | 'NONE';

/** An owner may do everything, members and collaborators may push, all others read what is public and comment. */
type Role = 'admin' | 'write' | 'read' | 'none';

/** One more person of the stand-in. */
export interface GithubUser {
  login: string;
  token: string;
  association: Association;
  /** Scopes of the token, a classic one. Default `repo` and `workflow`. */
  scopes?: readonly string[];
  /** Makes the token a fine-grained one, which has these permissions and no scopes: `{contents: 'write'}`. */
  permissions?: Permissions;
}

type Permissions = Readonly<Record<string, 'read' | 'write'>>;

/** Who a request comes from, by its token. */
export interface Account {
  login: string;
  scopes: readonly string[];
  /** Null for a classic token. */
  permissions: Permissions | null;
}

export interface Accounts {
  /** Null for a token that is unknown or revoked. */
  byToken(token: string): Account | null;
  revoke(token: string): void;
  association(repo: Repo, login: string): Association;
  role(repo: Repo, login: string): Role;
  /** Whether a repository for an unknown organization makes the organization. */
  mayFoundOrganizations(login: string): boolean;
  /** GitHub's sentence when the person may not make repositories in that organization, or null. */
  refusalToCreate(organization: string, login: string): string | null;
}

/** An organization that is there from the start. */
export interface GithubOrganization {
  login: string;
  /** False: nobody but the default user and owners may make repositories in it. Default true: members may too. */
  membersCreateRepositories?: boolean;
}

const DEFAULT_SCOPES = ['repo', 'workflow'];

/** The first tokens are the default user's, who owns everything. Each login has one association, whatever the repository. */
export function createAccounts(
  store: Store,
  tokens: readonly string[],
  users: readonly GithubUser[],
  organizations: readonly GithubOrganization[] | undefined,
): Accounts {
  const byToken = new Map<string, Account>();
  const associations = new Map<string, Association>();
  for (const token of tokens) byToken.set(token, { login: USER_LOGIN, scopes: DEFAULT_SCOPES, permissions: null });
  for (const user of users) {
    if (byToken.has(user.token)) {
      throw new AppError({ code: 'configuration', message: `Two users of the GitHub stand-in have one token.` });
    }
    const { login } = store.account(user.login, 'User');
    const permissions = user.permissions ?? null;
    const scopes = permissions === null ? (user.scopes ?? DEFAULT_SCOPES) : [];
    byToken.set(user.token, { login, scopes, permissions });
    associations.set(login.toLowerCase(), user.association);
  }
  const association = (repo: Repo, login: string): Association =>
    same(login, USER_LOGIN) || same(login, repo.owner) ? 'OWNER' : (associations.get(login.toLowerCase()) ?? 'NONE');
  for (const { login } of organizations ?? []) store.account(login, 'Organization');
  return {
    mayFoundOrganizations: (login) => organizations === undefined && same(login, USER_LOGIN),
    refusalToCreate(organization, login) {
      const is = same(login, USER_LOGIN) ? 'OWNER' : (associations.get(login.toLowerCase()) ?? 'NONE');
      const set = organizations?.find((entry) => same(entry.login, organization));
      if (is === 'OWNER' || (is === 'MEMBER' && set?.membersCreateRepositories !== false)) return null;
      return is === 'MEMBER'
        ? 'You do not have permission to create repositories in this organization.'
        : 'You need admin access to the organization before adding a repository to it.';
    },
    byToken: (token) => byToken.get(token) ?? null,
    revoke: (token) => void byToken.delete(token),
    association,
    role(repo, login) {
      const is = association(repo, login);
      if (is === 'OWNER') return 'admin';
      if (is !== 'NONE') return 'write';
      return repo.private ? 'none' : 'read';
    },
  };
}

/** Whether a token may touch a repository at all beyond reading what is public; a fine-grained one is asked route by route. */
export function hasRepositoryScope(account: Account, isPrivate: boolean): boolean {
  if (account.permissions !== null) return true;
  return account.scopes.includes('repo') || (!isPrivate && account.scopes.includes('public_repo'));
}

/** Whether a fine-grained token has that permission; a classic one is judged by its scopes alone. */
export function hasPermission(account: Account, name: string, level: 'read' | 'write'): boolean {
  if (account.permissions === null) return true;
  const held = account.permissions[name];
  return held === 'write' || (held !== undefined && level === 'read');
}

export function mayPushWorkflows(account: Account): boolean {
  return account.permissions === null
    ? account.scopes.includes('workflow')
    : hasPermission(account, 'workflows', 'write');
}
