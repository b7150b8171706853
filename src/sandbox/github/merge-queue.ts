import * as z from 'zod';
import { QUEUE_PREFIX, refreshRepository } from './pulls.ts';
import { demandsOf, hasFailedChecks, isBehind, missingChecks, rulesOf, unmetDemands } from './requirements.ts';
import { land, makeCommit } from './routes-merge.ts';
import type { MergeMethod, Pull, QueueEntry, QueueEvent, Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

const METHODS: Record<string, MergeMethod> = { MERGE: 'merge', SQUASH: 'squash', REBASE: 'rebase' };
const QueueParameters = z.object({ merge_method: z.enum(['MERGE', 'SQUASH', 'REBASE']).catch('MERGE') });

const pullOfEntry = (world: World, repo: Repo, entry: QueueEntry): Pull | undefined =>
  world.store.state.pulls.find((pull) => pull.repoId === repo.id && pull.number === entry.number);

/** The entries of one branch, first first. */
export function queueOf(world: World, repo: Repo, branch: string): QueueEntry[] {
  return world.store.state.queue.filter(
    (entry) => entry.repoId === repo.id && pullOfEntry(world, repo, entry)?.baseRef === branch,
  );
}

export function hasQueue(world: World, repo: Repo, branch: string): boolean {
  return rulesOf(world, repo, branch).some(({ type }) => type === 'merge_queue');
}

export function enqueue(world: World, repo: Repo, pull: Pull, login: string): QueueEntry {
  const entry: QueueEntry = {
    id: world.store.nextId(),
    repoId: repo.id,
    number: pull.number,
    login,
    headSha: pull.headSha,
    group: null,
    enqueuedAt: timestamp(world.clock),
  };
  world.store.state.queue.push(entry);
  note(world, entry, login, null);
  return entry;
}

/** In GitHub's words, as far as they are known; it does not list them. */
type RemovalReason = 'merged' | 'failed_checks' | 'manual' | 'merge_conflict' | 'new_changes';

function note(world: World, { repoId, number }: QueueEntry, login: string, removed: QueueEvent['removed']): void {
  const { store, clock } = world;
  store.state.queueEvents.push({
    id: store.nextId(),
    repoId,
    number,
    login,
    removed,
    createdAt: timestamp(clock),
  });
}

/** Takes an entry out: merged, thrown out or withdrawn. The caller saves. */
export async function dequeue(
  world: World,
  repo: Repo,
  entry: QueueEntry,
  reason: RemovalReason,
  login = 'github-merge-queue',
): Promise<void> {
  const { state } = world.store;
  note(world, entry, login, { reason, groupSha: entry.group?.sha ?? null });
  state.queue = state.queue.filter((other) => other.id !== entry.id);
  if (entry.group !== null) {
    await world.git.run(world.store.repoDir(repo), ['update-ref', '-d', entry.group.ref]);
    if (repo.tips !== null) delete repo.tips[entry.group.ref];
  }
}

/** Brings automatic merges and the merge queues of a repository as far as they can go now. Part of every refresh. */
export async function settleMerges(world: World, repo: Repo): Promise<void> {
  for (const pull of world.store.state.pulls) {
    if (pull.repoId !== repo.id || pull.state !== 'open' || pull.autoMerge === null || pull.draft) continue;
    if (await mergeAutomatically(world, repo, pull)) return;
  }
  const branches = new Set(
    world.store.state.queue
      .filter(({ repoId }) => repoId === repo.id)
      .map((entry) => pullOfEntry(world, repo, entry)?.baseRef ?? ''),
  );
  for (const branch of branches) {
    const [first] = queueOf(world, repo, branch);
    // Every change begins the look anew, by the refresh that it ends with.
    if (first !== undefined && (await advance(world, repo, first))) return;
  }
}

/** True when the pull request was merged or put into the queue. */
async function mergeAutomatically(world: World, repo: Repo, pull: Pull): Promise<boolean> {
  const manner = pull.autoMerge;
  const demands = demandsOf(world, repo, pull.baseRef);
  if (manner === null || unmetDemands(world, repo, pull, demands).length > 0) return false;
  if (demands.some(({ strict }) => strict) && (await isBehind(world, repo, pull))) return false;
  if (hasQueue(world, repo, pull.baseRef)) {
    pull.autoMerge = null;
    enqueue(world, repo, pull, manner.login);
  } else {
    const commit = await makeCommit(world, repo, pull, manner);
    if (commit === null || !(await land(world, repo, pull, commit, manner.login))) return false;
    pull.autoMerge = null;
  }
  await refreshRepository(world, repo, manner.login);
  return true;
}

/** True when something changed. */
async function advance(world: World, repo: Repo, entry: QueueEntry): Promise<boolean> {
  const pull = pullOfEntry(world, repo, entry);
  if (pull === undefined || pull.state !== 'open' || pull.headSha !== entry.headSha) {
    await dequeue(world, repo, entry, 'new_changes');
    await refreshRepository(world, repo);
    return true;
  }
  if (entry.group === null || entry.group.baseSha !== pull.baseSha) {
    await makeGroup(world, repo, pull, entry);
    await refreshRepository(world, repo);
    return true;
  }
  const verdict = groupVerdict(world, repo, pull, entry.group.sha);
  if (verdict === 'pending') return false;
  if (verdict === 'passed') await land(world, repo, pull, entry.group.sha, entry.login);
  await dequeue(world, repo, entry, verdict === 'passed' ? 'merged' : 'failed_checks');
  await refreshRepository(world, repo, entry.login);
  return true;
}

async function makeGroup(world: World, repo: Repo, pull: Pull, entry: QueueEntry): Promise<void> {
  await removeGroup(world, repo, entry);
  const rule = rulesOf(world, repo, pull.baseRef).find(({ type }) => type === 'merge_queue');
  const method = METHODS[QueueParameters.parse(rule?.parameters ?? {}).merge_method] ?? 'merge';
  const sha = await makeCommit(world, repo, pull, { method, title: null, text: null, login: entry.login });
  if (sha === null) {
    await dequeue(world, repo, entry, 'merge_conflict');
    return;
  }
  const ref = `${QUEUE_PREFIX}${pull.baseRef}/pr-${pull.number}-${pull.baseSha}`;
  await world.git.text(world.store.repoDir(repo), ['update-ref', ref, sha]);
  entry.group = { ref, sha, baseSha: pull.baseSha };
  const branch = ref.slice('refs/heads/'.length);
  await world.checks.trigger({ event: 'merge_group', repo, sha, branch, base: pull.baseRef, login: entry.login });
}

async function removeGroup(world: World, repo: Repo, entry: QueueEntry): Promise<void> {
  if (entry.group === null) return;
  await world.git.run(world.store.repoDir(repo), ['update-ref', '-d', entry.group.ref]);
  entry.group = null;
}

/** By the required checks; without any, by all that run on the merge group. */
function groupVerdict(world: World, repo: Repo, pull: Pull, sha: string): 'pending' | 'passed' | 'failed' {
  const demanded = demandsOf(world, repo, pull.baseRef).flatMap(({ contexts }) => contexts);
  const running = world.store.state.checkRuns.filter((run) => run.repoId === repo.id && run.sha === sha);
  const contexts = demanded.length > 0 ? demanded : running.map(({ name }) => name);
  if (hasFailedChecks(world, repo, sha, contexts)) return 'failed';
  return missingChecks(world, repo, sha, contexts) === null ? 'passed' : 'pending';
}
