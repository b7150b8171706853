import type { RestEndpointMethodTypes } from '@octokit/rest';
import * as z from 'zod';
import { ApiError, type Call, parseBody, type Reply, type Route, reply } from './http.ts';
import { pullOf } from './pulls.ts';
import { repoOf } from './routes-repos.ts';
import { simplePullJson, teamJson } from './shapes-pulls.ts';
import { userJson } from './shapes-repository.ts';
import { same } from './state.ts';
import type { Pull, Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

type Requested = RestEndpointMethodTypes['pulls']['listRequestedReviewers']['response']['data'];

const Reviewers = z.object({
  reviewers: z.array(z.string()).default([]),
  team_reviewers: z.array(z.string()).default([]),
});

function requestReviewers(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const wanted = parseBody(Reviewers, call.body, 'PullRequest');
  for (const login of wanted.reviewers) refuseReviewer(world, repo, pull, login);
  const isOrganization = world.store.owner(repo.owner).type === 'Organization';
  if (wanted.team_reviewers.length > 0 && !isOrganization) throw noCollaborator(repo);
  pull.reviewers = union(pull.reviewers, wanted.reviewers);
  pull.teams = union(pull.teams, wanted.team_reviewers);
  pull.updatedAt = timestamp(world.clock);
  world.store.save();
  return reply(201, simplePullJson(world, repo, pull));
}

const noCollaborator = (repo: Repo): ApiError =>
  new ApiError(
    422,
    'Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a ' +
      `collaborator of the ${repo.owner}/${repo.name} repository.`,
  );

function refuseReviewer(world: World, repo: Repo, pull: Pull, login: string): void {
  if (same(login, pull.login)) throw new ApiError(422, 'Review cannot be requested from pull request author.');
  const known = world.store.state.owners.some((owner) => owner.type === 'User' && same(owner.login, login));
  const role = world.accounts.role(repo, login);
  if (!known || (role !== 'admin' && role !== 'write')) throw noCollaborator(repo);
}

const union = (kept: readonly string[], added: readonly string[]): string[] => [
  ...kept,
  ...added.filter((name) => !kept.some((other) => same(other, name))),
];

function removeReviewers(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const wanted = parseBody(Reviewers, call.body, 'PullRequest');
  pull.reviewers = pull.reviewers.filter((login) => !wanted.reviewers.some((name) => same(name, login)));
  pull.teams = pull.teams.filter((slug) => !wanted.team_reviewers.some((name) => same(name, slug)));
  world.store.save();
  return reply(200, simplePullJson(world, repo, pull));
}

function listReviewers(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const body: Requested = {
    users: pull.reviewers.map((login) => userJson(world, world.store.account(login, 'User'))),
    teams: pull.teams.map((slug) => teamJson(world, repo, slug)),
  };
  return reply(200, body);
}

export function reviewerRoutes(world: World): Route[] {
  const path = '/repos/:owner/:repo/pulls/:number/requested_reviewers';
  return [
    { method: 'GET', path, handle: (call) => listReviewers(world, call) },
    { method: 'POST', path, access: 'push', handle: (call) => requestReviewers(world, call) },
    { method: 'DELETE', path, access: 'push', handle: (call) => removeReviewers(world, call) },
  ];
}
