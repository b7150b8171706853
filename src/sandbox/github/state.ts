import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '../../protocol/errors.ts';

const Owner = z.strictObject({ id: z.int(), login: z.string(), type: z.enum(['User', 'Organization']) });
export type Owner = z.infer<typeof Owner>;

const Repo = z.strictObject({
  id: z.int(),
  owner: z.string(),
  name: z.string(),
  private: z.boolean(),
  description: z.string().nullable(),
  homepage: z.string().nullable(),
  archived: z.boolean(),
  defaultBranch: z.string(),
  /** Kilobytes of the object store, measured after each push. */
  sizeKb: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
  pushedAt: z.string(),
  lastNumber: z.int(),
});
export type Repo = z.infer<typeof Repo>;

const Pull = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  number: z.int(),
  title: z.string(),
  body: z.string().nullable(),
  draft: z.boolean(),
  state: z.enum(['open', 'closed']),
  headRef: z.string(),
  headSha: z.string(),
  baseRef: z.string(),
  /** Tip of the base while open; as it was before the merge afterwards. */
  baseSha: z.string(),
  mergedAt: z.string().nullable(),
  mergeSha: z.string().nullable(),
  labels: z.array(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
  closedAt: z.string().nullable(),
});
export type Pull = z.infer<typeof Pull>;

const Comment = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  number: z.int(),
  body: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Comment = z.infer<typeof Comment>;

const Label = z.strictObject({ id: z.int(), repoId: z.int(), name: z.string(), color: z.string() });
export type Label = z.infer<typeof Label>;

const CheckRun = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  suiteId: z.int(),
  sha: z.string(),
  branch: z.string(),
  name: z.string(),
  status: z.enum(['queued', 'in_progress', 'completed']),
  conclusion: z.enum(['success', 'failure', 'timed_out']).nullable(),
  title: z.string().nullable(),
  summary: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
});
export type CheckRun = z.infer<typeof CheckRun>;

const CommitStatus = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  sha: z.string(),
  state: z.enum(['error', 'failure', 'pending', 'success']),
  context: z.string(),
  description: z.string().nullable(),
  targetUrl: z.string().nullable(),
  createdAt: z.string(),
});
export type CommitStatus = z.infer<typeof CommitStatus>;

const State = z.strictObject({
  version: z.literal(1),
  token: z.string(),
  lastId: z.int(),
  owners: z.array(Owner),
  repos: z.array(Repo),
  pulls: z.array(Pull),
  comments: z.array(Comment),
  labels: z.array(Label),
  checkRuns: z.array(CheckRun),
  statuses: z.array(CommitStatus),
});
type State = z.infer<typeof State>;

/** The login that every token of the stand-in belongs to. */
export const USER_LOGIN = 'local-developer';

/** Everything the stand-in knows apart from what git holds: one JSON file, replaced whole on every `save`. */
export interface Store {
  readonly state: State;
  readonly reposDir: string;
  nextId(): number;
  save(): void;
  repoDir(repo: Repo): string;
  owner(login: string): Owner;
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
  return {
    state,
    reposDir,
    nextId,
    save,
    repoDir: (repo) => join(reposDir, repo.owner, `${repo.name}.git`),
    owner(login) {
      const known = state.owners.find((owner) => same(owner.login, login));
      if (known !== undefined) return known;
      const added: Owner = { id: nextId(), login, type: 'Organization' };
      state.owners.push(added);
      return added;
    },
    findRepo: (owner, name) => state.repos.find((repo) => same(repo.owner, owner) && same(repo.name, name)),
  };
}

function readState(file: string): State {
  if (!existsSync(file)) {
    return {
      version: 1,
      token: `ghp_${randomBytes(27).toString('base64url').replaceAll(/[-_]/g, '0')}`,
      lastId: 1000,
      owners: [{ id: 1, login: USER_LOGIN, type: 'User' }],
      repos: [],
      pulls: [],
      comments: [],
      labels: [],
      checkRuns: [],
      statuses: [],
    };
  }
  try {
    return State.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new AppError({
      code: 'storage_failed',
      message: `${file} is not a state file of the GitHub stand-in, version 1.`,
      userMessage: `The GitHub stand-in cannot read ${file}. Move that file away, or choose another data folder.`,
      cause,
    });
  }
}

/** GitHub compares names of owners and repositories without case. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
