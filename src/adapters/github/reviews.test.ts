import assert from 'node:assert/strict';
import { failure, forgeOver, ok, repository, routing, signal, warnings } from './test-support.ts';

const PULL = '/repos/ada/shop/pulls/7';
const grace = { user: { login: 'grace' }, author_association: 'MEMBER' };
const at = (minute: number): string => `2026-03-01T12:0${minute}:00Z`;

const remark = (id: number, more: Record<string, unknown> = {}) => ({
  ...grace,
  id,
  pull_request_review_id: null,
  body: `Remark ${id}`,
  path: 'shop.js',
  line: 3,
  created_at: at(2),
  ...more,
});
const talk = (id: number, body: string, more: Record<string, unknown> = {}) => ({
  ...grace,
  id,
  body,
  created_at: at(2),
  ...more,
});
const review = (id: number, state: string, body: string, minute: number) => ({
  ...grace,
  id,
  state,
  body,
  submitted_at: at(minute),
});

describe('what reviewers say on GitHub', () => {
  const reading = (
    reviews: unknown[],
    remarks: unknown[],
    threads: Parameters<typeof ok>[0] = null,
    conversation: unknown[] = [],
  ) => {
    const routes = {
      'GET /user': ok({ login: 'ada' }),
      [`GET ${PULL}/reviews`]: ok(reviews),
      [`GET ${PULL}/comments`]: ok(remarks),
      'GET /repos/ada/shop/issues/7/comments': ok(conversation),
      ...(threads === null ? {} : { 'graphql:reviewThreads': ok(threads) }),
    };
    const log = warnings();
    const { fetch, asked } = routing(routes);
    return { comments: forgeOver(fetch, { log }).reviewComments(repository, 7, signal), log, asked };
  };
  const threadsOf = (nodes: { isResolved: boolean; ids: number[] }[]) => ({
    data: {
      repository: {
        pullRequest: {
          reviewThreads: {
            pageInfo: { hasNextPage: false, endCursor: null },
            nodes: nodes.map(({ isResolved, ids }) => ({
              isResolved,
              comments: { nodes: ids.map((databaseId) => ({ databaseId })) },
            })),
          },
        },
      },
    },
  });

  it('is left out with its whole thread once that is resolved', async () => {
    const threads = threadsOf([
      { isResolved: true, ids: [1, 2] },
      { isResolved: false, ids: [3] },
    ]);
    const { comments } = reading([], [remark(1), remark(2), remark(3)], threads);
    assert.deepEqual(
      (await comments).map(({ body }) => body),
      ['Remark 3'],
    );
  });

  it('counts as open where threads cannot be asked for, with a warning', async () => {
    const refusedFields = { errors: [{ message: "Field 'reviewThreads' doesn't exist" }] };
    const { comments, log } = reading([], [remark(1)], refusedFields);
    assert.equal((await comments).length, 1);
    assert.equal(log.said.length, 1);
  });

  it('is not asked for threads when there are no remarks', async () => {
    const { comments, asked } = reading([review(1, 'COMMENTED', 'Nice.', 1)], []);
    assert.equal((await comments).length, 1);
    assert.ok(!asked().includes('graphql:reviewThreads'));
  });

  it('goes with a dismissed review, and is about the whole file when its line is not there any more', async () => {
    const reviews = [review(1, 'DISMISSED', 'No.', 1), review(2, 'CHANGES_REQUESTED', '', 1)];
    const remarks = [remark(1, { pull_request_review_id: 1 }), remark(2, { pull_request_review_id: 2, line: null })];
    const { comments } = reading(reviews, remarks, threadsOf([]));
    assert.deepEqual(
      (await comments).map(({ id, line }) => [id, line]),
      [['remark-2', 0]],
    );
  });

  it('asks for nothing any more once its author has approved', async () => {
    const reviews = [review(1, 'CHANGES_REQUESTED', 'Rename it.', 1), review(2, 'APPROVED', 'Thanks.', 3)];
    const { comments } = reading(reviews, [remark(1), remark(2, { created_at: at(4) })], threadsOf([]));
    assert.deepEqual(
      (await comments).map(({ body, kind }) => [body, kind]),
      [
        ['Rename it.', 'settled'],
        ['Remark 1', 'settled'],
        ['Thanks.', 'talk'],
        ['Remark 2', 'request'],
      ],
    );
  });

  it('is not believed of somebody whose account is gone', async () => {
    const { comments } = reading([], [remark(1, { user: null })], threadsOf([]));
    assert.deepEqual(
      (await comments).map(({ author, trusted }) => [author, trusted]),
      [['ghost', false]],
    );
  });

  it('asks for a change by a review that requests changes and the first remark of a thread, and by nothing else', async () => {
    const reviews = [review(1, 'CHANGES_REQUESTED', 'Rename it.', 1), review(2, 'COMMENTED', 'Nice.', 1)];
    const remarks = [remark(1), remark(2, { in_reply_to_id: 1 })];
    const { comments } = reading(reviews, remarks, threadsOf([]), [talk(1, 'Thanks!')]);
    assert.deepEqual(
      (await comments).map(({ id, kind }) => [id, kind]),
      [
        ['review-1', 'request'],
        ['review-2', 'talk'],
        ['remark-1', 'request'],
        ['remark-2', 'talk'],
        ['comment-1', 'talk'],
      ],
    );
  });

  it('is given without a word only where changes are requested by nothing else', async () => {
    const reviews = [review(1, 'CHANGES_REQUESTED', '', 1), review(2, 'CHANGES_REQUESTED', '', 1)];
    const { comments } = reading(
      [...reviews, review(3, 'COMMENTED', '', 1), review(4, 'APPROVED', '', 0)],
      [remark(1, { pull_request_review_id: 2 })],
      threadsOf([]),
    );
    assert.deepEqual(
      (await comments).map(({ id, body }) => [id, body]),
      [
        ['review-1', ''],
        ['remark-1', 'Remark 1'],
      ],
    );
  });

  it('is believed of the owner of the token, and not of a program', async () => {
    const own = { user: { login: 'ada', type: 'User' }, author_association: 'CONTRIBUTOR' };
    const bot = { user: { login: 'lint[bot]', type: 'Bot' }, author_association: 'MEMBER' };
    const { comments } = reading([], [], null, [talk(1, 'a', own), talk(2, 'b', bot), talk(3, 'c')]);
    assert.deepEqual(
      (await comments).map(({ author, trusted }) => [author, trusted]),
      [
        ['ada', true],
        ['lint[bot]', false],
        ['grace', true],
      ],
    );
  });

  it('is not taken for nothing when GitHub refuses the token', async () => {
    const { fetch } = routing({ 'GET /user': { status: 401 } });
    await failure(forgeOver(fetch).reviewComments(repository, 7, signal), 'auth');
  });
});
