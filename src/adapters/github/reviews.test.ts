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
const review = (id: number, state: string, body: string, minute: number) => ({
  ...grace,
  id,
  state,
  body,
  submitted_at: at(minute),
});

describe('what reviewers say on GitHub', () => {
  const reading = (reviews: unknown[], remarks: unknown[], threads: Parameters<typeof ok>[0] = null) => {
    const routes = {
      'GET /user': ok({ login: 'ada' }),
      [`GET ${PULL}/reviews`]: ok(reviews),
      [`GET ${PULL}/comments`]: ok(remarks),
      'GET /repos/ada/shop/issues/7/comments': ok([]),
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
      (await comments).map(({ body, wantsChange }) => [body, wantsChange]),
      [
        ['Rename it.', false],
        ['Remark 1', false],
        ['Thanks.', false],
        ['Remark 2', true],
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

  it('is not taken for nothing when GitHub refuses the token', async () => {
    const { fetch } = routing({ 'GET /user': { status: 401 } });
    await failure(forgeOver(fetch).reviewComments(repository, 7, signal), 'auth');
  });
});
