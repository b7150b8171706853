import assert from 'node:assert/strict';
import type { ForgeRepository } from '../../src/core/ports.ts';
import { AppError, type ErrorCode } from '../../src/protocol/errors.ts';
import { mergeOf, pullRequest, wanted, withFeature } from '../contracts/forge-harness.ts';
import { type StandInHarness, startForgeHarness } from '../contracts/forge-stand-in.ts';

/** What GitHub answers when something is wrong, and what becomes of it. */
describe('GitHub goes wrong', () => {
  const { signal } = new AbortController();
  let harness: StandInHarness;
  let repository: ForgeRepository;

  beforeEach(async () => {
    harness = await startForgeHarness();
    repository = await harness.forge.ensureRepository(wanted, signal);
  });
  afterEach(() => harness.close());

  const failure = async (work: Promise<unknown>, code: ErrorCode): Promise<AppError> => {
    const error = await work.then(
      () => assert.fail('nothing was thrown'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  };
  const asked = (method: string, path: string): number =>
    harness.standIn.requests.all().filter((one) => one.method === method && one.path === path).length;
  const at = (path: string): string => `/repos/${repository.owner}/${repository.name}${path}`;

  it('401 in the middle of a run: the token was revoked, and it is named', async () => {
    const { head, number } = await withFeature(harness, repository);
    await harness.forge.checks(repository, head, signal);
    harness.standIn.revoke(harness.standIn.token);
    const checks = await failure(harness.forge.checks(repository, head, signal), 'auth');
    assert.match(checks.userMessage, /GITHUB_TOKEN.*expired or been revoked/);
    const merge = harness.forge.merge(repository, number, mergeOf(head), signal);
    assert.equal((await failure(merge, 'auth')).retry, false);
  });

  it('403 and 404 for a right that the token lacks name the scope', async () => {
    const limited = harness.another({ token: harness.limitedToken });
    const error = await failure(limited.ensureRepository({ ...wanted, name: 'other' }, signal), 'auth');
    assert.match(error.userMessage, /lacks the scope public_repo or repo/);
    repository = await harness.forge.ensureRepository({ ...wanted, name: 'open', private: false }, signal);
    await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
    await harness.push(repository, 'feature', 'main', { 'feature.txt': 'one\n' });
    const opening = limited.ensurePullRequest(repository, pullRequest, signal);
    assert.match((await failure(opening, 'auth')).userMessage, /lacks the scope public_repo or repo/);
  });

  it('404: what is not there is not_found, and says where to look', async () => {
    const missing = { ...repository, name: 'missing' };
    for (const ask of [
      () => harness.forge.pullRequest(repository, 99, signal),
      () => harness.forge.reviewComments(missing, 1, signal),
      () => harness.forge.issues(missing, signal),
    ]) {
      assert.match((await failure(ask(), 'not_found')).userMessage, /Check the owner and the name/);
    }
  });

  it('409 and 405 of a merge: the head has moved, the base conflicts, the branch was deleted', async () => {
    const { head, number } = await withFeature(harness, repository);
    const merge = (commit: string) =>
      failure(harness.forge.merge(repository, number, mergeOf(commit), signal), 'forge_failed');
    await harness.push(repository, 'main', 'main', { 'feature.txt': 'other\n' });
    const conflict = await merge(head);
    assert.equal(conflict.details?.reason, 'conflict');
    assert.match(conflict.userMessage, /feature conflicts with main; bring main in first/);
    await harness.push(repository, 'feature', 'feature', { 'more.txt': 'more\n' });
    assert.equal((await merge(head)).details?.reason, 'head_moved');
    await harness.deleteBranch(repository, 'feature');
    assert.equal((await merge(head)).details?.reason, 'closed');
  });

  it('422: the words of GitHub are passed on', async () => {
    await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
    const same = { ...pullRequest, head: 'main' };
    const error = await failure(harness.forge.ensurePullRequest(repository, same, signal), 'forge_failed');
    assert.equal(error.details?.status, 422);
    assert.match(error.userMessage, /No commits between|Validation Failed/);
  });

  for (const kind of ['tooManyRequests', 'secondaryLimit'] as const) {
    it(`${kind}: a short limit is waited for, a long one is told`, async () => {
      const { head } = await withFeature(harness, repository);
      const path = at(`/commits/${head}/check-runs`);
      harness.standIn.faults.add({ kind, retryAfterSeconds: 1, method: 'GET', path });
      const started = Date.now();
      assert.equal((await harness.forge.checks(repository, head, signal)).state, 'none');
      assert.ok(Date.now() - started >= 900);
      harness.standIn.faults.add({ kind, retryAfterSeconds: 3_600, method: 'GET', path });
      const error = await failure(harness.forge.checks(repository, head, signal), 'rate_limited');
      assert.equal(error.details?.waitMs, 3_600_000);
      const before = harness.standIn.requests.all().length;
      await failure(harness.forge.issues(repository, signal), 'rate_limited');
      assert.equal(harness.standIn.requests.all().length, before, 'GitHub was asked although it had asked to wait');
    });
  }

  it('the hourly limit is told with its end', async () => {
    const path = at('/issues');
    harness.standIn.faults.add({ kind: 'primaryLimit', resetSeconds: 1_800, method: 'GET', path });
    const error = await failure(harness.forge.issues(repository, signal), 'rate_limited');
    const waitMs = Number(error.details?.waitMs);
    assert.ok(waitMs > 1_790_000 && waitMs < 1_810_000, String(waitMs));
  });

  it('500 in passing is asked again; one that stays is told', async () => {
    const path = at('/issues');
    harness.standIn.faults.add({ kind: 'serverError', method: 'GET', path, times: 2 });
    assert.deepEqual(await harness.forge.issues(repository, signal), []);
    assert.equal(asked('GET', path), 3);
    harness.standIn.faults.add({ kind: 'serverError', method: 'GET', path, times: 3 });
    assert.equal((await failure(harness.forge.issues(repository, signal), 'server')).retry, true);
  });

  it('a connection that is cut is made again; one that stays cut is transport', async () => {
    const path = at('/issues');
    harness.standIn.faults.add({ kind: 'cutBefore', method: 'GET', path, times: 2 });
    assert.deepEqual(await harness.forge.issues(repository, signal), []);
    harness.standIn.faults.add({ kind: 'cutBefore', method: 'GET', path, times: 3 });
    const error = await failure(harness.forge.issues(repository, signal), 'transport');
    assert.match(error.userMessage, /Check the network and any proxy/);
  });

  for (const kind of ['badGatewayAfter', 'cutAfter'] as const) {
    describe(`${kind}: the effect has taken place`, () => {
      it('of creating a repository: it is found', async () => {
        harness.standIn.faults.add({ kind, method: 'POST', path: '/user/repos' });
        const made = await harness.forge.ensureRepository({ ...wanted, name: 'second' }, signal);
        assert.deepEqual([made.name, made.empty], ['second', true]);
        assert.equal(asked('POST', '/user/repos'), 2, 'one for the first repository, one for this');
      });

      it('of opening a pull request: it is found, once', async () => {
        await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
        await harness.push(repository, 'feature', 'main', { 'feature.txt': 'one\n' });
        harness.standIn.faults.add({ kind, method: 'POST', path: at('/pulls') });
        const pull = await harness.forge.ensurePullRequest(repository, pullRequest, signal);
        assert.equal(pull.number, 1);
        assert.equal(asked('POST', at('/pulls')), 1);
      });

      it('of a merge: its commit is found, and the base moves once', async () => {
        const { head, number } = await withFeature(harness, repository);
        harness.standIn.faults.add({ kind, method: 'PUT', path: at(`/pulls/${number}/merge`) });
        const merged = await harness.forge.merge(repository, number, mergeOf(head), signal);
        const tip = await harness.tip(repository, 'main');
        assert.deepEqual(merged, { commit: tip.commit });
        assert.equal(asked('PUT', at(`/pulls/${number}/merge`)), 1);
      });

      it('of entering a merge queue: it is in it once', async () => {
        const { head, number } = await withFeature(harness, repository);
        await harness.useQueue(repository, 'main');
        // The first question is whether it is in the queue already.
        harness.standIn.faults.add({ kind, method: 'POST', path: '/graphql', call: 2 });
        const held = await harness.forge.merge(repository, number, mergeOf(head), signal);
        assert.ok('held' in held);
        assert.deepEqual([held.held, held.state], ['in the merge queue (position 1)', 'queued']);
      });

      it('of a dispatch: its run is followed, and there is one', async () => {
        await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
        await harness.addWorkflow(repository, 'deploy.yml', { outcome: 'passed', log: '' });
        const path = at('/actions/workflows/deploy.yml/dispatches');
        harness.standIn.faults.add({ kind, method: 'POST', path });
        const request = { workflow: 'deploy.yml', ref: 'main', inputs: {}, known: [], deadlineMs: 60_000 };
        const run = await harness.forge.runWorkflow(repository, request, () => {}, signal);
        assert.equal(run.state, 'passed');
        assert.deepEqual(await harness.forge.workflowRuns(repository, 'deploy.yml', 'main', signal), [run.id]);
        assert.equal(asked('POST', path), 1);
      });
    });
  }

  it('a dispatch that did not arrive is sent again', async () => {
    await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
    await harness.addWorkflow(repository, 'deploy.yml', { outcome: 'passed', log: '' });
    const path = at('/actions/workflows/deploy.yml/dispatches');
    harness.standIn.faults.add({ kind: 'cutBefore', method: 'POST', path });
    const request = { workflow: 'deploy.yml', ref: 'main', inputs: {}, known: [], deadlineMs: 60_000 };
    assert.equal((await harness.forge.runWorkflow(repository, request, () => {}, signal)).state, 'passed');
    assert.equal((await harness.forge.workflowRuns(repository, 'deploy.yml', 'main', signal)).length, 1);
  });

  it('what was looked at before counts nothing when it is looked at again', async () => {
    const { head, number } = await withFeature(harness, repository);
    await harness.forge.checks(repository, head, signal);
    await harness.forge.pullRequest(repository, number, signal);
    harness.standIn.requests.clear();
    for (let look = 1; look <= 3; look += 1) {
      await harness.forge.checks(repository, head, signal);
      await harness.forge.pullRequest(repository, number, signal);
    }
    assert.equal(harness.standIn.requests.full(), 0);
    assert.equal(harness.standIn.requests.notModified(), 12);
  });

  it('a repository with a new name is found by its old one, and the new one is given', async () => {
    const { head, number } = await withFeature(harness, repository);
    await harness.standIn.rename(repository.owner, 'shop', 'store');
    const found = await harness.forge.ensureRepository(wanted, signal);
    assert.deepEqual([found.name, found.empty], ['store', false]);
    assert.match(found.cloneUrl, /store\.git$/);
    // Whoever still has the old name can go on with it: reads and writes are redirected.
    const merged = await harness.forge.merge(repository, number, mergeOf(head), signal);
    assert.deepEqual(merged, { commit: (await harness.tip(found, 'main')).commit });
  });
});
