import * as z from 'zod';
import { type Account, hasPermission, hasRepositoryScope } from './accounts.ts';
import { canSee, entryObject, pullObject } from './graphql-objects.ts';
import { GraphqlError, type Resolved } from './graphql-run.ts';
import { dequeue, enqueue, hasQueue, queueOf } from './merge-queue.ts';
import { refreshRepository } from './pulls.ts';
import { demandsOf, mergeableState, unmetDemands } from './requirements.ts';
import { trialMerge } from './shapes-pulls.ts';
import { nodeId } from './shapes-repository.ts';
import type { MergeMethod, Pull, Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

const unprocessable = (message: string): GraphqlError => new GraphqlError(message, 'UNPROCESSABLE');

interface Target {
  repo: Repo;
  pull: Pull;
}

type Change = (target: Target, input: Record<string, unknown>) => Promise<Record<string, () => unknown>>;

const PullInput = z.looseObject({ pullRequestId: z.string() });

/** What the person's token may change, or GitHub's refusal. */
function targetOf(world: World, user: Account, mutation: string, id: string): Target {
  const pull = world.store.state.pulls.find((entry) => nodeId('PullRequest', entry.id) === id);
  const repo = world.store.state.repos.find((entry) => entry.id === pull?.repoId);
  if (pull === undefined || repo === undefined || !canSee(world, repo, user)) {
    throw new GraphqlError(`Could not resolve to a node with the global id of '${id}'`, 'NOT_FOUND');
  }
  if (!hasRepositoryScope(user, repo.private)) {
    throw new GraphqlError(
      `Your token has not been granted the required scopes to execute this query. The '${mutation}' field requires one ` +
        `of the following scopes: ['public_repo', 'repo'], but your token has only been granted the: ` +
        `[${user.scopes.map((scope) => `'${scope}'`).join(', ')}] scopes.`,
      'INSUFFICIENT_SCOPES',
    );
  }
  if (!hasPermission(user, 'pull_requests', 'write')) {
    throw new GraphqlError('Resource not accessible by personal access token', 'FORBIDDEN');
  }
  const role = world.accounts.role(repo, user.login);
  if (role === 'read') {
    throw new GraphqlError(
      `${user.login} does not have the correct permissions to execute \`${mutation}\``,
      'FORBIDDEN',
    );
  }
  return { repo, pull };
}

export function mutationRoot(world: World, user: Account): Resolved {
  const changes = { ...draftChanges(world), ...queueChanges(world, user), ...autoMergeChanges(world, user) };
  const fields = Object.entries(changes).map(([name, change]) => {
    const resolver = async (args: Record<string, unknown>): Promise<Resolved> => {
      const input = PullInput.safeParse(name === 'dequeuePullRequest' ? withPullId(args.input) : args.input);
      if (!input.success) {
        throw new GraphqlError(`Argument 'pullRequestId' on InputObject '${name}Input' is required.`);
      }
      const target = targetOf(world, user, name, input.data.pullRequestId);
      const found = await world.serially(target.repo, async () => {
        await refreshRepository(world, target.repo);
        const answered = await change(target, input.data);
        await refreshRepository(world, target.repo, user.login);
        return answered;
      });
      return { type: `${name}Payload`, fields: { clientMutationId: () => input.data.clientMutationId, ...found } };
    };
    return [name, resolver] as const;
  });
  return { type: 'Mutation', fields: Object.fromEntries(fields) };
}

/** `dequeuePullRequest` calls the pull request `id`. */
const withPullId = (input: unknown): unknown => {
  const named = z.looseObject({ id: z.string() }).safeParse(input);
  return named.success ? { ...named.data, pullRequestId: named.data.id } : input;
};

function draftChanges(world: World): Record<string, Change> {
  const set = (draft: boolean): Change => {
    return async ({ repo, pull }) => {
      if (pull.state !== 'open') throw unprocessable('Pull request is closed.');
      pull.draft = draft;
      pull.updatedAt = timestamp(world.clock);
      return { pullRequest: () => pullObject(world, repo, pull) };
    };
  };
  return { markPullRequestReadyForReview: set(false), convertPullRequestToDraft: set(true) };
}

function queueChanges(world: World, user: Account): Record<string, Change> {
  return {
    async enqueuePullRequest({ repo, pull }, input) {
      if (!hasQueue(world, repo, pull.baseRef)) throw unprocessable('The merge queue is not enabled on this branch');
      if (pull.state !== 'open' || pull.draft) throw unprocessable('Pull request is not in a mergeable state');
      if (typeof input.expectedHeadOid === 'string' && input.expectedHeadOid !== pull.headSha) {
        throw unprocessable('The head of the pull request is not the expected one');
      }
      const isThere = queueOf(world, repo, pull.baseRef).some(({ number }) => number === pull.number);
      if (isThere) throw unprocessable('Pull request is already in the queue');
      if ((await trialMerge(world, repo, pull)) === null) throw unprocessable('Pull request has merge conflicts');
      const [open] = unmetDemands(world, repo, pull, demandsOf(world, repo, pull.baseRef));
      if (open !== undefined) throw unprocessable(open);
      const entry = enqueue(world, repo, pull, user.login);
      const object = entryObject(world, repo, pull.baseRef, entry);
      return { mergeQueueEntry: () => object };
    },
    async dequeuePullRequest({ repo, pull }) {
      const entry = queueOf(world, repo, pull.baseRef).find(({ number }) => number === pull.number);
      if (entry === undefined) throw unprocessable('Pull request is not in the queue');
      await dequeue(world, repo, entry, 'manual', user.login);
      return { mergeQueueEntry: () => entryObject(world, repo, pull.baseRef, entry) };
    },
  };
}

const AutoMergeInput = z.looseObject({
  mergeMethod: z.enum(['MERGE', 'SQUASH', 'REBASE']).nullish(),
  commitHeadline: z.string().nullish(),
  commitBody: z.string().nullish(),
  expectedHeadOid: z.string().nullish(),
});
const METHODS: Record<'MERGE' | 'SQUASH' | 'REBASE', MergeMethod> = {
  MERGE: 'merge',
  SQUASH: 'squash',
  REBASE: 'rebase',
};

function autoMergeChanges(world: World, user: Account): Record<string, Change> {
  return {
    async enablePullRequestAutoMerge({ repo, pull }, input) {
      if (!repo.allowAutoMerge) throw unprocessable('Pull request Auto merge is not allowed for this repository');
      if (pull.state !== 'open' || pull.draft) throw unprocessable('Pull request is not in a mergeable state');
      const wanted = AutoMergeInput.parse(input);
      if (wanted.expectedHeadOid != null && wanted.expectedHeadOid !== pull.headSha) {
        throw unprocessable('The head of the pull request is not the expected one');
      }
      const mergeable = (await trialMerge(world, repo, pull)) !== null;
      const state = await mergeableState(world, repo, pull, mergeable);
      // What could be merged at once is to be merged, not waited for.
      if (state === 'clean' || state === 'unstable') {
        throw unprocessable(`Pull request Pull request is in ${state} status`);
      }
      pull.autoMerge = {
        login: user.login,
        method: METHODS[wanted.mergeMethod ?? 'MERGE'],
        title: wanted.commitHeadline ?? null,
        text: wanted.commitBody ?? null,
      };
      pull.updatedAt = timestamp(world.clock);
      return { pullRequest: () => pullObject(world, repo, pull) };
    },
    async disablePullRequestAutoMerge({ repo, pull }) {
      if (pull.autoMerge === null) throw unprocessable("Can't disable auto-merge for this pull request");
      pull.autoMerge = null;
      return { pullRequest: () => pullObject(world, repo, pull) };
    },
  };
}
