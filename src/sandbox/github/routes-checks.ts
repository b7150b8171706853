import * as z from 'zod';
import { readCommit, resolveCommit } from './git.ts';
import { ApiError, type Call, notFound, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { refreshRepository } from './pulls.ts';
import { repoOf } from './routes-repos.ts';
import { checkRunJson, checkSuiteJson, simpleStatusJson, statusJson } from './shapes.ts';
import { minimalRepositoryJson, repoApi } from './shapes-repository.ts';
import type { CommitStatus } from './state-checks.ts';
import type { Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

async function commitOf(world: World, repo: Repo, call: Call): Promise<string> {
  const ref = call.params.ref ?? '';
  const sha = await resolveCommit(world.git, world.store.repoDir(repo), ref);
  if (sha === null) throw new ApiError(422, `No commit found for SHA: ${ref}`);
  return sha;
}

const runsOf = (world: World, repo: Repo, sha: string) =>
  world.store.state.checkRuns.filter((run) => run.repoId === repo.id && run.sha === sha);

async function listRuns(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const sha = await commitOf(world, repo, call);
  const name = call.query.get('check_name');
  const status = call.query.get('status');
  const runs = runsOf(world, repo, sha).filter(
    (run) => (name === null || run.name === name) && (status === null || run.status === status),
  );
  const page = paginate(call, runs);
  const body = { total_count: runs.length, check_runs: page.items.map((run) => checkRunJson(world, repo, run)) };
  return reply(200, body, page.headers);
}

async function listSuites(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const sha = await commitOf(world, repo, call);
  const head = await readCommit(world.git, world.store.repoDir(repo), sha);
  const runs = runsOf(world, repo, sha);
  const suites = Map.groupBy(runs, ({ suiteId }) => suiteId);
  const page = paginate(call, [...suites.values()]);
  const items = page.items.map((ofSuite) => checkSuiteJson(world, repo, ofSuite, head));
  return reply(200, { total_count: suites.size, check_suites: items }, page.headers);
}

/** Newest first. */
function statusesOf(world: World, repo: Repo, sha: string): CommitStatus[] {
  return world.store.state.statuses.filter((status) => status.repoId === repo.id && status.sha === sha).reverse();
}

async function combinedStatus(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const sha = await commitOf(world, repo, call);
  const latest = new Map<string, CommitStatus>();
  for (const status of statusesOf(world, repo, sha)) {
    if (!latest.has(status.context)) latest.set(status.context, status);
  }
  const statuses = [...latest.values()];
  const page = paginate(call, statuses);
  const url = `${repoApi(world, repo)}/commits/${sha}`;
  const body = {
    state: combine(statuses),
    statuses: page.items.map((status) => simpleStatusJson(world, repo, status)),
    sha,
    total_count: statuses.length,
    repository: minimalRepositoryJson(world, repo),
    commit_url: url,
    url: `${url}/status`,
  };
  return reply(200, body, page.headers);
}

/** GitHub says `pending` when there is no status at all. */
function combine(statuses: readonly CommitStatus[]): string {
  if (statuses.some(({ state }) => state === 'error' || state === 'failure')) return 'failure';
  if (statuses.length === 0 || statuses.some(({ state }) => state === 'pending')) return 'pending';
  return 'success';
}

const NewStatus = z.object({
  state: z.enum(['error', 'failure', 'pending', 'success']),
  context: z.string().default('default'),
  description: z.string().nullish(),
  target_url: z.string().nullish(),
});

async function createStatus(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const sha = await commitOf(world, repo, call);
  const wanted = parseBody(NewStatus, call.body, 'Status');
  const status: CommitStatus = {
    id: world.store.nextId(),
    repoId: repo.id,
    sha,
    state: wanted.state,
    context: wanted.context,
    description: wanted.description ?? null,
    targetUrl: wanted.target_url ?? null,
    createdAt: timestamp(world.clock),
    login: call.user.login,
  };
  world.store.state.statuses.push(status);
  world.store.save();
  // A status may be what a merge has waited for.
  await world.serially(repo, () => refreshRepository(world, repo));
  return reply(201, statusJson(world, repo, status));
}

async function listStatuses(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const page = paginate(call, statusesOf(world, repo, await commitOf(world, repo, call)));
  return reply(
    200,
    page.items.map((status) => statusJson(world, repo, status)),
    page.headers,
  );
}

function getRun(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const id = Number(call.params.id);
  const run = world.store.state.checkRuns.find((candidate) => candidate.repoId === repo.id && candidate.id === id);
  if (run === undefined) throw notFound();
  return reply(200, checkRunJson(world, repo, run));
}

/** `{ref}` may be written with slashes escaped (`feature%2Fone`), as clients do. */
export function checkRoutes(world: World): Route[] {
  const commit = '/repos/:owner/:repo/commits/:ref';
  return [
    { method: 'GET', path: `${commit}/check-runs`, handle: (call) => listRuns(world, call) },
    { method: 'GET', path: `${commit}/check-suites`, handle: (call) => listSuites(world, call) },
    { method: 'GET', path: `${commit}/status`, handle: (call) => combinedStatus(world, call) },
    { method: 'GET', path: `${commit}/statuses`, handle: (call) => listStatuses(world, call) },
    { method: 'POST', path: '/repos/:owner/:repo/statuses/:ref', handle: (call) => createStatus(world, call) },
    { method: 'GET', path: '/repos/:owner/:repo/check-runs/:id', handle: (call) => getRun(world, call) },
  ];
}
