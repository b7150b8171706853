import * as z from 'zod';
import { diffFiles } from './diff.ts';
import { branchTip, listRefs, readCommit, readCommits, resolveCommit } from './git.ts';
import { ApiError, type Call, notFound, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { refreshRepository } from './pulls.ts';
import { protectionOf, rulesOf } from './requirements.ts';
import { repoOf } from './routes-repos.ts';
import { type CommitJson, commitJson, diffEntryJson, refJson } from './shapes.ts';
import { repoApi, repoWeb } from './shapes-repository.ts';
import type { Repo } from './state-schema.ts';
import type { World } from './world.ts';

/** What git calls the tree without files. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

const isProtected = (world: World, repo: Repo, branch: string): boolean =>
  protectionOf(world, repo, branch) !== undefined || rulesOf(world, repo, branch).length > 0;

async function listBranches(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const refs = await listRefs(world.git, world.store.repoDir(repo), 'refs/heads/');
  const page = paginate(call, refs);
  const branches = page.items.map(({ ref, sha }) => ({
    name: ref.slice('refs/heads/'.length),
    commit: { sha, url: `${repoApi(world, repo)}/commits/${sha}` },
    protected: isProtected(world, repo, ref.slice('refs/heads/'.length)),
  }));
  return reply(200, branches, page.headers);
}

async function getBranch(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const name = call.params.branch ?? '';
  const repoDir = world.store.repoDir(repo);
  const tip = await branchTip(world.git, repoDir, name);
  if (tip === null) throw new ApiError(404, 'Branch not found');
  const url = `${repoApi(world, repo)}/branches/${name}`;
  const protection = protectionOf(world, repo, name);
  const checks = protection?.statusChecks?.checks ?? [];
  const level = checks.length === 0 ? 'off' : protection?.enforceAdmins === true ? 'everyone' : 'non_admins';
  return reply(200, {
    name,
    commit: commitJson(world, repo, await readCommit(world.git, repoDir, tip)),
    _links: { self: url, html: `${repoWeb(world, repo)}/tree/${name}` },
    protected: isProtected(world, repo, name),
    protection: {
      enabled: protection !== undefined,
      required_status_checks: {
        enforcement_level: level,
        contexts: checks.map(({ context }) => context),
        checks: checks.map(({ context, appId }) => ({ context, app_id: appId })),
      },
    },
    protection_url: `${url}/protection`,
  });
}

async function getRef(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const wanted = `refs/${call.params.ref ?? ''}`;
  const refs = await listRefs(world.git, world.store.repoDir(repo), wanted);
  const found = refs.find(({ ref }) => ref === wanted);
  if (found === undefined) throw notFound();
  return reply(200, refJson(world, repo, found));
}

async function matchingRefs(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const prefix = `refs/${call.params.ref ?? ''}`;
  const refs = await listRefs(world.git, world.store.repoDir(repo), 'refs/');
  const page = paginate(
    call,
    refs.filter(({ ref }) => ref.startsWith(prefix)),
  );
  return reply(
    200,
    page.items.map((entry) => refJson(world, repo, entry)),
    page.headers,
  );
}

const NewRef = z.object({ ref: z.string().regex(/^refs\/[^/]+\/.+/), sha: z.string().regex(/^[0-9a-f]{40}$/) });

async function createRef(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const { ref, sha } = parseBody(NewRef, call.body, 'Reference');
  const repoDir = world.store.repoDir(repo);
  return world.serially(repo, async () => {
    const type = await world.git.run(repoDir, ['cat-file', '-t', sha]);
    if (type.exitCode !== 0) throw new ApiError(422, 'Object does not exist');
    const wellFormed = await world.git.run(null, ['check-ref-format', ref]);
    if (wellFormed.exitCode !== 0) throw new ApiError(422, 'Reference name is not valid');
    const made = await world.git.run(repoDir, ['update-ref', ref, sha, '0'.repeat(40)]);
    if (made.exitCode !== 0) throw new ApiError(422, 'Reference already exists');
    await refreshRepository(world, repo, call.user.login);
    const entry = { ref, sha, type: type.stdout.trim() };
    return reply(201, refJson(world, repo, entry), { location: `${repoApi(world, repo)}/git/${ref}` });
  });
}

async function deleteRef(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const ref = `refs/${call.params.ref ?? ''}`;
  const repoDir = world.store.repoDir(repo);
  return world.serially(repo, async () => {
    const refs = await listRefs(world.git, repoDir, ref);
    if (!refs.some((entry) => entry.ref === ref)) throw new ApiError(422, 'Reference does not exist');
    const branch = ref.replace(/^refs\/heads\//, '');
    if (protectionOf(world, repo, branch)?.deletions === false) {
      throw new ApiError(422, 'Cannot delete this branch');
    }
    await world.git.text(repoDir, ['update-ref', '-d', ref]);
    await refreshRepository(world, repo, call.user.login);
    return reply(204, undefined);
  });
}

async function listCommits(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const repoDir = world.store.repoDir(repo);
  const branches = await listRefs(world.git, repoDir, 'refs/heads/');
  if (branches.length === 0) throw new ApiError(409, 'Git Repository is empty.');
  const from = await resolveCommit(world.git, repoDir, call.query.get('sha') ?? repo.defaultBranch);
  if (from === null) throw notFound();
  const page = paginate(call, await readCommits(world.git, repoDir, [from]));
  return reply(
    200,
    page.items.map((commit) => commitJson(world, repo, commit)),
    page.headers,
  );
}

async function getCommit(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const ref = call.params.ref ?? '';
  const sha = await resolveCommit(world.git, world.store.repoDir(repo), ref);
  if (sha === null) throw new ApiError(422, `No commit found for SHA: ${ref}`);
  const repoDir = world.store.repoDir(repo);
  const commit = await readCommit(world.git, repoDir, sha);
  const files = await diffFiles(world.git, repoDir, commit.parents[0] ?? EMPTY_TREE, sha);
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  const json: CommitJson = {
    ...commitJson(world, repo, commit),
    stats: { additions, deletions, total: additions + deletions },
    files: files.slice(0, 300).map((file) => diffEntryJson(world, repo, file, sha)),
  };
  return reply(200, json);
}

/** Branches, refs and commits. The last route takes the rest of its path, so it comes after every longer one. */
export function gitRoutes(world: World): Route[] {
  const get = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, handle });
  const post = (path: string, handle: Route['handle']): Route => ({ method: 'POST', path, handle });
  return [
    get('/repos/:owner/:repo/branches', (call) => listBranches(world, call)),
    get('/repos/:owner/:repo/branches/*branch', (call) => getBranch(world, call)),
    get('/repos/:owner/:repo/git/ref/*ref', (call) => getRef(world, call)),
    get('/repos/:owner/:repo/git/matching-refs/*ref', (call) => matchingRefs(world, call)),
    post('/repos/:owner/:repo/git/refs', (call) => createRef(world, call)),
    { method: 'DELETE', path: '/repos/:owner/:repo/git/refs/*ref', handle: (call) => deleteRef(world, call) },
    get('/repos/:owner/:repo/commits', (call) => listCommits(world, call)),
    get('/repos/:owner/:repo/commits/*ref', (call) => getCommit(world, call)),
  ];
}
