import { rmSync } from 'node:fs';
import * as z from 'zod';
import { hasRepositoryScope } from './accounts.ts';
import { branchTip } from './git.ts';
import { ApiError, type Call, invalid, notFound, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { personOf, refreshRepository } from './pulls.ts';
import { privateUserJson, repoApi, repositoryJson, userJson } from './shapes-repository.ts';
import { same } from './state.ts';
import type { Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import { USER_LOGIN } from './user-login.ts';
import type { World } from './world.ts';

/** The repository that a call names, or GitHub's 404. */
export function repoOf(world: World, call: Call): Repo {
  const repo = world.store.findRepo(call.params.owner ?? '', call.params.repo ?? '');
  if (repo === undefined) throw notFound();
  return repo;
}

const NewRepository = z.object({
  name: z.string().min(1).max(100),
  description: z.string().nullish(),
  homepage: z.string().nullish(),
  private: z.boolean().default(false),
  auto_init: z.boolean().default(false),
  allow_auto_merge: z.boolean().default(false),
});

const RepositoryPatch = z.object({
  description: z.string().nullable().optional(),
  homepage: z.string().nullable().optional(),
  private: z.boolean().optional(),
  archived: z.boolean().optional(),
  allow_auto_merge: z.boolean().optional(),
  default_branch: z.string().optional(),
});

/** GitHub turns what a name cannot hold into dashes. */
const repositoryName = (wanted: string): string => wanted.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/\.git$/i, '');

async function initializeRepository(world: World, repo: Repo, withReadme: boolean): Promise<void> {
  const { git, store } = world;
  const repoDir = store.repoDir(repo);
  rmSync(repoDir, { recursive: true, force: true });
  await git.text(null, ['init', '--quiet', '--bare', '--initial-branch=main', repoDir]);
  const settings = {
    'http.receivepack': 'true',
    // refs/pull is the server's own.
    'receive.hideRefs': 'refs/pull',
    // Both would leave a process behind after the push.
    'receive.autogc': 'false',
    'gc.auto': '0',
    'maintenance.auto': 'false',
  };
  for (const [key, value] of Object.entries(settings)) await git.text(repoDir, ['config', key, value]);
  if (!withReadme) return;
  const blob = await git.text(repoDir, ['hash-object', '-w', '--stdin'], { input: `# ${repo.name}\n` });
  const tree = await git.text(repoDir, ['mktree'], { input: `100644 blob ${blob}\tREADME.md\n` });
  const { name, email } = personOf(USER_LOGIN);
  const person = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email };
  const env = { ...person, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
  const commit = await git.text(repoDir, ['commit-tree', tree, '-m', 'Initial commit'], { env });
  await git.text(repoDir, ['update-ref', 'refs/heads/main', commit]);
  await refreshRepository(world, repo);
}

export async function createRepository(world: World, ownerLogin: string, call: Call): Promise<Reply> {
  const { store, clock } = world;
  const wanted = parseBody(NewRepository, call.body, 'Repository');
  if (!hasRepositoryScope(call.user, wanted.private)) throw notFound();
  const name = repositoryName(wanted.name);
  if (name === '' || /^\.+$/.test(name)) throw invalid('Repository', { field: 'name', code: 'invalid' });
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/.test(ownerLogin)) throw notFound();
  if (store.findRepo(ownerLogin, name) !== undefined) {
    throw new ApiError(422, 'Repository creation failed.', [
      { resource: 'Repository', code: 'custom', field: 'name', message: 'name already exists on this account' },
    ]);
  }
  const now = timestamp(clock);
  const repo: Repo = {
    id: store.nextId(),
    owner: store.owner(ownerLogin).login,
    name,
    private: wanted.private,
    description: wanted.description ?? null,
    homepage: wanted.homepage ?? null,
    archived: false,
    defaultBranch: 'main',
    sizeKb: 0,
    createdAt: now,
    updatedAt: now,
    pushedAt: now,
    lastNumber: 0,
    allowAutoMerge: wanted.allow_auto_merge,
    tips: {},
    lastRunNumber: 0,
  };
  // Taken before the first wait, so that a second call with the name is refused.
  store.state.repos.push(repo);
  try {
    await world.serially(repo, () => initializeRepository(world, repo, wanted.auto_init));
  } catch (error) {
    store.state.repos.splice(store.state.repos.indexOf(repo), 1);
    rmSync(store.repoDir(repo), { recursive: true, force: true });
    throw error;
  }
  store.save();
  return reply(201, repositoryJson(world, repo, call.user.login), { location: repoApi(world, repo) });
}

async function patchRepository(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const patch = parseBody(RepositoryPatch, call.body, 'Repository');
  if (patch.default_branch !== undefined && patch.default_branch !== repo.defaultBranch) {
    const repoDir = world.store.repoDir(repo);
    if ((await branchTip(world.git, repoDir, patch.default_branch)) === null) {
      throw invalid('Repository', { field: 'default_branch', code: 'invalid' });
    }
    await world.git.text(repoDir, ['symbolic-ref', 'HEAD', `refs/heads/${patch.default_branch}`]);
    repo.defaultBranch = patch.default_branch;
  }
  if (patch.description !== undefined) repo.description = patch.description;
  if (patch.homepage !== undefined) repo.homepage = patch.homepage;
  if (patch.private !== undefined) repo.private = patch.private;
  if (patch.allow_auto_merge !== undefined) repo.allowAutoMerge = patch.allow_auto_merge;
  if (patch.archived !== undefined) repo.archived = patch.archived;
  repo.updatedAt = timestamp(world.clock);
  world.store.save();
  return reply(200, repositoryJson(world, repo, call.user.login));
}

export function repositoryRoutes(world: World): Route[] {
  const get = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, handle });
  const post = (path: string, handle: Route['handle']): Route => ({ method: 'POST', path, handle });
  return [
    get('/user', (call) => reply(200, privateUserJson(world, world.store.account(call.user.login, 'User')))),
    get('/users/:login', (call) => {
      const owner = world.store.state.owners.find(({ login }) => same(login, call.params.login ?? ''));
      if (owner === undefined) throw notFound();
      return reply(200, userJson(world, owner));
    }),
    get('/user/repos', (call) => {
      const own = world.store.state.repos.filter((repo) => {
        const role = world.accounts.role(repo, call.user.login);
        return (role === 'admin' || role === 'write') && (!repo.private || hasRepositoryScope(call.user, true));
      });
      const page = paginate(call, own);
      return reply(
        200,
        page.items.map((repo) => repositoryJson(world, repo, call.user.login)),
        page.headers,
      );
    }),
    post('/user/repos', (call) => createRepository(world, call.user.login, call)),
    get('/repos/:owner/:repo', (call) => reply(200, repositoryJson(world, repoOf(world, call), call.user.login))),
    { method: 'PATCH', path: '/repos/:owner/:repo', access: 'admin', handle: (call) => patchRepository(world, call) },
  ];
}

export const metaRoutes = (rate: () => { limit: number; remaining: number; reset: number; used: number }): Route[] => [
  {
    method: 'GET',
    path: '/meta',
    handle: () => reply(200, { verifiable_password_authentication: false, installed_version: '3.17.0' }),
  },
  {
    method: 'GET',
    path: '/rate_limit',
    handle: () => {
      const core = rate();
      return reply(200, { resources: { core, search: { ...core, limit: 30, remaining: 30, used: 0 } }, rate: core });
    },
  },
];
