import * as z from 'zod';
import { ApiError, type Call, parseBody, type Reply, reply } from './http.ts';
import { type MergeRequest, makeMergeCommit, makeRebasedCommits, makeSquashCommit } from './merging.ts';
import { closePull, PERSON, pullCommits, pullOf, refreshRepository } from './pulls.ts';
import { repoOf } from './routes-repos.ts';
import type { Pull, Repo } from './state.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

const MergeBody = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
});

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
    const merged = await makeCommit(world, repo, pull, body);
    if (merged === null) throw new ApiError(405, 'Pull Request is not mergeable');
    const ref = `refs/heads/${pull.baseRef}`;
    const moved = await world.git.run(world.store.repoDir(repo), ['update-ref', ref, merged, pull.baseSha]);
    if (moved.exitCode !== 0) throw new ApiError(405, 'Base branch was modified. Review and try the merge again.');
    const now = timestamp(world.clock);
    closePull(pull, now);
    pull.mergedAt = now;
    pull.mergeSha = merged;
    repo.pushedAt = now;
    // Written before anything else is awaited: the ref has moved, and the record must say by which pull request.
    world.store.save();
    await refreshRepository(world, repo);
    return reply(200, { sha: merged, merged: true, message: 'Pull Request successfully merged' });
  });
}

async function makeCommit(
  world: World,
  repo: Repo,
  pull: Pull,
  body: z.infer<typeof MergeBody>,
): Promise<string | null> {
  const request: MergeRequest = {
    repoDir: world.store.repoDir(repo),
    base: pull.baseSha,
    head: pull.headSha,
    person: PERSON,
    atSeconds: Math.floor(world.clock.now() / 1000),
  };
  const message = (title: string, text: string): string => (text === '' ? title : `${title}\n\n${text}`);
  switch (body.merge_method) {
    case 'merge': {
      const title = `Merge pull request #${pull.number} from ${repo.owner}/${pull.headRef}`;
      return makeMergeCommit(
        world.git,
        request,
        message(body.commit_title ?? title, body.commit_message ?? pull.title),
      );
    }
    case 'squash': {
      const commits = await pullCommits(world, repo, pull);
      const text = commits.length === 1 ? '' : commits.map((commit) => `* ${commit.message}`).join('\n\n');
      const title = `${pull.title} (#${pull.number})`;
      return makeSquashCommit(world.git, request, message(body.commit_title ?? title, body.commit_message ?? text));
    }
    case 'rebase':
      return makeRebasedCommits(world.git, request);
  }
}
