import assert from 'node:assert/strict';
import type { MergeRequest } from '../../core/ports.ts';
import {
  COMMIT,
  failure,
  fakeClock,
  forgeOver,
  ok,
  type PlainAnswer,
  pull,
  repository,
  routing,
  type Seen,
  signal,
} from './test-support.ts';

const PULL = 'GET /repos/ada/shop/pulls/7';
const MERGE = 'PUT /repos/ada/shop/pulls/7/merge';
const RULES = 'GET /repos/ada/shop/rules/branches/main';
const SHA = 'b'.repeat(40);

type Routes = Parameters<typeof routing>[0];

describe('merging on GitHub', () => {
  const open = { [PULL]: ok(pull()), [MERGE]: ok({ sha: SHA }), [RULES]: ok([]) };
  const merging = (routes: Routes, about: Partial<MergeRequest> = {}) => {
    const clock = fakeClock();
    const { fetch, asked, seen } = routing({ ...open, ...routes });
    const merge = forgeOver(fetch, { clock }).merge(
      repository,
      7,
      {
        commit: COMMIT,
        method: 'squash',
        title: 'Shop',
        holdsBase: true,
        makeReady: true,
        wasQueued: false,
        knownRemoval: '',
        ...about,
      },
      signal,
    );
    const count = (name: string) => asked().filter((entry) => entry === name).length;
    return { merge, count, clock, seen };
  };
  const refusal = (message: string, status = 405): PlainAnswer => ({ status, body: { message } });
  const merged = pull({ state: 'closed', merged_at: '2026-03-01T12:00:00Z', merge_commit_sha: 'c'.repeat(40) });
  const blocked = pull({ mergeable_state: 'blocked' });
  const viewer = (viewerCanMergeAsAdmin: boolean, reviewDecision: string | null = null) =>
    ok({ data: { repository: { pullRequest: { viewerCanMergeAsAdmin, reviewDecision } } } });

  it('asks again while GitHub is still finding out whether it merges', async () => {
    const unknown = pull({ mergeable: null, mergeable_state: 'unknown' });
    const { merge, clock, count } = merging({ [PULL]: [ok(unknown), ok(unknown), ok(pull())] });
    assert.deepEqual(await merge, { commit: SHA });
    assert.deepEqual(clock.slept, [2_000, 2_000]);
    assert.equal(count(MERGE), 1);
  });

  it('is held while GitHub does not find out, and does not try its luck', async () => {
    const { merge, count } = merging({ [PULL]: ok(pull({ mergeable: null, mergeable_state: 'unknown' })) });
    assert.match(heldOf(await merge), /still finding out/);
    assert.equal(count(MERGE), 0);
  });

  it('finds the merge whose answer was lost, and does not send it again', async () => {
    for (const lost of [new TypeError('fetch failed'), { status: 502 }]) {
      const { merge, count } = merging({ [PULL]: [ok(pull()), ok(merged)], [MERGE]: lost });
      assert.deepEqual(await merge, { commit: 'c'.repeat(40) });
      assert.equal(count(MERGE), 1);
    }
  });

  it('sends a merge again that did not happen', async () => {
    const { merge, count } = merging({ [MERGE]: [{ status: 502 }, ok({ sha: SHA })] });
    assert.deepEqual(await merge, { commit: SHA });
    assert.equal(count(MERGE), 2);
  });

  it('tries again when the base has just moved', async () => {
    const moved = refusal('Base branch was modified. Review and try the merge again.');
    const { merge } = merging({ [MERGE]: [moved, ok({ sha: SHA })] });
    assert.deepEqual(await merge, { commit: SHA });
  });

  it('is held with the words of GitHub when a rule of the branch forbids it', async () => {
    const rule = refusal('At least 1 approving review is required by reviewers with write access.');
    const state = merging({ [PULL]: ok(blocked), 'graphql:viewerCanMergeAsAdmin': viewer(false), [MERGE]: rule });
    assert.deepEqual(await state.merge, {
      held: 'At least 1 approving review is required by reviewers with write access.',
      state: 'waiting',
    });
    const late = merging({ [MERGE]: refusal('Required status check "test" is expected.') });
    assert.deepEqual(await late.merge, { held: 'Required status check "test" is expected.', state: 'waiting' });
    assert.deepEqual(late.clock.slept, []);
  });

  it('never passes over a rule with the right of an administrator', async () => {
    const runs = [{ id: 1, name: 'test', status: 'queued', conclusion: null, html_url: null, output: {} }];
    const checks = {
      [`GET /repos/ada/shop/commits/${COMMIT}/check-runs`]: ok({
        check_runs: runs.map((run) => ({ ...run, output: { title: null, summary: null } })),
      }),
      [`GET /repos/ada/shop/commits/${COMMIT}/status`]: ok({ statuses: [] }),
    };
    const admin = { [PULL]: ok(blocked), 'graphql:viewerCanMergeAsAdmin': viewer(true, 'REVIEW_REQUIRED'), ...checks };
    const { merge, count } = merging(admin);
    assert.match(heldOf(await merge), /rules of main .*approving review is required; .*test \(pending\)/);
    assert.equal(count(MERGE), 0);
    const unknown = merging({ [PULL]: ok(blocked), ...checks });
    assert.match(heldOf(await unknown.merge), /rules of main/);
    assert.equal(unknown.count(MERGE), 0);
  });

  it('is held while the branch has to be brought up to date', async () => {
    const { merge, count } = merging({ [PULL]: ok(pull({ mergeable_state: 'behind' })) });
    assert.match(heldOf(await merge), /feature is behind main/);
    assert.equal(count(MERGE), 0);
  });

  describe('of a head that does not hold its base', () => {
    const checks = {
      [`GET /repos/ada/shop/commits/${COMMIT}/check-runs`]: ok({ check_runs: [] }),
      [`GET /repos/ada/shop/commits/${COMMIT}/status`]: ok({ statuses: [] }),
    };
    const stateOf = async (routes: Routes) => {
      const { merge, count } = merging({ ...checks, ...routes }, { holdsBase: false });
      const outcome = await merge;
      assert.equal(count(MERGE), 0);
      return 'held' in outcome ? `${outcome.state}: ${outcome.held}` : assert.fail('it was merged');
    };

    it('is ready when nothing else is in the way, also where GitHub wants it brought up to date', async () => {
      assert.match(await stateOf({}), /^ready: main has moved/);
      const behind = pull({ mergeable_state: 'behind' });
      const approved = { [PULL]: ok(behind), 'graphql:viewerCanMergeAsAdmin': viewer(false, 'APPROVED') };
      assert.match(await stateOf(approved), /^ready: /);
    });

    it('waits for reviews and checks first, whoever asks', async () => {
      for (const state of ['blocked', 'behind']) {
        for (const isAdmin of [true, false]) {
          const wanted = viewer(isAdmin, 'REVIEW_REQUIRED');
          const routes = { [PULL]: ok(pull({ mergeable_state: state })), 'graphql:viewerCanMergeAsAdmin': wanted };
          assert.match(await stateOf(routes), /^waiting: .*approving review is required/);
        }
      }
    });
  });

  it('makes a draft ready first', async () => {
    const draft = pull({ draft: true, mergeable_state: 'draft' });
    const ready = ok({ data: { markPullRequestReadyForReview: { pullRequest: { isDraft: false } } } });
    const { merge, seen } = merging({
      [PULL]: [ok(draft), ok(pull())],
      'graphql:markPullRequestReadyForReview': ready,
    });
    assert.deepEqual(await merge, { commit: SHA });
    const sent = seen.find(({ path }) => path === '/graphql');
    assert.deepEqual(variablesOf(sent), { id: 'PR_7' });
  });

  it('waits for a draft that somebody keeps back', async () => {
    const draft = pull({ draft: true, mergeable_state: 'draft' });
    const { merge, seen, count } = merging({ [PULL]: ok(draft) }, { makeReady: false });
    assert.match(heldOf(await merge), /made it a draft; mark it as ready/);
    assert.equal(count(MERGE), 0);
    assert.ok(seen.every(({ method }) => method === 'GET'));
  });

  it('does not ask again for a method that the repository does not allow', async () => {
    const { merge, count } = merging({ [MERGE]: refusal('Squash merges are not allowed on this repository.') });
    assert.match((await failure(merge, 'forge_failed')).userMessage, /Squash merges are not allowed/);
    assert.equal(count(MERGE), 1);
  });

  it('says so when the pull request was closed, moved, conflicts, or was merged at another commit', async () => {
    const elsewhere = { ...merged, head: { ref: 'feature', sha: 'd'.repeat(40) } };
    for (const [state, reason] of [
      [pull({ state: 'closed' }), 'closed'],
      [pull({ head: { ref: 'feature', sha: 'd'.repeat(40) } }), 'head_moved'],
      [pull({ mergeable: false, mergeable_state: 'dirty' }), 'conflict'],
      [elsewhere, 'merged_elsewhere'],
    ] as const) {
      const { merge, count } = merging({ [PULL]: ok(state) });
      assert.equal((await failure(merge, 'forge_failed')).details?.reason, reason);
      assert.equal(count(MERGE), 0);
    }
  });

  describe('by a merge queue', () => {
    const ENQUEUE = 'graphql:enqueuePullRequest';
    const ENTRY = 'graphql:mergeQueueEntry';
    const queue = { [RULES]: ok([{ type: 'merge_queue' }]) };
    const entry = (position: number | null) => {
      const mergeQueueEntry = position === null ? null : { position, state: 'QUEUED' };
      return ok({ data: { repository: { pullRequest: { mergeQueueEntry } } } });
    };
    const put = ok({ data: { enqueuePullRequest: { mergeQueueEntry: { position: 2, state: 'QUEUED' } } } });

    it('puts it in at the head that was looked at, once, and returns the commit when it is merged', async () => {
      const first = merging({ ...queue, [ENTRY]: entry(null), [ENQUEUE]: put });
      assert.deepEqual(await first.merge, { held: 'in the merge queue (position 2)', state: 'queued', group: null });
      const sent = first.seen.find(({ body }) => JSON.stringify(body).includes('enqueue'));
      assert.deepEqual(variablesOf(sent), { id: 'PR_7', head: COMMIT });
      const second = merging({ ...queue, [ENTRY]: entry(1) });
      assert.deepEqual(await second.merge, { held: 'in the merge queue (position 1)', state: 'queued', group: null });
      assert.deepEqual([second.count(ENQUEUE), second.count(MERGE)], [0, 0]);
      const third = merging({ ...queue, [PULL]: ok(merged) });
      assert.deepEqual(await third.merge, { commit: 'c'.repeat(40) });
    });

    it('finds the entry whose answer was lost, and says what GitHub wants first', async () => {
      const already = ok({ errors: [{ type: 'UNPROCESSABLE', message: 'Pull request is already in the queue' }] });
      const found = merging({ ...queue, [ENTRY]: [entry(null), entry(3)], [ENQUEUE]: already });
      assert.deepEqual(await found.merge, { held: 'in the merge queue (position 3)', state: 'queued', group: null });
      const required = ok({
        errors: [{ type: 'UNPROCESSABLE', message: 'Required status check "test" is expected.' }],
      });
      const held = merging({ ...queue, [ENTRY]: entry(null), [ENQUEUE]: required });
      assert.deepEqual(await held.merge, { held: 'Required status check "test" is expected.', state: 'waiting' });
    });

    describe('that it is out of', () => {
      const history = (last: 'Added' | 'Removed' | null, reason: string | null = null) => {
        const removal = { id: 'RFMQE_1', reason, beforeCommit: { oid: 'e'.repeat(40) } };
        const pullRequest = {
          last: {
            nodes: last === null ? [] : [{ __typename: `${last}${last === 'Added' ? 'To' : 'From'}MergeQueueEvent` }],
          },
          removals: { nodes: reason === null ? [] : [removal] },
        };
        return ok({ data: { repository: { pullRequest } } });
      };
      const removed = (reason: string) => history('Removed', reason);
      const out = (nodes: Routes[string], more: Routes = {}, about: Partial<MergeRequest> = { wasQueued: true }) =>
        merging({ ...queue, [ENTRY]: entry(null), [ENQUEUE]: put, 'graphql:timelineItems': nodes, ...more }, about);

      it('says why, and does not put it in again', async () => {
        const { merge, count } = out(removed('failed_checks'));
        assert.deepEqual(await merge, {
          held: 'thrown out of the merge queue (failed checks)',
          state: 'removed',
          group: 'e'.repeat(40),
          byPerson: false,
          removal: 'RFMQE_1',
        });
        assert.equal(count(ENQUEUE), 0);
        const byHand = await out(removed('MANUAL')).merge;
        assert.ok('held' in byHand && byHand.state === 'removed' && byHand.byPerson);
      });

      it('waits while GitHub has not said why, and finds it merged', async () => {
        for (const late of [history('Added'), history('Added', 'failed_checks'), history(null), removed('merged')]) {
          const { merge, clock } = out(late, { [PULL]: [ok(pull()), ok(merged)] });
          assert.deepEqual(await merge, { commit: 'c'.repeat(40) });
          assert.deepEqual(clock.slept, [2_000]);
        }
      });

      it('says so where nobody saw it in the queue, whatever the reason is called', async () => {
        for (const reason of ['failed_checks', 'of the future', '']) {
          const { merge, count } = out(removed(reason), {}, { knownRemoval: 'RFMQE_0' });
          const outcome = await merge;
          assert.ok('held' in outcome && outcome.state === 'removed' && outcome.removal === 'RFMQE_1', reason);
          assert.equal(count(ENQUEUE), 0);
        }
      });

      it('puts it in again when that removal was answered, and says what the last was when none is known', async () => {
        const again = out(removed('failed_checks'), {}, { knownRemoval: 'RFMQE_1' });
        assert.deepEqual(await again.merge, { held: 'in the merge queue (position 2)', state: 'queued', group: null });
        const first = out(removed('failed_checks'), {}, { knownRemoval: null });
        const outcome = await first.merge;
        assert.ok('held' in outcome && outcome.state === 'queueable' && outcome.lastRemoval === 'RFMQE_1');
        assert.equal(first.count(ENQUEUE), 0);
      });

      it('waits for what an attempt that was killed has put in, and does not put it in twice', async () => {
        const { merge, count } = out(history('Added', 'failed_checks'), {}, { knownRemoval: 'RFMQE_1' });
        const outcome = await merge;
        assert.ok('held' in outcome && outcome.state === 'waiting', JSON.stringify(outcome));
        assert.equal(count(ENQUEUE), 0);
      });

      it('says so when GitHub does not say why', async () => {
        const { merge, count } = out(ok({ errors: [{ message: "Field 'timelineItems' doesn't exist" }] }));
        const outcome = await merge;
        assert.ok('held' in outcome && outcome.state === 'removed');
        assert.match(outcome.held, /GitHub does not say why/);
        assert.equal(count(ENQUEUE), 0);
      });
    });

    it('names the commit that it tests', async () => {
      const testing = { position: 1, state: 'AWAITING_CHECKS', headCommit: { oid: 'e'.repeat(40) } };
      const found = ok({ data: { repository: { pullRequest: { mergeQueueEntry: testing } } } });
      assert.deepEqual(await merging({ ...queue, [ENTRY]: found }).merge, {
        held: 'in the merge queue (position 1)',
        state: 'queued',
        group: 'e'.repeat(40),
      });
    });

    it('is recognised by the refusal where the rules cannot be read', async () => {
      const { merge } = merging({
        [RULES]: refusal('Upgrade to GitHub Pro or make this repository public to enable this feature.', 403),
        [MERGE]: refusal('Repository rule violations found\n\nChanges must be made through the merge queue'),
        [ENTRY]: entry(null),
        [ENQUEUE]: put,
      });
      assert.deepEqual(await merge, { held: 'in the merge queue (position 2)', state: 'queued', group: null });
    });
  });
});

function heldOf(outcome: { commit: string } | { held: string }): string {
  return 'held' in outcome ? outcome.held : assert.fail('it was merged');
}

function variablesOf(sent: Seen | undefined): unknown {
  const body = sent?.body;
  return typeof body === 'object' && body !== null && 'variables' in body ? body.variables : assert.fail('not sent');
}
