import * as z from 'zod';
import { type Account, hasRepositoryScope } from './accounts.ts';
import { GraphqlError, type Resolved } from './graphql-run.ts';
import { hasQueue, queueOf } from './merge-queue.ts';
import { countingReviews, demandsOf, mergeableState } from './requirements.ts';
import { trialMerge } from './shapes-pulls.ts';
import { nodeId, repoWeb } from './shapes-repository.ts';
import type { Pull, QueueEntry, Repo } from './state-schema.ts';
import type { World } from './world.ts';

/** Objects of the GraphQL API, with the fields that are asked for here. */

export function canSee(world: World, repo: Repo, user: Account): boolean {
  const role = world.accounts.role(repo, user.login);
  return role !== 'none' && (!repo.private || hasRepositoryScope(user, true));
}

export function repositoryObject(world: World, repo: Repo): Resolved {
  return {
    type: 'Repository',
    fields: {
      id: () => nodeId('Repository', repo.id),
      databaseId: () => repo.id,
      name: () => repo.name,
      nameWithOwner: () => `${repo.owner}/${repo.name}`,
      url: () => repoWeb(world, repo),
      isPrivate: () => repo.private,
      isArchived: () => repo.archived,
      autoMergeAllowed: () => repo.allowAutoMerge,
      defaultBranchRef: () => ({ type: 'Ref', fields: { name: () => repo.defaultBranch } }),
      pullRequest: ({ number }) => {
        const pull = world.store.state.pulls.find((entry) => entry.repoId === repo.id && entry.number === number);
        return pull === undefined ? null : pullObject(world, repo, pull);
      },
      mergeQueue: ({ branch }) => {
        const name = typeof branch === 'string' ? branch : repo.defaultBranch;
        return hasQueue(world, repo, name) ? queueObject(world, repo, name) : null;
      },
    },
  };
}

function queueObject(world: World, repo: Repo, branch: string): Resolved {
  const entries = queueOf(world, repo, branch).map((entry) => entryObject(world, repo, branch, entry));
  return {
    type: 'MergeQueue',
    fields: {
      id: () => nodeId('MergeQueue', `${repo.id}:${branch}`),
      url: () => `${repoWeb(world, repo)}/queue/${branch}`,
      entries: () => ({
        type: 'MergeQueueEntryConnection',
        fields: { totalCount: () => entries.length, nodes: () => entries },
      }),
    },
  };
}

const commitObject = (oid: string | undefined): Resolved | null =>
  oid === undefined ? null : { type: 'Commit', fields: { oid: () => oid } };

export function entryObject(world: World, repo: Repo, branch: string, entry: QueueEntry): Resolved {
  return {
    type: 'MergeQueueEntry',
    fields: {
      id: () => nodeId('MergeQueueEntry', entry.id),
      state: () => (entry.group === null ? 'QUEUED' : 'AWAITING_CHECKS'),
      position: () => queueOf(world, repo, branch).findIndex(({ id }) => id === entry.id) + 1,
      enqueuedAt: () => entry.enqueuedAt,
      estimatedTimeToMerge: () => null,
      jump: () => false,
      solo: () => false,
      headCommit: () => commitObject(entry.group?.sha),
      baseCommit: () => commitObject(entry.group?.baseSha),
      pullRequest: () => {
        const pull = world.store.state.pulls.find(
          ({ repoId, number }) => repoId === repo.id && number === entry.number,
        );
        return pull === undefined ? null : pullObject(world, repo, pull);
      },
    },
  };
}

export function pullObject(world: World, repo: Repo, pull: Pull): Resolved {
  const entry = () => queueOf(world, repo, pull.baseRef).find(({ number }) => number === pull.number);
  const mergeable = async (): Promise<boolean | null> =>
    pull.state === 'open' ? (await trialMerge(world, repo, pull)) !== null : null;
  return {
    type: 'PullRequest',
    fields: {
      id: () => nodeId('PullRequest', pull.id),
      databaseId: () => pull.id,
      number: () => pull.number,
      title: () => pull.title,
      body: () => pull.body ?? '',
      url: () => `${repoWeb(world, repo)}/pull/${pull.number}`,
      state: () => (pull.mergedAt === null ? pull.state.toUpperCase() : 'MERGED'),
      isDraft: () => pull.draft,
      merged: () => pull.mergedAt !== null,
      mergedAt: () => pull.mergedAt,
      closed: () => pull.state === 'closed',
      mergeCommit: () => commitObject(pull.mergeSha ?? undefined),
      headRefName: () => pull.headRef,
      headRefOid: () => pull.headSha,
      baseRefName: () => pull.baseRef,
      baseRefOid: () => pull.baseSha,
      mergeable: async () => ({ true: 'MERGEABLE', false: 'CONFLICTING', null: 'UNKNOWN' })[`${await mergeable()}`],
      mergeStateStatus: async () => (await mergeableState(world, repo, pull, await mergeable())).toUpperCase(),
      reviewDecision: () => reviewDecision(world, repo, pull),
      isInMergeQueue: () => entry() !== undefined,
      isMergeQueueEnabled: () => hasQueue(world, repo, pull.baseRef),
      mergeQueueEntry: () => {
        const found = entry();
        return found === undefined ? null : entryObject(world, repo, pull.baseRef, found);
      },
      timelineItems: (args) => timelineObject(world, repo, pull, args),
      autoMergeRequest: () => (pull.autoMerge === null ? null : autoMergeObject(pull)),
      repository: () => repositoryObject(world, repo),
    },
  };
}

const QUEUE_EVENTS: Record<string, string> = {
  ADDED_TO_MERGE_QUEUE_EVENT: 'AddedToMergeQueueEvent',
  REMOVED_FROM_MERGE_QUEUE_EVENT: 'RemovedFromMergeQueueEvent',
};
const TimelineArguments = z.looseObject({ last: z.int().min(1).max(100), itemTypes: z.array(z.string()) });

/** Of the merge queue alone: nothing else of the timeline is kept. */
function timelineObject(world: World, repo: Repo, pull: Pull, args: Record<string, unknown>): Resolved {
  const asked = TimelineArguments.safeParse(args);
  const unknown = asked.data?.itemTypes.find((type) => QUEUE_EVENTS[type] === undefined);
  if (!asked.success || unknown !== undefined) {
    throw new GraphqlError(`This stand-in has no timeline items ${unknown ?? JSON.stringify(args)}`);
  }
  const types = asked.data.itemTypes.map((type) => QUEUE_EVENTS[type]);
  const nodes = world.store.state.queueEvents
    .filter(({ repoId, number }) => repoId === repo.id && number === pull.number)
    .map(({ id, removed, createdAt, login }): Resolved => {
      const type = removed === null ? 'AddedToMergeQueueEvent' : 'RemovedFromMergeQueueEvent';
      const actor = (): Resolved => ({ type: 'User', fields: { login: () => login } });
      const common = { id: () => nodeId(type, id), createdAt: () => createdAt, actor };
      if (removed === null) return { type, fields: common };
      const beforeCommit = () => commitObject(removed.groupSha ?? undefined);
      return { type, fields: { ...common, reason: () => removed.reason, beforeCommit } };
    })
    .filter(({ type }) => types.includes(type));
  const shown = nodes.slice(-asked.data.last);
  return {
    type: 'PullRequestTimelineItemsConnection',
    fields: { totalCount: () => nodes.length, nodes: () => shown },
  };
}

const autoMergeObject = (pull: Pull): Resolved => ({
  type: 'AutoMergeRequest',
  fields: {
    mergeMethod: () => pull.autoMerge?.method.toUpperCase() ?? null,
    commitHeadline: () => pull.autoMerge?.title ?? null,
    commitBody: () => pull.autoMerge?.text ?? null,
    enabledAt: () => pull.updatedAt,
  },
});

/** Null when the branch demands no review. */
function reviewDecision(world: World, repo: Repo, pull: Pull): string | null {
  const counts = demandsOf(world, repo, pull.baseRef).map(({ approvals }) => approvals ?? 0);
  const wanted = Math.max(0, ...counts);
  if (wanted === 0) return null;
  const states = countingReviews(world, repo, pull).map(({ state }) => state);
  if (states.includes('CHANGES_REQUESTED')) return 'CHANGES_REQUESTED';
  return states.filter((state) => state === 'APPROVED').length >= wanted ? 'APPROVED' : 'REVIEW_REQUIRED';
}
