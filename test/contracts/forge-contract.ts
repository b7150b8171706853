import assert from 'node:assert/strict';
import type { Forge, ForgeRepository } from '../../src/core/ports.ts';
import { type ForgeHarness, mergeOf, pullRequest, refusal, wanted, withFeature } from './forge-harness.ts';
import { forgePeopleContract } from './forge-people-contract.ts';
import { forgeWorkflowContract } from './forge-workflow-contract.ts';

/** What every Forge does, whatever is behind it. */
export function forgeContract(name: string, make: () => Promise<ForgeHarness>): void {
  describe(`${name} as a Forge`, () => {
    const { signal } = new AbortController();
    let harness: ForgeHarness;
    let forge: Forge;
    let repository: ForgeRepository;

    beforeEach(async () => {
      harness = await make();
      forge = harness.forge;
      repository = await forge.ensureRepository(wanted, signal);
    });
    afterEach(() => harness.close());

    it('creates a repository once and finds it afterwards', async () => {
      assert.equal(repository.name, 'shop');
      assert.equal(repository.empty, true);
      assert.deepEqual(await forge.ensureRepository(wanted, signal), repository);
      const named = await forge.ensureRepository({ ...wanted, owner: repository.owner }, signal);
      assert.equal(named.cloneUrl, repository.cloneUrl);
      await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
      assert.equal((await forge.ensureRepository(wanted, signal)).empty, false);
    });

    it('finds a repository without ever creating one', async () => {
      const { owner, name } = repository;
      assert.deepEqual(await forge.findRepository({ owner, name }, signal), repository);
      assert.deepEqual(await forge.findRepository({ owner: null, name }, signal), repository, 'of the token');
      await assert.rejects(forge.findRepository({ owner, name: 'gone' }, signal), refusal('not_found'));
      await assert.rejects(forge.findRepository({ owner, name: 'gone' }, signal), refusal('not_found'));
    });

    it('knows a repository that was renamed by the same id, under either name, and no other by it', async () => {
      const { owner, id } = repository;
      await harness.rename(repository, 'store');
      for (const name of ['shop', 'store']) {
        const found = await forge.findRepository({ owner, name }, signal);
        assert.deepEqual([found.name, found.id], ['store', id]);
        assert.equal((await forge.ensureRepository({ ...wanted, name }, signal)).id, id);
      }
      assert.notEqual((await forge.ensureRepository({ ...wanted, name: 'other' }, signal)).id, id);
    });

    it('creates a repository of another owner', async () => {
      const other = await forge.ensureRepository({ ...wanted, owner: 'acme' }, signal);
      assert.equal(other.owner, 'acme');
      assert.notEqual(other.cloneUrl, repository.cloneUrl);
      assert.deepEqual(await forge.ensureRepository({ ...wanted, owner: 'acme' }, signal), other);
    });

    it('opens one pull request of a branch, however often it is asked', async () => {
      await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
      await harness.push(repository, 'feature', 'main', { 'feature.txt': 'one\n' });
      const pull = await forge.ensurePullRequest(repository, pullRequest, signal);
      assert.deepEqual(
        { ...pull, url: '' },
        { number: 1, url: '', headBranch: 'feature', baseBranch: 'main', state: 'open' },
      );
      assert.deepEqual(await forge.ensurePullRequest(repository, pullRequest, signal), pull);
      const both = await Promise.all([1, 2].map(() => forge.ensurePullRequest(repository, pullRequest, signal)));
      assert.deepEqual(both, [pull, pull]);
    });

    it('finds the pull request again when it has been merged, with and without its branch', async () => {
      const { head, number } = await withFeature(harness, repository);
      await forge.merge(repository, number, mergeOf(head, 'squash'), signal);
      const merged = await forge.ensurePullRequest(repository, pullRequest, signal);
      assert.equal(merged.number, number);
      assert.equal(merged.state, 'merged');
      await harness.deleteBranch(repository, 'feature');
      assert.equal((await forge.ensurePullRequest(repository, pullRequest, signal)).number, number);
    });

    it('opens another pull request for what was pushed after the merge', async () => {
      const { head, number } = await withFeature(harness, repository);
      await forge.merge(repository, number, mergeOf(head), signal);
      await harness.push(repository, 'feature', 'feature', { 'feature.txt': 'two\n' });
      const next = await forge.ensurePullRequest(repository, pullRequest, signal);
      assert.notEqual(next.number, number);
      assert.equal(next.state, 'open');
    });

    it('refuses a pull request of a branch that was never pushed', async () => {
      await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
      const request = { ...pullRequest, head: 'nowhere' };
      await assert.rejects(forge.ensurePullRequest(repository, request, signal), refusal('forge_failed'));
    });

    for (const method of ['merge', 'squash', 'rebase'] as const) {
      it(`merges by ${method} what the branch and its base have changed, once`, async () => {
        const { head, number } = await withFeature(harness, repository);
        const base = await harness.push(repository, 'main', 'main', { 'base.txt': 'base\n' });
        const request = mergeOf(head, method);
        const merged = await forge.merge(repository, number, request, signal);
        assert.ok('commit' in merged);
        const { commit } = merged;
        const tip = await harness.tip(repository, 'main');
        assert.equal(tip.commit, commit);
        assert.deepEqual(tip.parents, method === 'merge' ? [base, head] : [base]);
        assert.deepEqual(tip.paths, ['README.md', 'base.txt', 'feature.txt']);
        assert.deepEqual(await forge.merge(repository, number, request, signal), { commit });
        assert.equal((await harness.tip(repository, 'main')).commit, commit);
      });
    }

    it('does not merge a head that has moved', async () => {
      const { head, number } = await withFeature(harness, repository);
      await harness.push(repository, 'feature', 'feature', { 'feature.txt': 'two\n' });
      const merge = forge.merge(repository, number, mergeOf(head), signal);
      await assert.rejects(merge, refusal('forge_failed', 'head_moved'));
      assert.deepEqual((await harness.tip(repository, 'main')).paths, ['README.md']);
    });

    it('does not merge a conflict, and says that it is one', async () => {
      const { head, number } = await withFeature(harness, repository);
      const base = await harness.push(repository, 'main', 'main', { 'feature.txt': 'other\n' });
      for (const method of ['merge', 'squash', 'rebase'] as const) {
        const merge = forge.merge(repository, number, mergeOf(head, method), signal);
        await assert.rejects(merge, refusal('forge_failed', 'conflict'));
      }
      assert.equal((await harness.tip(repository, 'main')).commit, base);
    });

    it('knows no checks of a commit that none was made for', async () => {
      const commit = await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
      assert.deepEqual(await forge.checks(repository, commit, signal), { state: 'none', runs: [] });
    });

    it('says so when a pull request or a repository is not there', async () => {
      const request = mergeOf('0'.repeat(40));
      await assert.rejects(forge.merge(repository, 7, request, signal), refusal('not_found'));
      const missing = { ...repository, name: 'missing' };
      await assert.rejects(forge.checks(missing, '0'.repeat(40), signal), refusal('not_found'));
    });

    it('says that the token is refused', async () => {
      const { stranger } = harness;
      await assert.rejects(stranger.ensureRepository(wanted, signal), refusal('auth'));
      await assert.rejects(stranger.checks(repository, '0'.repeat(40), signal), refusal('auth'));
    });

    it('does nothing when it is cancelled', async () => {
      const cancelled = AbortSignal.abort();
      await assert.rejects(forge.ensureRepository({ ...wanted, name: 'never' }, cancelled), refusal('aborted'));
      await assert.rejects(forge.checks(repository, '0'.repeat(40), cancelled), refusal('aborted'));
    });

    it('knows whether a pull request can be merged, and what became of it', async () => {
      const { head, number } = await withFeature(harness, repository);
      const look = () => forge.pullRequest(repository, number, signal);
      const open = await look();
      assert.deepEqual(
        [open.pullRequest.number, open.pullRequest.state, open.headCommit, open.mergeCommit, open.hasHeadBranch],
        [number, 'open', head, null, true],
      );
      assert.equal(open.mergeable, 'yes');
      const moved = await harness.push(repository, 'feature', 'feature', { 'feature.txt': 'two\n' });
      assert.equal((await look()).headCommit, moved);
      await harness.push(repository, 'main', 'main', { 'feature.txt': 'other\n' });
      assert.equal((await look()).mergeable, 'conflict');
      const solved = await harness.push(repository, 'feature', 'main', { 'feature.txt': 'three\n' });
      const merged = await forge.merge(repository, number, mergeOf(solved, 'squash'), signal);
      assert.ok('commit' in merged);
      await harness.deleteBranch(repository, 'feature');
      const done = await look();
      assert.deepEqual(
        [done.pullRequest.state, done.headCommit, done.mergeCommit, done.hasHeadBranch],
        ['merged', solved, merged.commit, false],
      );
    });

    it('closes a pull request whose branch is deleted, and opens another when the branch is back', async () => {
      const { head, number } = await withFeature(harness, repository);
      await harness.deleteBranch(repository, 'feature');
      const state = await forge.pullRequest(repository, number, signal);
      assert.deepEqual([state.pullRequest.state, state.hasHeadBranch], ['closed', false]);
      const merge = forge.merge(repository, number, mergeOf(head), signal);
      await assert.rejects(merge, refusal('forge_failed', 'closed'));
      await harness.push(repository, 'feature', 'main', { 'feature.txt': 'again\n' });
      const next = await forge.ensurePullRequest(repository, pullRequest, signal);
      assert.notEqual(next.number, number);
    });

    it('opens a draft, and makes it ready when it is merged', async () => {
      const { head, number } = await withFeature(harness, repository, { draft: true });
      assert.equal((await harness.extras(repository, number)).draft, true);
      const merged = await forge.merge(repository, number, mergeOf(head), signal);
      assert.ok('commit' in merged);
      assert.equal((await harness.extras(repository, number)).draft, false);
    });

    it('leaves a draft alone that is not to be made ready, and says that it is one', async () => {
      const { head, number } = await withFeature(harness, repository, { draft: true });
      const held = await forge.merge(repository, number, { ...mergeOf(head), makeReady: false }, signal);
      assert.ok('held' in held && held.state === 'waiting', JSON.stringify(held));
      assert.match(held.held, /draft/);
      assert.equal((await harness.extras(repository, number)).draft, true);
    });

    it('does not pass over a review that the branch requires, and merges when it is there', async () => {
      const { head, number } = await withFeature(harness, repository);
      await harness.requireReview(repository, 'main');
      const request = mergeOf(head);
      assert.equal((await forge.pullRequest(repository, number, signal)).mergeable, 'blocked');
      const held = await forge.merge(repository, number, request, signal);
      assert.ok('held' in held);
      assert.match(held.held, /review/);
      assert.deepEqual((await harness.tip(repository, 'main')).paths, ['README.md']);
      await harness.say(repository, number, 'reviewer', { kind: 'approve', body: '' });
      assert.ok('commit' in (await forge.merge(repository, number, request, signal)));
    });

    it('does not merge a head that is behind where the branch wants all of it', async () => {
      const { head, number } = await withFeature(harness, repository);
      await harness.requireUpToDate(repository, 'main');
      const base = await harness.push(repository, 'main', 'main', { 'base.txt': 'base\n' });
      assert.equal((await forge.pullRequest(repository, number, signal)).mergeable, 'behind');
      const held = await forge.merge(repository, number, mergeOf(head), signal);
      assert.ok('held' in held);
      assert.match(held.held, /behind main/);
      assert.equal((await harness.tip(repository, 'main')).commit, base);
    });

    it('goes through the merge queue of a branch that has one', async () => {
      const { head, number } = await withFeature(harness, repository);
      await harness.useQueue(repository, 'main');
      const request = mergeOf(head);
      for (let ask = 1; ask <= 2; ask += 1) {
        const held = await forge.merge(repository, number, request, signal);
        assert.ok('held' in held);
        assert.deepEqual([held.held, held.state], ['in the merge queue (position 1)', 'queued']);
      }
      await harness.runQueue(repository, 'main');
      const merged = await forge.merge(repository, number, request, signal);
      assert.ok('commit' in merged);
      assert.equal((await harness.tip(repository, 'main')).commit, merged.commit);
      assert.equal((await forge.pullRequest(repository, number, signal)).mergeCommit, merged.commit);
    });

    it('takes into the queue what does not hold its base', async () => {
      const { head, number } = await withFeature(harness, repository);
      await harness.push(repository, 'main', 'main', { 'base.txt': 'base\n' });
      await harness.useQueue(repository, 'main');
      const held = await forge.merge(repository, number, { ...mergeOf(head), holdsBase: false }, signal);
      assert.ok('held' in held && held.state === 'queued');
    });

    for (const by of ['checks', 'person'] as const) {
      it(`says when it was thrown out of the queue (${by}), and puts it in again only when asked`, async () => {
        const { head, number } = await withFeature(harness, repository);
        await harness.useQueue(repository, 'main');
        const ask = (wasQueued: boolean) => forge.merge(repository, number, { ...mergeOf(head), wasQueued }, signal);
        await ask(false);
        await harness.emptyQueue(repository, 'main', by);
        for (let look = 1; look <= 2; look += 1) {
          const held = await ask(true);
          assert.ok('held' in held && held.state === 'removed', JSON.stringify(held));
          assert.match(held.held, /thrown out of the merge queue/);
          assert.equal(held.byPerson, by === 'person');
          assert.ok(held.group !== null);
          const { state } = await forge.checks(repository, held.group, signal);
          assert.equal(state === 'failed', by === 'checks', state);
        }
        const again = await ask(false);
        assert.ok('held' in again && again.state === 'removed', 'nobody has answered it');
        const knownRemoval = again.removal;
        const answered = await forge.merge(repository, number, { ...mergeOf(head), knownRemoval }, signal);
        assert.ok('held' in answered && answered.state === 'queued');
      });
    }

    it('tells every removal from the queue, also one that nobody has seen', async () => {
      const { head, number } = await withFeature(harness, repository);
      await harness.useQueue(repository, 'main');
      let knownRemoval: string | null = null;
      const ask = async () => {
        const answer = await forge.merge(repository, number, { ...mergeOf(head), knownRemoval }, signal);
        return 'held' in answer ? answer : assert.fail('it was merged');
      };
      const seen = new Set<string>();
      for (let round = 1; round <= 2; round += 1) {
        const first = await ask();
        if (first.state === 'queueable') knownRemoval = first.lastRemoval;
        assert.equal(first.state, round === 1 ? 'queueable' : 'queued');
        if (round === 1) assert.equal((await ask()).state, 'queued');
        await harness.emptyQueue(repository, 'main', 'person');
        const removed = await ask();
        assert.ok(removed.state === 'removed', JSON.stringify(removed));
        seen.add(removed.removal);
        knownRemoval = removed.removal;
      }
      assert.equal(seen.size, 2);
      assert.ok(!seen.has(''));
      knownRemoval = null;
      const last = await ask();
      assert.ok(last.state === 'queueable' && seen.has(last.lastRemoval));
    });

    it('does not merge what does not hold its base, and says when nothing else is in the way', async () => {
      const { head, number } = await withFeature(harness, repository);
      await harness.requireReview(repository, 'main');
      const request = { ...mergeOf(head), holdsBase: false };
      const waiting = await forge.merge(repository, number, request, signal);
      assert.ok('held' in waiting && waiting.state === 'waiting', JSON.stringify(waiting));
      assert.match(waiting.held, /review/);
      await harness.say(repository, number, 'reviewer', { kind: 'approve', body: '' });
      const ready = await forge.merge(repository, number, request, signal);
      assert.ok('held' in ready && ready.state === 'ready', JSON.stringify(ready));
      assert.deepEqual((await harness.tip(repository, 'main')).paths, ['README.md']);
    });

    it('says that only its base is missing where the branch wants all of it', async () => {
      const { head, number } = await withFeature(harness, repository);
      await harness.requireUpToDate(repository, 'main');
      await harness.push(repository, 'main', 'main', { 'base.txt': 'base\n' });
      const held = await forge.merge(repository, number, { ...mergeOf(head), holdsBase: false }, signal);
      assert.ok('held' in held && held.state === 'ready', JSON.stringify(held));
    });
  });
  forgePeopleContract(name, make);
  forgeWorkflowContract(name, make);
}
