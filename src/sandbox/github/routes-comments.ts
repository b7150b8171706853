import * as z from 'zod';
import { ApiError, type Call, notFound, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { repoOf } from './routes-repos.ts';
import { commentJson } from './shapes.ts';
import { threadOf } from './shapes-issues.ts';
import { same } from './state.ts';
import type { Comment, Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

/** Comments of issues, and those of pull requests that belong to no line. */

const CommentBody = z.object({ body: z.string().min(1) });

function listComments(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const { number } = threadOf(world, repo, call);
  const since = Date.parse(call.query.get('since') ?? '') || 0;
  const comments = world.store.state.comments.filter(
    (entry) => entry.repoId === repo.id && entry.number === number && Date.parse(entry.updatedAt) >= since,
  );
  const page = paginate(call, comments);
  return reply(
    200,
    page.items.map((comment) => commentJson(world, repo, comment)),
    page.headers,
  );
}

/** Of all issues of a repository, for those who ask what is new. */
function listAllComments(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const since = Date.parse(call.query.get('since') ?? '') || 0;
  const comments = world.store.state.comments.filter(
    (entry) => entry.repoId === repo.id && Date.parse(entry.updatedAt) >= since,
  );
  const page = paginate(call, comments);
  return reply(
    200,
    page.items.map((comment) => commentJson(world, repo, comment)),
    page.headers,
  );
}

function addComment(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const thread = threadOf(world, repo, call);
  const { body } = parseBody(CommentBody, call.body, 'IssueComment');
  const now = timestamp(world.clock);
  const comment: Comment = {
    id: world.store.nextId(),
    repoId: repo.id,
    number: thread.number,
    body,
    createdAt: now,
    updatedAt: now,
    login: call.user.login,
  };
  world.store.state.comments.push(comment);
  thread.updatedAt = now;
  world.store.save();
  const json = commentJson(world, repo, comment);
  return reply(201, json, { location: json.url });
}

function commentOf(world: World, repo: Repo, call: Call): Comment {
  const id = Number(call.params.id);
  const comment = world.store.state.comments.find((entry) => entry.repoId === repo.id && entry.id === id);
  if (comment === undefined) throw notFound();
  return comment;
}

/** One's own comments, and with the right to push everybody's. */
function ownComment(world: World, call: Call): [Repo, Comment] {
  const repo = repoOf(world, call);
  const comment = commentOf(world, repo, call);
  const role = world.accounts.role(repo, call.user.login);
  if (role === 'read' && !same(comment.login, call.user.login)) {
    throw new ApiError(403, 'Must have admin rights to Repository.');
  }
  return [repo, comment];
}

function patchComment(world: World, call: Call): Reply {
  const [repo, comment] = ownComment(world, call);
  comment.body = parseBody(CommentBody, call.body, 'IssueComment').body;
  comment.updatedAt = timestamp(world.clock);
  world.store.save();
  return reply(200, commentJson(world, repo, comment));
}

function deleteComment(world: World, call: Call): Reply {
  const [, comment] = ownComment(world, call);
  const { comments } = world.store.state;
  comments.splice(comments.indexOf(comment), 1);
  world.store.save();
  return reply(204, undefined);
}

export function commentRoutes(world: World): Route[] {
  const ofIssue = '/repos/:owner/:repo/issues/:number/comments';
  const one = '/repos/:owner/:repo/issues/comments/:id';
  return [
    { method: 'GET', path: '/repos/:owner/:repo/issues/comments', handle: (call) => listAllComments(world, call) },
    {
      method: 'GET',
      path: one,
      handle: (call) => {
        const repo = repoOf(world, call);
        return reply(200, commentJson(world, repo, commentOf(world, repo, call)));
      },
    },
    { method: 'PATCH', path: one, access: 'read', handle: (call) => patchComment(world, call) },
    { method: 'DELETE', path: one, access: 'read', handle: (call) => deleteComment(world, call) },
    { method: 'GET', path: ofIssue, handle: (call) => listComments(world, call) },
    { method: 'POST', path: ofIssue, access: 'read', handle: (call) => addComment(world, call) },
  ];
}
