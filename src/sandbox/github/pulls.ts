import { diffFiles, type FileDiff } from './diff.ts';
import { branchTip, isAncestor, listRefs, mergeBase, type RefEntry, readCommits } from './git.ts';
import { type Call, notFound } from './http.ts';
import type { Person } from './merging.ts';
import { protectionOf } from './requirements.ts';
import { same } from './state.ts';
import type { Label, Pull, Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import { USER_LOGIN } from './user-login.ts';
import type { World } from './world.ts';

/** Where merge groups live; nobody but the merge queue writes there. */
export const QUEUE_PREFIX = 'refs/heads/gh-readonly-queue/';

/** Whom a commit that GitHub makes for somebody names. */
export function personOf(login: string): Person {
  const name = login === USER_LOGIN ? 'Local Developer' : login;
  return { name, email: `${login}@users.noreply.localhost` };
}

/** Brings what is recorded about a repository in line with its refs: after a push, a merge, a start. */
export async function refreshRepository(world: World, repo: Repo, login = USER_LOGIN): Promise<void> {
  const { git, store } = world;
  const repoDir = store.repoDir(repo);
  const branches = await listRefs(git, repoDir, 'refs/heads/');
  const first = branches[0];
  if (first !== undefined && !branches.some(({ ref }) => ref === `refs/heads/${repo.defaultBranch}`)) {
    // The first branch that is pushed becomes the default one.
    repo.defaultBranch = first.ref.slice('refs/heads/'.length);
    await git.text(repoDir, ['symbolic-ref', 'HEAD', first.ref]);
  }
  const counts = await git.text(repoDir, ['count-objects', '-v']);
  repo.sizeKb = [...counts.matchAll(/^size(?:-pack)?: (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
  await announcePushes(world, repo, branches, login);
  for (const pull of store.state.pulls) {
    if (pull.repoId === repo.id && pull.state === 'open') await refreshPull(world, repo, pull, login);
  }
  store.save();
  await world.settle(repo);
  store.save();
}

/** Starts the workflows of every branch that has another tip than last time. */
async function announcePushes(world: World, repo: Repo, branches: readonly RefEntry[], login: string): Promise<void> {
  const before = repo.tips;
  repo.tips = Object.fromEntries(branches.map(({ ref, sha }) => [ref, sha]));
  // Those of a state file from before were announced, or nobody waits for them.
  if (before === null) return;
  for (const { ref, sha } of branches) {
    if (before[ref] === sha || ref.startsWith(QUEUE_PREFIX)) continue;
    await world.checks.trigger({ event: 'push', repo, sha, branch: ref.slice('refs/heads/'.length), login });
  }
}

async function refreshPull(world: World, repo: Repo, pull: Pull, login: string): Promise<void> {
  const { git, store, clock } = world;
  const repoDir = store.repoDir(repo);
  const head = await branchTip(git, repoDir, pull.headRef);
  const base = await branchTip(git, repoDir, pull.baseRef);
  if (head === null || base === null) {
    closePull(pull, timestamp(clock));
    return;
  }
  if (await isAncestor(git, repoDir, head, base)) {
    // Somebody pushed the head into the base: GitHub calls that merged too.
    closePull(pull, timestamp(clock));
    pull.mergedAt = pull.closedAt;
    pull.mergeSha = base;
    pull.headSha = head;
    pull.mergedBy = login;
    closeIssuesOf(world, repo, pull, login);
    return;
  }
  if (head !== pull.headSha) {
    pull.headSha = head;
    dismissStaleReviews(world, repo, pull);
    pull.updatedAt = timestamp(clock);
  }
  pull.baseSha = base;
  // Keeps the commits of the head when its branch is deleted.
  await git.text(repoDir, ['update-ref', `refs/pull/${pull.number}/head`, head]);
  await world.checks.trigger({
    event: 'pull_request',
    repo,
    sha: head,
    branch: pull.headRef,
    base: pull.baseRef,
    login: pull.login,
  });
}

function dismissStaleReviews(world: World, repo: Repo, pull: Pull): void {
  if (protectionOf(world, repo, pull.baseRef)?.reviews?.dismissStale !== true) return;
  for (const review of world.store.state.reviews) {
    const isOfPull = review.repoId === repo.id && review.number === pull.number;
    if (isOfPull && review.state === 'APPROVED') review.state = 'DISMISSED';
  }
}

export function closePull(pull: Pull, at: string): void {
  pull.state = 'closed';
  pull.closedAt = at;
  pull.updatedAt = at;
}

/** GitHub's own words for "this closes that": `Closes #12`, `fixed owner/repo#12`. Works when the default branch gets the change. */
const CLOSING = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:([\w.-]+\/[\w.-]+))?#(\d+)/gi;

export function closeIssuesOf(world: World, repo: Repo, pull: Pull, login: string): void {
  if (pull.baseRef !== repo.defaultBranch) return;
  for (const [, place, number] of (pull.body ?? '').matchAll(CLOSING)) {
    const [owner = repo.owner, name = repo.name] = place?.split('/') ?? [];
    const target = world.store.findRepo(owner, name);
    const issue = world.store.state.issues.find(
      (entry) => entry.repoId === target?.id && entry.number === Number(number) && entry.state === 'open',
    );
    if (issue === undefined) continue;
    const now = timestamp(world.clock);
    Object.assign(issue, { state: 'closed', stateReason: 'completed', closedAt: now, closedBy: login, updatedAt: now });
  }
}

/** The pull request that a call names, or GitHub's 404. */
export function pullOf(world: World, repo: Repo, call: Call): Pull {
  const number = Number(call.params.number);
  const pull = world.store.state.pulls.find((entry) => entry.repoId === repo.id && entry.number === number);
  if (pull === undefined) throw notFound();
  return pull;
}

export async function pullFiles(world: World, repo: Repo, pull: Pull): Promise<FileDiff[]> {
  const repoDir = world.store.repoDir(repo);
  const from = await mergeBase(world.git, repoDir, pull.baseSha, pull.headSha);
  return from === null ? [] : diffFiles(world.git, repoDir, from, pull.headSha);
}

/** Oldest first, as GitHub lists them. */
export const pullCommits = (world: World, repo: Repo, pull: Pull) =>
  readCommits(world.git, world.store.repoDir(repo), ['--reverse', '--topo-order', `${pull.baseSha}..${pull.headSha}`]);

export function labelsOf(world: World, repo: Repo, names: readonly string[]): Label[] {
  return world.store.state.labels.filter(
    (label) => label.repoId === repo.id && names.some((name) => same(name, label.name)),
  );
}
