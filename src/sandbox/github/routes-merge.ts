import * as z from 'zod';
import { branchTip } from './git.ts';
import { ApiError, type Call, parseBody, type Reply, reply } from './http.ts';
import { type MergeRequest, makeMergeCommit, makeRebasedCommits, makeSquashCommit } from './merging.ts';
import { closeIssuesOf, closePull, personOf, pullCommits, pullOf, refreshRepository } from './pulls.ts';
import { demandsOf, isBehind, unmetDemands } from './requirements.ts';
import { repoOf } from './routes-repos.ts';
import { repoApi } from './shapes-repository.ts';
import type { MergeMethod, Pull, Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

const MergeBody = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
});

/** How a merge is made: the words are GitHub's own when they are null. */
export interface MergeManner {
  method: MergeMethod;
  title: string | null;
  text: string | null;
  login: string;
}

export async function mergePull(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const body = parseBody(MergeBody, call.body, 'PullRequest');
  return world.serially(repo, async () => {
    await refreshRepository(world, repo);
    if (pull.state !== 'open' || pull.draft) throw new ApiError(405, 'Pull Request is not mergeable');
    if (body.sha !== undefined && body.sha !== pull.headSha) {
      throw new ApiError(409, 'Head branch was modified. Review and try the merge again.');
    }
    const { login } = call.user;
    await refuseUnmet(world, repo, pull, login);
    const manner = {
      method: body.merge_method,
      title: body.commit_title ?? null,
      text: body.commit_message ?? null,
      login,
    };
    const merged = await makeCommit(world, repo, pull, manner);
    if (merged === null) throw new ApiError(405, 'Pull Request is not mergeable');
    if (!(await land(world, repo, pull, merged, login))) {
      throw new ApiError(405, 'Base branch was modified. Review and try the merge again.');
    }
    await refreshRepository(world, repo, login);
    return reply(200, { sha: merged, merged: true, message: 'Pull Request successfully merged' });
  });
}

/** 405 with GitHub's words for what the base branch still demands. Protection that spares administrators lets them through. */
async function refuseUnmet(world: World, repo: Repo, pull: Pull, login: string): Promise<void> {
  const isAdmin = world.accounts.role(repo, login) === 'admin';
  const binding = demandsOf(world, repo, pull.baseRef).filter(({ sparesAdmins }) => !(sparesAdmins && isAdmin));
  for (const demand of binding) {
    const texts = demand.mergeQueue ? ['Changes must be made through the merge queue'] : [];
    texts.push(...unmetDemands(world, repo, pull, [demand]));
    if (demand.strict && (await isBehind(world, repo, pull))) {
      texts.push('The head branch is not up to date with the base branch.');
    }
    const [first] = texts;
    if (first === undefined) continue;
    if (demand.source === 'protection') throw new ApiError(405, first);
    throw new ApiError(405, `Repository rule violations found\n\n${texts.map((text) => `${text}\n\n`).join('')}`);
  }
}

/** Moves the base to the commit and counts the pull request as merged; false when the base has moved since. */
export async function land(world: World, repo: Repo, pull: Pull, commit: string, login: string): Promise<boolean> {
  const ref = `refs/heads/${pull.baseRef}`;
  const moved = await world.git.run(world.store.repoDir(repo), ['update-ref', ref, commit, pull.baseSha]);
  if (moved.exitCode !== 0) return false;
  const now = timestamp(world.clock);
  closePull(pull, now);
  pull.mergedAt = now;
  pull.mergeSha = commit;
  pull.mergedBy = login;
  repo.pushedAt = now;
  closeIssuesOf(world, repo, pull, login);
  // Written before anything else is awaited: the ref has moved, and the record must say by which pull request.
  world.store.save();
  return true;
}

/** The commit of a merge onto the present base, or null when there is a conflict. */
export async function makeCommit(world: World, repo: Repo, pull: Pull, manner: MergeManner): Promise<string | null> {
  const request: MergeRequest = {
    repoDir: world.store.repoDir(repo),
    base: pull.baseSha,
    head: pull.headSha,
    person: personOf(manner.login),
    atSeconds: Math.floor(world.clock.now() / 1000),
  };
  const message = (title: string, text: string): string => (text === '' ? title : `${title}\n\n${text}`);
  switch (manner.method) {
    case 'merge': {
      const title = `Merge pull request #${pull.number} from ${repo.owner}/${pull.headRef}`;
      return makeMergeCommit(world.git, request, message(manner.title ?? title, manner.text ?? pull.title));
    }
    case 'squash': {
      const commits = await pullCommits(world, repo, pull);
      const text = commits.length === 1 ? '' : commits.map((commit) => `* ${commit.message}`).join('\n\n');
      const title = `${pull.title} (#${pull.number})`;
      return makeSquashCommit(world.git, request, message(manner.title ?? title, manner.text ?? text));
    }
    case 'rebase':
      return makeRebasedCommits(world.git, request);
  }
}

const UpdateBody = z.object({ expected_head_sha: z.string().optional() });

/** Merges the base into the head branch; GitHub does that in the background, hence 202. */
export async function updateBranch(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const body = parseBody(UpdateBody, call.body, 'PullRequest');
  return world.serially(repo, async () => {
    await refreshRepository(world, repo);
    const repoDir = world.store.repoDir(repo);
    const head = await branchTip(world.git, repoDir, pull.headRef);
    if (pull.state !== 'open' || head === null) throw new ApiError(422, 'Pull request is not open.');
    if (body.expected_head_sha !== undefined && body.expected_head_sha !== head) {
      throw new ApiError(422, `expected head sha didn’t match current head ref.`);
    }
    if (!(await isBehind(world, repo, pull))) {
      throw new ApiError(422, 'There are no new commits on the base branch.');
    }
    const { login } = call.user;
    const atSeconds = Math.floor(world.clock.now() / 1000);
    const request = { repoDir, base: head, head: pull.baseSha, person: personOf(login), atSeconds };
    const merged = await makeMergeCommit(world.git, request, `Merge branch '${pull.baseRef}' into ${pull.headRef}`);
    if (merged === null) throw new ApiError(422, 'merge conflict between base and head');
    await world.git.text(repoDir, ['update-ref', `refs/heads/${pull.headRef}`, merged, head]);
    await refreshRepository(world, repo, login);
    const url = `${repoApi(world, repo)}/pulls/${pull.number}`;
    return reply(202, { message: 'Updating pull request branch.', url });
  });
}
