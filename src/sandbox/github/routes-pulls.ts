import * as z from 'zod';
import { branchTip, mergeBase } from './git.ts';
import {
  type ApiError,
  type Call,
  invalid,
  notFound,
  paginate,
  parseBody,
  type Reply,
  type Route,
  reply,
} from './http.ts';
import { closePull, pullCommits, pullFiles, pullOf, refreshRepository } from './pulls.ts';
import { mergePull, updateBranch } from './routes-merge.ts';
import { repoOf } from './routes-repos.ts';
import { commitJson, diffEntryJson } from './shapes.ts';
import { type FileJson, pullJson, simplePullJson } from './shapes-pulls.ts';
import { repoApi } from './shapes-repository.ts';
import { same } from './state.ts';
import type { Pull, Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

const NewPull = z.object({
  title: z.string().min(1),
  head: z.string().min(1),
  base: z.string().min(1),
  body: z.string().nullish(),
  draft: z.boolean().default(false),
});

async function openPull(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const wanted = parseBody(NewPull, call.body, 'PullRequest');
  return world.serially(repo, async () => {
    await refreshRepository(world, repo);
    const pull = await newPull(world, repo, wanted, call.user.login);
    world.store.state.pulls.push(pull);
    await refreshRepository(world, repo);
    return reply(201, await pullJson(world, repo, pull), { location: `${repoApi(world, repo)}/pulls/${pull.number}` });
  });
}

async function newPull(world: World, repo: Repo, wanted: z.infer<typeof NewPull>, login: string): Promise<Pull> {
  const { store, git, clock } = world;
  const repoDir = store.repoDir(repo);
  const [first = '', second] = wanted.head.split(':');
  if (second !== undefined && !same(first, repo.owner))
    throw invalid('PullRequest', { field: 'head', code: 'invalid' });
  const headRef = second ?? first;
  const headSha = await branchTip(git, repoDir, headRef);
  if (headSha === null) throw invalid('PullRequest', { field: 'head', code: 'invalid' });
  const baseSha = await branchTip(git, repoDir, wanted.base);
  if (baseSha === null) throw invalid('PullRequest', { field: 'base', code: 'invalid' });
  const custom = (message: string): ApiError => invalid('PullRequest', { code: 'custom', message });
  const ancestor = await mergeBase(git, repoDir, baseSha, headSha);
  if (ancestor === null) throw custom(`The ${wanted.base} branch has no history in common with ${headRef}`);
  if (ancestor === headSha) throw custom(`No commits between ${wanted.base} and ${headRef}`);
  const twin = store.state.pulls.find(
    (pull) =>
      pull.repoId === repo.id && pull.state === 'open' && pull.headRef === headRef && pull.baseRef === wanted.base,
  );
  if (twin !== undefined) throw custom(`A pull request already exists for ${repo.owner}:${headRef}.`);
  const now = timestamp(clock);
  repo.lastNumber += 1;
  return {
    id: store.nextId(),
    repoId: repo.id,
    number: repo.lastNumber,
    title: wanted.title,
    body: wanted.body ?? null,
    draft: wanted.draft,
    state: 'open',
    headRef,
    headSha,
    baseRef: wanted.base,
    baseSha,
    mergedAt: null,
    mergeSha: null,
    labels: [],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    login,
    mergedBy: login,
    reviewers: [],
    teams: [],
    assignees: [],
    autoMerge: null,
  };
}

const ListQuery = z.object({
  state: z.enum(['open', 'closed', 'all']).catch('open'),
  head: z.string().optional(),
  base: z.string().optional(),
  sort: z.enum(['created', 'updated', 'popularity', 'long-running']).catch('created'),
  direction: z.enum(['asc', 'desc']).optional(),
});

function listPulls(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const query = ListQuery.parse(Object.fromEntries(call.query));
  const pulls = world.store.state.pulls.filter(
    (pull) =>
      pull.repoId === repo.id &&
      (query.state === 'all' || pull.state === query.state) &&
      (query.base === undefined || pull.baseRef === query.base) &&
      // GitHub ignores a head that names no owner.
      (query.head === undefined || !query.head.includes(':') || same(query.head, `${repo.owner}:${pull.headRef}`)),
  );
  const key = (pull: Pull): string => (query.sort === 'updated' ? pull.updatedAt : pull.createdAt);
  const ascending = (query.direction ?? (query.sort === 'created' ? 'desc' : 'asc')) === 'asc';
  pulls.sort((a, b) => (key(a).localeCompare(key(b)) || a.number - b.number) * (ascending ? 1 : -1));
  const page = paginate(call, pulls);
  return reply(
    200,
    page.items.map((pull) => simplePullJson(world, repo, pull)),
    page.headers,
  );
}

const PullPatch = z.object({
  title: z.string().min(1).optional(),
  body: z.string().nullable().optional(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
});

async function patchPull(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const patch = parseBody(PullPatch, call.body, 'PullRequest');
  return world.serially(repo, async () => {
    const { git, store, clock } = world;
    if (patch.base !== undefined) {
      const tip = await branchTip(git, store.repoDir(repo), patch.base);
      if (tip === null) throw invalid('PullRequest', { field: 'base', code: 'invalid' });
      pull.baseRef = patch.base;
    }
    if (patch.state === 'open' && pull.state === 'closed') {
      if (pull.mergedAt !== null) throw invalid('PullRequest', { field: 'state', code: 'invalid' });
      pull.state = 'open';
      pull.closedAt = null;
    }
    if (patch.state === 'closed' && pull.state === 'open') closePull(pull, timestamp(clock));
    if (patch.title !== undefined) pull.title = patch.title;
    if (patch.body !== undefined) pull.body = patch.body;
    pull.updatedAt = timestamp(clock);
    await refreshRepository(world, repo);
    return reply(200, await pullJson(world, repo, pull));
  });
}

async function listFiles(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const page = paginate(call, await pullFiles(world, repo, pull));
  const files: FileJson[] = page.items.map((file) => diffEntryJson(world, repo, file, pull.headSha));
  return reply(200, files, page.headers);
}

async function listPullCommits(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const page = paginate(call, await pullCommits(world, repo, pullOf(world, repo, call)));
  return reply(
    200,
    page.items.map((commit) => commitJson(world, repo, commit)),
    page.headers,
  );
}

export function pullRoutes(world: World): Route[] {
  const pulls = '/repos/:owner/:repo/pulls';
  const one = `${pulls}/:number`;
  return [
    { method: 'GET', path: pulls, handle: (call) => listPulls(world, call) },
    { method: 'POST', path: pulls, handle: (call) => openPull(world, call) },
    {
      method: 'GET',
      path: one,
      handle: (call) => {
        const repo = repoOf(world, call);
        const pull = pullOf(world, repo, call);
        return world.serially(repo, async () => reply(200, await pullJson(world, repo, pull)));
      },
    },
    { method: 'PATCH', path: one, handle: (call) => patchPull(world, call) },
    { method: 'GET', path: `${one}/files`, handle: (call) => listFiles(world, call) },
    { method: 'GET', path: `${one}/commits`, handle: (call) => listPullCommits(world, call) },
    {
      method: 'GET',
      path: `${one}/merge`,
      handle: (call) => {
        const repo = repoOf(world, call);
        if (pullOf(world, repo, call).mergedAt === null) throw notFound();
        return reply(204, undefined);
      },
    },
    { method: 'PUT', path: `${one}/merge`, access: 'push', handle: (call) => mergePull(world, call) },
    { method: 'PUT', path: `${one}/update-branch`, access: 'push', handle: (call) => updateBranch(world, call) },
  ];
}
