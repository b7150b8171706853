import type { RestEndpointMethodTypes } from '@octokit/rest';
import { nodeId, repoApi, repoWeb, userJson } from './shapes-repository.ts';
import type { Pull, Repo, Review, ReviewComment } from './state-schema.ts';
import type { World } from './world.ts';

type ReviewJson = RestEndpointMethodTypes['pulls']['getReview']['response']['data'];
type ReviewCommentJson = RestEndpointMethodTypes['pulls']['getReviewComment']['response']['data'];

type CommentInReviewJson = RestEndpointMethodTypes['pulls']['listCommentsForReview']['response']['data'][number];

export function reviewJson(world: World, repo: Repo, review: Review): ReviewJson {
  const pull = `${repoApi(world, repo)}/pulls/${review.number}`;
  const page = `${repoWeb(world, repo)}/pull/${review.number}#pullrequestreview-${review.id}`;
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: userJson(world, world.store.account(review.login, 'User')),
    body: review.body,
    state: review.state,
    html_url: page,
    pull_request_url: pull,
    _links: { html: { href: page }, pull_request: { href: pull } },
    ...(review.submittedAt === null ? {} : { submitted_at: review.submittedAt }),
    commit_id: review.commitId,
    author_association: world.accounts.association(repo, review.login),
  };
}

export function reviewCommentJson(world: World, repo: Repo, comment: ReviewComment, pull: Pull): ReviewCommentJson {
  const url = `${repoApi(world, repo)}/pulls/comments/${comment.id}`;
  const pullUrl = `${repoApi(world, repo)}/pulls/${comment.number}`;
  const page = `${repoWeb(world, repo)}/pull/${comment.number}#discussion_r${comment.id}`;
  // A line that another push has taken away has no place in the diff any more.
  const isCurrent = comment.commitId === pull.headSha;
  const line = isCurrent ? comment.line : null;
  return {
    id: comment.id,
    node_id: nodeId('PullRequestReviewComment', comment.id),
    pull_request_review_id: comment.reviewId,
    url,
    html_url: page,
    pull_request_url: pullUrl,
    diff_hunk: comment.diffHunk,
    path: comment.path,
    commit_id: comment.commitId,
    original_commit_id: comment.commitId,
    user: userJson(world, world.store.account(comment.login, 'User')),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: world.accounts.association(repo, comment.login),
    _links: { self: { href: url }, html: { href: page }, pull_request: { href: pullUrl } },
    ...(comment.inReplyTo === null ? {} : { in_reply_to_id: comment.inReplyTo }),
    start_line: isCurrent ? comment.startLine : null,
    original_start_line: comment.startLine,
    start_side: comment.startLine === null ? null : comment.side,
    ...(line === null ? {} : { line }),
    ...(comment.line === null ? {} : { original_line: comment.line }),
    side: comment.side,
    subject_type: comment.line === null ? 'file' : 'line',
  };
}

/** A comment as the list of one review has it: by its place in the hunk instead of its line. */
export function reviewCommentInReviewJson(
  world: World,
  repo: Repo,
  comment: ReviewComment,
  pull: Pull,
): CommentInReviewJson {
  const { line: _line, original_line: _originalLine, ...rest } = reviewCommentJson(world, repo, comment, pull);
  const position = comment.diffHunk.split('\n').length - 1;
  return { ...rest, position, original_position: position };
}
