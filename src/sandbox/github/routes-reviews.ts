import * as z from 'zod';
import { ApiError, type Call, notFound, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { pullOf, refreshRepository } from './pulls.ts';
import { NewLineComment, placeComment } from './review-comments.ts';
import { repoOf } from './routes-repos.ts';
import { reviewCommentInReviewJson, reviewJson } from './shapes-reviews.ts';
import { same } from './state.ts';
import type { Pull, Repo, Review } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

const Event = z.enum(['APPROVE', 'REQUEST_CHANGES', 'COMMENT']);
const NewReview = z.object({
  event: Event.optional(),
  body: z.string().nullish(),
  commit_id: z.string().optional(),
  comments: z.array(NewLineComment).default([]),
});

const STATES = { APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const;

const unprocessable = (text: string): ApiError => new ApiError(422, 'Unprocessable Entity', [text]);

async function createReview(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const wanted = parseBody(NewReview, call.body, 'PullRequestReview');
  const text = wanted.body ?? '';
  if (wanted.event !== undefined) refuseReview(pull, call.user.login, wanted.event, text, wanted.comments.length);
  const { reviews } = world.store.state;
  const isPending = ({ repoId, number, state, login }: Review): boolean =>
    repoId === repo.id && number === pull.number && state === 'PENDING' && same(login, call.user.login);
  if (reviews.some(isPending)) throw unprocessable('User can only have one pending review per pull request');
  const review: Review = {
    id: world.store.nextId(),
    repoId: repo.id,
    number: pull.number,
    login: call.user.login,
    state: 'PENDING',
    body: text,
    commitId: wanted.commit_id ?? pull.headSha,
    submittedAt: null,
  };
  // Every comment finds its place before anything is kept.
  const comments = [];
  for (const comment of wanted.comments) {
    comments.push(await placeComment(world, repo, pull, { ...comment, commit_id: review.commitId }, review));
  }
  reviews.push(review);
  world.store.state.reviewComments.push(...comments);
  if (wanted.event !== undefined) await submit(world, repo, pull, review, wanted.event);
  world.store.save();
  return reply(200, reviewJson(world, repo, review));
}

function refuseReview(pull: Pull, login: string, event: z.infer<typeof Event>, body: string, comments: number): void {
  if (same(pull.login, login) && event === 'APPROVE') throw unprocessable('Can not approve your own pull request');
  if (same(pull.login, login) && event === 'REQUEST_CHANGES') {
    throw unprocessable('Can not request changes on your own pull request');
  }
  if (event !== 'APPROVE' && body === '' && comments === 0) throw unprocessable('Body cannot be blank');
}

async function submit(world: World, repo: Repo, pull: Pull, review: Review, event: z.infer<typeof Event>) {
  review.state = STATES[event];
  review.submittedAt = timestamp(world.clock);
  pull.reviewers = pull.reviewers.filter((login) => !same(login, review.login));
  pull.updatedAt = review.submittedAt;
  // An approval may be what automatic merging has waited for.
  await world.serially(repo, () => refreshRepository(world, repo));
}

function reviewOf(world: World, call: Call): { repo: Repo; pull: Pull; review: Review } {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const id = Number(call.params.id);
  const review = world.store.state.reviews.find(
    (entry) => entry.repoId === repo.id && entry.number === pull.number && entry.id === id,
  );
  // Nobody sees another person's pending review.
  if (review === undefined || (review.state === 'PENDING' && !same(review.login, call.user.login))) throw notFound();
  return { repo, pull, review };
}

const Submission = z.object({ event: Event, body: z.string().nullish() });

async function submitReview(world: World, call: Call): Promise<Reply> {
  const { repo, pull, review } = reviewOf(world, call);
  const wanted = parseBody(Submission, call.body, 'PullRequestReview');
  if (review.state !== 'PENDING') throw unprocessable('Could not submit a review that is not pending');
  const comments = world.store.state.reviewComments.filter(({ reviewId }) => reviewId === review.id).length;
  refuseReview(pull, call.user.login, wanted.event, wanted.body ?? review.body, comments);
  review.body = wanted.body ?? review.body;
  await submit(world, repo, pull, review, wanted.event);
  world.store.save();
  return reply(200, reviewJson(world, repo, review));
}

const Dismissal = z.object({ message: z.string().min(1) });

function dismissReview(world: World, call: Call): Reply {
  const { repo, review } = reviewOf(world, call);
  parseBody(Dismissal, call.body, 'PullRequestReview');
  if (review.state !== 'APPROVED' && review.state !== 'CHANGES_REQUESTED') {
    throw unprocessable('Can not dismiss a commented pull request review');
  }
  review.state = 'DISMISSED';
  world.store.save();
  return reply(200, reviewJson(world, repo, review));
}

function listReviews(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const { number } = pullOf(world, repo, call);
  const reviews = world.store.state.reviews.filter(
    (review) =>
      review.repoId === repo.id &&
      review.number === number &&
      (review.state !== 'PENDING' || same(review.login, call.user.login)),
  );
  const page = paginate(call, reviews);
  return reply(
    200,
    page.items.map((review) => reviewJson(world, repo, review)),
    page.headers,
  );
}

function listCommentsOfReview(world: World, call: Call): Reply {
  const { repo, pull, review } = reviewOf(world, call);
  const comments = world.store.state.reviewComments.filter(({ reviewId }) => reviewId === review.id);
  const page = paginate(call, comments);
  return reply(
    200,
    page.items.map((comment) => reviewCommentInReviewJson(world, repo, comment, pull)),
    page.headers,
  );
}

export function reviewRoutes(world: World): Route[] {
  const reviews = '/repos/:owner/:repo/pulls/:number/reviews';
  return [
    { method: 'GET', path: reviews, handle: (call) => listReviews(world, call) },
    { method: 'POST', path: reviews, access: 'read', handle: (call) => createReview(world, call) },
    {
      method: 'GET',
      path: `${reviews}/:id`,
      handle: (call) => {
        const { repo, review } = reviewOf(world, call);
        return reply(200, reviewJson(world, repo, review));
      },
    },
    { method: 'GET', path: `${reviews}/:id/comments`, handle: (call) => listCommentsOfReview(world, call) },
    { method: 'POST', path: `${reviews}/:id/events`, access: 'read', handle: (call) => submitReview(world, call) },
    { method: 'PUT', path: `${reviews}/:id/dismissals`, access: 'push', handle: (call) => dismissReview(world, call) },
  ];
}
