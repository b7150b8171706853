import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { type Owner, type Repo, State } from './state-schema.ts';
import { USER_LOGIN } from './user-login.ts';

/** Everything the stand-in knows apart from what git holds: one JSON file, replaced whole on every `save`. */
export interface Store {
  readonly state: State;
  readonly reposDir: string;
  nextId(): number;
  save(): void;
  repoDir(repo: Repo): string;
  /** An unknown login is taken for an organization. */
  owner(login: string): Owner;
  /** Makes the account when there is none of the login. */
  account(login: string, type: Owner['type']): Owner;
  findRepo(owner: string, name: string): Repo | undefined;
}

export function openStore(dataDir: string): Store {
  const reposDir = join(dataDir, 'repos');
  mkdirSync(reposDir, { recursive: true });
  const file = join(dataDir, 'state.json');
  const state = readState(file);

  const save = (): void => {
    const next = `${file}.next`;
    writeFileSync(next, JSON.stringify(state, null, 1), { mode: 0o600 });
    renameSync(next, file);
  };
  const nextId = (): number => {
    state.lastId += 1;
    return state.lastId;
  };
  const account = (login: string, type: Owner['type']): Owner => {
    const known = state.owners.find((owner) => same(owner.login, login));
    if (known !== undefined) return known;
    const added: Owner = { id: nextId(), login, type };
    state.owners.push(added);
    return added;
  };
  return {
    state,
    reposDir,
    nextId,
    save,
    repoDir: (repo) => join(reposDir, repo.owner, `${repo.name}.git`),
    owner: (login) => account(login, 'Organization'),
    account,
    findRepo: (owner, name) => state.repos.find((repo) => same(repo.owner, owner) && same(repo.name, name)),
  };
}

function readState(file: string): State {
  if (!existsSync(file)) {
    return {
      version: 2,
      token: `ghp_${randomBytes(27).toString('base64url').replaceAll(/[-_]/g, '0')}`,
      lastId: 1000,
      owners: [{ id: 1, login: USER_LOGIN, type: 'User' }],
      repos: [],
      pulls: [],
      comments: [],
      labels: [],
      checkRuns: [],
      statuses: [],
      issues: [],
      reviews: [],
      reviewComments: [],
      protections: [],
      rules: [],
      queue: [],
      queueEvents: [],
      workflows: [],
      workflowRuns: [],
      jobs: [],
      renames: [],
    };
  }
  try {
    return State.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new AppError({
      code: 'storage_failed',
      message: `${file} is not a state file of the GitHub stand-in, version 1 or 2.`,
      userMessage: `The GitHub stand-in cannot read ${file}. Move that file away, or choose another data folder.`,
      cause,
    });
  }
}

/** GitHub compares names of owners and repositories without case. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
