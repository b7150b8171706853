import type { RestEndpointMethodTypes } from '@octokit/rest';
import { diffFiles } from './diff.ts';
import { mergeBase, readCommit, readCommits, resolveCommit } from './git.ts';
import { type Call, notFound, paginate, type Reply, type Route, reply } from './http.ts';
import { repoOf } from './routes-repos.ts';
import { commitJson, diffEntryJson } from './shapes.ts';
import { repoApi, repoWeb } from './shapes-repository.ts';
import { same } from './state.ts';
import type { Repo } from './state-schema.ts';
import type { World } from './world.ts';

type ComparisonJson = RestEndpointMethodTypes['repos']['compareCommitsWithBasehead']['response']['data'];

/** `base...head`, each a branch, tag or commit, with this repository's owner before it or not. */
async function compare(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const [, base = '', head = ''] = /^(.+?)\.\.\.(.+)$/.exec(call.params.basehead ?? '') ?? [];
  const repoDir = world.store.repoDir(repo);
  const from = await resolveCommit(world.git, repoDir, local(repo, base));
  const to = await resolveCommit(world.git, repoDir, local(repo, head));
  if (from === null || to === null) throw notFound();
  const ancestor = await mergeBase(world.git, repoDir, from, to);
  // GitHub says that it cannot compare what has nothing in common.
  if (ancestor === null) throw notFound();
  const ahead = await readCommits(world.git, repoDir, ['--reverse', '--topo-order', `${from}..${to}`]);
  const behind = await readCommits(world.git, repoDir, [`${to}..${from}`]);
  const files = await diffFiles(world.git, repoDir, ancestor, to);
  const page = paginate(call, ahead);
  const url = `${repoApi(world, repo)}/compare/${base}...${head}`;
  const web = `${repoWeb(world, repo)}/compare/${base}...${head}`;
  const body: ComparisonJson = {
    url,
    html_url: web,
    permalink_url: `${repoWeb(world, repo)}/compare/${from}...${to}`,
    diff_url: `${web}.diff`,
    patch_url: `${web}.patch`,
    base_commit: commitJson(world, repo, await readCommit(world.git, repoDir, from)),
    merge_base_commit: commitJson(world, repo, await readCommit(world.git, repoDir, ancestor)),
    status: statusOf(ahead.length, behind.length),
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: page.items.map((commit) => commitJson(world, repo, commit)),
    // All files come with the first page, up to GitHub's limit.
    files:
      (call.query.get('page') ?? '1') === '1'
        ? files.slice(0, 300).map((file) => diffEntryJson(world, repo, file, to))
        : [],
  };
  return reply(200, body, page.headers);
}

function local(repo: Repo, ref: string): string {
  const [owner = '', ...rest] = ref.split(':');
  if (rest.length === 0) return ref;
  if (!same(owner, repo.owner)) throw notFound();
  return rest.join(':');
}

function statusOf(ahead: number, behind: number): ComparisonJson['status'] {
  if (ahead > 0 && behind > 0) return 'diverged';
  if (ahead > 0) return 'ahead';
  return behind > 0 ? 'behind' : 'identical';
}

export const compareRoutes = (world: World): Route[] => [
  { method: 'GET', path: '/repos/:owner/:repo/compare/*basehead', handle: (call) => compare(world, call) },
];
