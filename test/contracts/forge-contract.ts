import assert from 'node:assert/strict';
import type { Forge, ForgeRepository } from '../../src/core/ports.ts';
import { AppError, type ErrorCode } from '../../src/protocol/errors.ts';

/** One forge with a way to push to it. */
export interface ForgeHarness {
  forge: Forge;
  /** The same forge with a token that it does not accept. */
  stranger: Forge;
  /** Adds a commit with these files to a branch, which starts from another one when it is new; null: without a parent. */
  push(
    repository: ForgeRepository,
    branch: string,
    from: string | null,
    files: Record<string, string>,
  ): Promise<string>;
  deleteBranch(repository: ForgeRepository, branch: string): Promise<void>;
  /** The tip of a branch. */
  tip(repository: ForgeRepository, branch: string): Promise<{ commit: string; parents: string[]; paths: string[] }>;
  close(): Promise<void>;
}

const refusal =
  (code: ErrorCode, reason?: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code, error.message);
    if (reason !== undefined) assert.equal(error.details?.reason, reason, error.message);
    return true;
  };

const wanted = { owner: null, name: 'shop', private: true, description: 'A shop' };
const title = 'Build the shop';

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

    const withFeature = async (): Promise<{ head: string; number: number }> => {
      await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
      const head = await harness.push(repository, 'feature', 'main', { 'feature.txt': 'one\n' });
      const request = { head: 'feature', base: 'main', title, body: 'All of it' };
      const pull = await forge.ensurePullRequest(repository, request, signal);
      return { head, number: pull.number };
    };

    it('creates a repository once and finds it afterwards', async () => {
      assert.equal(repository.name, 'shop');
      assert.equal(repository.empty, true);
      assert.deepEqual(await forge.ensureRepository(wanted, signal), repository);
      const named = await forge.ensureRepository({ ...wanted, owner: repository.owner }, signal);
      assert.equal(named.cloneUrl, repository.cloneUrl);
      await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
      assert.equal((await forge.ensureRepository(wanted, signal)).empty, false);
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
      const request = { head: 'feature', base: 'main', title, body: 'All of it' };
      const pull = await forge.ensurePullRequest(repository, request, signal);
      assert.deepEqual(
        { ...pull, url: '' },
        { number: 1, url: '', headBranch: 'feature', baseBranch: 'main', state: 'open' },
      );
      assert.deepEqual(await forge.ensurePullRequest(repository, request, signal), pull);
      const both = await Promise.all([1, 2].map(() => forge.ensurePullRequest(repository, request, signal)));
      assert.deepEqual(both, [pull, pull]);
    });

    it('finds the pull request again when it has been merged, with and without its branch', async () => {
      const { head, number } = await withFeature();
      await forge.merge(repository, number, { commit: head, method: 'squash', title }, signal);
      const request = { head: 'feature', base: 'main', title, body: '' };
      const merged = await forge.ensurePullRequest(repository, request, signal);
      assert.equal(merged.number, number);
      assert.equal(merged.state, 'merged');
      await harness.deleteBranch(repository, 'feature');
      assert.equal((await forge.ensurePullRequest(repository, request, signal)).number, number);
    });

    it('opens another pull request for what was pushed after the merge', async () => {
      const { head, number } = await withFeature();
      await forge.merge(repository, number, { commit: head, method: 'merge', title }, signal);
      await harness.push(repository, 'feature', 'feature', { 'feature.txt': 'two\n' });
      const request = { head: 'feature', base: 'main', title, body: '' };
      const next = await forge.ensurePullRequest(repository, request, signal);
      assert.notEqual(next.number, number);
      assert.equal(next.state, 'open');
    });

    it('refuses a pull request of a branch that was never pushed', async () => {
      await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
      const request = { head: 'nowhere', base: 'main', title, body: '' };
      await assert.rejects(forge.ensurePullRequest(repository, request, signal), refusal('forge_failed'));
    });

    for (const method of ['merge', 'squash', 'rebase'] as const) {
      it(`merges by ${method} what the branch and its base have changed, once`, async () => {
        const { head, number } = await withFeature();
        const base = await harness.push(repository, 'main', 'main', { 'base.txt': 'base\n' });
        const request = { commit: head, method, title };
        const { commit } = await forge.merge(repository, number, request, signal);
        const tip = await harness.tip(repository, 'main');
        assert.equal(tip.commit, commit);
        assert.deepEqual(tip.parents, method === 'merge' ? [base, head] : [base]);
        assert.deepEqual(tip.paths, ['README.md', 'base.txt', 'feature.txt']);
        assert.deepEqual(await forge.merge(repository, number, request, signal), { commit });
        assert.equal((await harness.tip(repository, 'main')).commit, commit);
      });
    }

    it('does not merge a head that has moved', async () => {
      const { head, number } = await withFeature();
      await harness.push(repository, 'feature', 'feature', { 'feature.txt': 'two\n' });
      const merge = forge.merge(repository, number, { commit: head, method: 'merge', title }, signal);
      await assert.rejects(merge, refusal('forge_failed', 'head_moved'));
      assert.deepEqual((await harness.tip(repository, 'main')).paths, ['README.md']);
    });

    it('does not merge a conflict, and says that it is one', async () => {
      const { head, number } = await withFeature();
      const base = await harness.push(repository, 'main', 'main', { 'feature.txt': 'other\n' });
      for (const method of ['merge', 'squash', 'rebase'] as const) {
        const merge = forge.merge(repository, number, { commit: head, method, title }, signal);
        await assert.rejects(merge, refusal('forge_failed', 'conflict'));
      }
      assert.equal((await harness.tip(repository, 'main')).commit, base);
    });

    it('knows no checks of a commit that none was made for', async () => {
      const commit = await harness.push(repository, 'main', null, { 'README.md': 'shop\n' });
      assert.deepEqual(await forge.checks(repository, commit, signal), { state: 'none', runs: [] });
    });

    it('says so when a pull request or a repository is not there', async () => {
      const request = { commit: '0'.repeat(40), method: 'merge', title } as const;
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
  });
}
