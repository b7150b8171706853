import { type Git, type GitPlace, placeOf } from './git-command.ts';
import { recently } from './recent-settings.ts';

export interface Identity {
  name: string;
  email: string;
}

const FALLBACK: Identity = { name: 'AI Development Orchestrator', email: 'orchestrator@localhost' };

/** As git itself does: nothing that ends a field of a commit, and no punctuation at either end. */
function clean(value: string | undefined): string {
  const ends = /^[\0-\x20.,:;<>"\\']+|[\0-\x20.,:;<>"\\']+$/g;
  return (value ?? '').replace(/[<>\n\0]/g, '').replace(ends, '');
}

/**
 * Whose name is on our commits: the user's configured identity when it has both a name and an address, else the
 * program's own. Author and committer are the same.
 */
export async function readIdentity(git: Git, at: string | GitPlace): Promise<Identity> {
  const { stdout } = await git({
    ...placeOf(at),
    args: ['config', '-z', '--get-regexp', '^(user|author)\\.(name|email)$'],
    okExitCodes: [0, 1],
  });
  const settings = new Map<string, string>();
  for (const entry of stdout.toString().split('\0')) {
    const split = entry.indexOf('\n');
    if (split > 0) settings.set(entry.slice(0, split), entry.slice(split + 1));
  }
  const pick = (field: 'name' | 'email'): string =>
    clean(process.env[`GIT_AUTHOR_${field.toUpperCase()}`]) ||
    clean(settings.get(`author.${field}`)) ||
    clean(settings.get(`user.${field}`));
  const identity = { name: pick('name'), email: pick('email') };
  return identity.name === '' || identity.email === '' ? FALLBACK : identity;
}

/** For commits in the middle of a run. */
export const recentIdentity = recently(readIdentity);

/** The variables that fix author, committer and both dates. */
export function identityEnvironment(identity: Identity, dateSeconds: number): Record<string, string> {
  const date = `@${dateSeconds} +0000`;
  return {
    GIT_AUTHOR_NAME: identity.name,
    GIT_AUTHOR_EMAIL: identity.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: identity.name,
    GIT_COMMITTER_EMAIL: identity.email,
    GIT_COMMITTER_DATE: date,
  };
}
