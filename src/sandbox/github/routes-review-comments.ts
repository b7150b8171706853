import * as z from 'zod';
import { ApiError, type Call, invalid, notFound, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { pullOf } from './pulls.ts';
import { NewLineComment, placeComment } from './review-comments.ts';
import { repoOf } from './routes-repos.ts';
import { reviewCommentJson } from './shapes-reviews.ts';
import { same } from './state.ts';
import type { Pull, Repo, Review, ReviewComment } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

const NewComment = NewLineComment.extend({ commit_id: z.string().min(1) });
const Answer = z.object({ body: z.string().min(1), in_reply_to: z.int() });
const Text = z.object({ body: z.string().min(1) });

/** GitHub puts a comment that stands alone into a review of its own. */
function loneReview(world: World, repo: Repo, pull: Pull, login: string): Review {
  return {
    id: world.store.nextId(),
    repoId: repo.id,
    number: pull.number,
    login,
    state: 'COMMENTED',
    body: '',
    commitId: pull.headSha,
    submittedAt: timestamp(world.clock),
  };
}

async function addComment(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const answer = Answer.safeParse(call.body);
  if (answer.success) return addAnswer(world, call, repo, pull, answer.data.in_reply_to, answer.data.body);
  const wanted = parseBody(NewComment, call.body, 'PullRequestReviewComment');
  const review = loneReview(world, repo, pull, call.user.login);
  const comment = await placeComment(world, repo, pull, wanted, review);
  return keep(world, repo, pull, review, comment);
}

function addAnswer(world: World, call: Call, repo: Repo, pull: Pull, id: number, body: string): Reply {
  const first = world.store.state.reviewComments.find((entry) => entry.number === pull.number && entry.id === id);
  if (first === undefined || first.repoId !== repo.id) {
    throw invalid('PullRequestReviewComment', { field: 'in_reply_to', code: 'invalid' });
  }
  const review = loneReview(world, repo, pull, call.user.login);
  const now = timestamp(world.clock);
  const comment: ReviewComment = {
    ...first,
    id: world.store.nextId(),
    reviewId: review.id,
    login: call.user.login,
    body,
    // Every answer belongs to the first comment of its thread.
    inReplyTo: first.inReplyTo ?? first.id,
    createdAt: now,
    updatedAt: now,
  };
  return keep(world, repo, pull, review, comment);
}

function keep(world: World, repo: Repo, pull: Pull, review: Review, comment: ReviewComment): Reply {
  world.store.state.reviews.push(review);
  world.store.state.reviewComments.push(comment);
  pull.updatedAt = comment.createdAt;
  world.store.save();
  const json = reviewCommentJson(world, repo, comment, pull);
  return reply(201, json, { location: json.url });
}

function listComments(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const since = Date.parse(call.query.get('since') ?? '') || 0;
  const hidden = new Set(
    world.store.state.reviews
      .filter((review) => review.state === 'PENDING' && !same(review.login, call.user.login))
      .map(({ id }) => id),
  );
  const comments = world.store.state.reviewComments.filter(
    (entry) =>
      entry.repoId === repo.id &&
      entry.number === pull.number &&
      Date.parse(entry.updatedAt) >= since &&
      !hidden.has(entry.reviewId ?? 0),
  );
  const page = paginate(call, comments);
  return reply(
    200,
    page.items.map((comment) => reviewCommentJson(world, repo, comment, pull)),
    page.headers,
  );
}

function commentOf(world: World, call: Call): { repo: Repo; pull: Pull; comment: ReviewComment } {
  const repo = repoOf(world, call);
  const id = Number(call.params.id);
  const comment = world.store.state.reviewComments.find((entry) => entry.repoId === repo.id && entry.id === id);
  const pull = world.store.state.pulls.find((entry) => entry.repoId === repo.id && entry.number === comment?.number);
  if (comment === undefined || pull === undefined) throw notFound();
  return { repo, pull, comment };
}

function patchComment(world: World, call: Call): Reply {
  const { repo, pull, comment } = commentOf(world, call);
  if (world.accounts.role(repo, call.user.login) === 'read' && !same(comment.login, call.user.login)) {
    throw new ApiError(403, 'Must have admin rights to Repository.');
  }
  comment.body = parseBody(Text, call.body, 'PullRequestReviewComment').body;
  comment.updatedAt = timestamp(world.clock);
  world.store.save();
  return reply(200, reviewCommentJson(world, repo, comment, pull));
}

export function reviewCommentRoutes(world: World): Route[] {
  const pulls = '/repos/:owner/:repo/pulls';
  const ofPull = `${pulls}/:number/comments`;
  const one = `${pulls}/comments/:id`;
  return [
    {
      method: 'GET',
      path: one,
      handle: (call) => {
        const { repo, pull, comment } = commentOf(world, call);
        return reply(200, reviewCommentJson(world, repo, comment, pull));
      },
    },
    { method: 'PATCH', path: one, access: 'read', handle: (call) => patchComment(world, call) },
    { method: 'GET', path: ofPull, handle: (call) => listComments(world, call) },
    { method: 'POST', path: ofPull, access: 'read', handle: (call) => addComment(world, call) },
    {
      method: 'POST',
      path: `${ofPull}/:id/replies`,
      access: 'read',
      handle: (call) => {
        const repo = repoOf(world, call);
        const pull = pullOf(world, repo, call);
        const { body } = parseBody(Text, call.body, 'PullRequestReviewComment');
        if (!world.store.state.reviewComments.some(({ id }) => id === Number(call.params.id))) throw notFound();
        return addAnswer(world, call, repo, pull, Number(call.params.id), body);
      },
    },
  ];
}
