import * as z from 'zod';
import type { ForgeRepository, ReviewComment } from '../../core/ports.ts';
import type { GithubClient } from './client.ts';
import { allPages, PAGE_SIZE, place, slug } from './places.ts';
import { resolvedComments } from './review-threads.ts';

const Author = {
  /** Null: the account does not exist any more. `type`: `User`, or `Bot` for a program. */
  user: z.object({ login: z.string(), type: z.string().default('User') }).nullable(),
  author_association: z.string().default('NONE'),
};

const Review = z.object({
  ...Author,
  id: z.int(),
  state: z.string(),
  body: z.string().nullable(),
  /** Absent while it is being written. */
  submitted_at: z.string().nullish(),
});
type Review = z.infer<typeof Review>;

const Inline = z.object({
  ...Author,
  id: z.int(),
  pull_request_review_id: z.int().nullable(),
  /** Of the first remark of the thread; absent in that one. */
  in_reply_to_id: z.int().nullish(),
  body: z.string(),
  path: z.string(),
  /** Null or absent where the line is not in the change any more, and for remarks on the whole file. */
  line: z.int().nullish(),
  created_at: z.string(),
});
type Inline = z.infer<typeof Inline>;

const Talk = z.object({ ...Author, id: z.int(), body: z.string().nullish(), created_at: z.string() });
type Talk = z.infer<typeof Talk>;

/** Who may write to the repository, as far as GitHub says so with what they wrote. */
const TRUSTED: ReadonlySet<string> = new Set(['OWNER', 'MEMBER', 'COLLABORATOR']);

interface Dated {
  at: string;
  isApproval?: boolean;
  comment: ReviewComment;
}

export function readReviews(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  signal: AbortSignal,
): Promise<Review[]> {
  const doing = `reading the reviews of the pull request #${number} of ${slug(repository)}`;
  return allPages((page) =>
    client.call({ doing, kind: 'read', schema: z.array(Review) }, signal, (octokit, options) =>
      octokit.rest.pulls.listReviews({
        ...place(repository),
        pull_number: number,
        per_page: PAGE_SIZE,
        page,
        ...options,
      }),
    ),
  );
}

export async function reviewComments(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  signal: AbortSignal,
): Promise<ReviewComment[]> {
  const own = await client.login(signal);
  const reviews = await readReviews(client, repository, number, signal);
  const inline = await readInline(client, repository, number, signal);
  const talk = await readTalk(client, repository, number, signal);
  const resolved = inline.length === 0 ? new Set() : await resolvedComments(client, repository, number, signal);
  const states = new Map(reviews.map((review) => [review.id, review.state]));
  const isLeftOut = (state: string | undefined): boolean => state === 'DISMISSED' || state === 'PENDING';
  const approvedAt = lastApprovals(reviews);
  const withRemarks = new Set(inline.map((remark) => remark.pull_request_review_id));
  const said: Dated[] = [
    ...reviews
      .filter(({ state }) => !isLeftOut(state))
      .filter(({ id, state, body }) => !isBlank(body) || (state === 'CHANGES_REQUESTED' && !withRemarks.has(id)))
      .map(fromReview),
    ...inline
      .filter(({ id, pull_request_review_id: of }) => !resolved.has(id) && !isLeftOut(states.get(of ?? 0)))
      .map(fromInline),
    ...talk.filter(({ body }) => !isBlank(body)).map(fromTalk),
  ];
  return (
    said
      // Times are whole seconds: what was said in one second stays in the order of the lists.
      .sort((a, b) => a.at.localeCompare(b.at))
      .map(({ at, isApproval, comment }) => {
        // Who approves after it does not wait for it any more.
        const isSettled = !isApproval && at <= (approvedAt.get(comment.author) ?? '');
        // Whose token it is may do with it what this program does.
        const heard = comment.author === own ? { ...comment, trusted: true } : comment;
        return isSettled ? { ...heard, kind: 'settled' } : heard;
      })
  );
}

const isBlank = (text: string | null | undefined): boolean => (text ?? '').trim() === '';

/** Login -> time of the approval that is their last word on the change. */
function lastApprovals(reviews: Review[]): Map<string, string> {
  const approvedAt = new Map<string, string>();
  for (const { state, user, submitted_at: at } of reviews) {
    if (user === null || typeof at !== 'string') continue;
    if (state === 'APPROVED') approvedAt.set(user.login, at);
  }
  return approvedAt;
}

function readInline(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  signal: AbortSignal,
): Promise<Inline[]> {
  const doing = `reading the remarks on the pull request #${number} of ${slug(repository)}`;
  const asked = { ...place(repository), pull_number: number, per_page: PAGE_SIZE };
  return allPages((page) =>
    client.call({ doing, kind: 'read', schema: z.array(Inline) }, signal, (octokit, options) =>
      octokit.rest.pulls.listReviewComments({ ...asked, page, ...options }),
    ),
  );
}

function readTalk(
  client: GithubClient,
  repository: ForgeRepository,
  number: number,
  signal: AbortSignal,
): Promise<Talk[]> {
  const doing = `reading the comments on the pull request #${number} of ${slug(repository)}`;
  const asked = { ...place(repository), issue_number: number, per_page: PAGE_SIZE };
  return allPages((page) =>
    client.call({ doing, kind: 'read', schema: z.array(Talk) }, signal, (octokit, options) =>
      octokit.rest.issues.listComments({ ...asked, page, ...options }),
    ),
  );
}

const by = ({ user, author_association: association }: Pick<Review, 'user' | 'author_association'>) => ({
  // GitHub's name for whose account is gone.
  author: user?.login ?? 'ghost',
  trusted: user !== null && user.type !== 'Bot' && TRUSTED.has(association),
});

const fromReview = (review: Review): Dated => ({
  at: review.submitted_at ?? '',
  isApproval: review.state === 'APPROVED',
  comment: {
    ...by(review),
    id: `review-${review.id}`,
    kind: review.state === 'CHANGES_REQUESTED' ? 'request' : 'talk',
    body: review.body ?? '',
    file: '',
    line: 0,
  },
});

const fromInline = (inline: Inline): Dated => ({
  at: inline.created_at,
  comment: {
    ...by(inline),
    id: `remark-${inline.id}`,
    // Answers in a thread are a conversation about its first remark.
    kind: inline.in_reply_to_id == null ? 'request' : 'talk',
    body: inline.body,
    file: inline.path,
    line: inline.line ?? 0,
  },
});

const fromTalk = (talk: Talk): Dated => ({
  at: talk.created_at,
  comment: { ...by(talk), id: `comment-${talk.id}`, kind: 'talk', body: talk.body ?? '', file: '', line: 0 },
});
