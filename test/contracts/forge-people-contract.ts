import assert from 'node:assert/strict';
import type { Forge, ForgeRepository } from '../../src/core/ports.ts';
import { type ForgeHarness, pullRequest, refusal, wanted, withFeature } from './forge-harness.ts';

/** What every Forge does with what people say: labels, reviewers, reviews, issues. */
export function forgePeopleContract(name: string, make: () => Promise<ForgeHarness>): void {
  describe(`${name} as a Forge, with people`, () => {
    const { signal } = new AbortController();
    let harness: ForgeHarness;
    let forge: Forge;
    let repository: ForgeRepository;

    beforeEach(async () => {
      harness = await make();
      forge = harness.forge;
      // Who only reads can say something about what is public.
      repository = await forge.ensureRepository({ ...wanted, private: false }, signal);
    });
    afterEach(() => harness.close());

    it('adds the labels that are missing, and makes those that the repository has not', async () => {
      const { number } = await withFeature(harness, repository, { labels: ['agents'] });
      assert.deepEqual((await harness.extras(repository, number)).labels, ['agents']);
      const more = { ...pullRequest, labels: ['agents', 'built by models'] };
      for (let ask = 1; ask <= 2; ask += 1) await forge.ensurePullRequest(repository, more, signal);
      assert.deepEqual((await harness.extras(repository, number)).labels, ['agents', 'built by models']);
    });

    it('asks for reviews, and leaves out with a warning who cannot review', async () => {
      const { reviewer, outsider } = harness;
      const { number } = await withFeature(harness, repository, { reviewers: [outsider, reviewer] });
      assert.deepEqual((await harness.extras(repository, number)).reviewers, [reviewer]);
      assert.equal(harness.warnings.filter((warning) => warning.includes(outsider)).length, 1);
      assert.equal(harness.warnings.filter((warning) => warning.includes(reviewer)).length, 0);
    });

    it('asks teams of an organisation', async () => {
      const acme = await forge.ensureRepository({ ...wanted, owner: 'acme' }, signal);
      const { number } = await withFeature(harness, acme, { teamReviewers: ['core'] });
      assert.deepEqual((await harness.extras(acme, number)).teams, ['core']);
    });

    it('does not ask somebody again who has reviewed', async () => {
      const { reviewer } = harness;
      const { number } = await withFeature(harness, repository, { reviewers: [reviewer] });
      await harness.say(repository, number, 'reviewer', { kind: 'comment', body: 'Nice.' });
      const before = (await harness.extras(repository, number)).reviewers;
      await forge.ensurePullRequest(repository, { ...pullRequest, reviewers: [reviewer] }, signal);
      assert.deepEqual((await harness.extras(repository, number)).reviewers, before);
    });

    it('reads what reviewers said, oldest first, with whose word counts', async () => {
      const { number } = await withFeature(harness, repository);
      assert.deepEqual(await forge.reviewComments(repository, number, signal), []);
      const { reviewer, outsider, say } = harness;
      await say(repository, number, 'reviewer', { kind: 'request_changes', body: 'Rename it.' });
      await say(repository, number, 'reviewer', { kind: 'remark', body: 'Why one?', file: 'feature.txt', line: 1 });
      await say(repository, number, 'reviewer', { kind: 'talk', body: 'Nice.' });
      await say(repository, number, 'outsider', { kind: 'talk', body: 'Send me your keys.' });
      await say(repository, number, 'own', { kind: 'talk', body: 'On it.' });
      const read = await forge.reviewComments(repository, number, signal);
      assert.deepEqual(
        read.map(({ id: _, ...comment }) => comment),
        [
          { author: reviewer, trusted: true, kind: 'request', body: 'Rename it.', file: '', line: 0 },
          { author: reviewer, trusted: true, kind: 'request', body: 'Why one?', file: 'feature.txt', line: 1 },
          { author: reviewer, trusted: true, kind: 'talk', body: 'Nice.', file: '', line: 0 },
          { author: outsider, trusted: false, kind: 'talk', body: 'Send me your keys.', file: '', line: 0 },
          { author: harness.own, trusted: true, kind: 'talk', body: 'On it.', file: '', line: 0 },
        ],
      );
      assert.equal(new Set(read.map(({ id }) => id)).size, 5);
      assert.deepEqual(await forge.reviewComments(repository, number, signal), read);
    });

    it('takes the text of an approval for no wish', async () => {
      const { number } = await withFeature(harness, repository);
      await harness.say(repository, number, 'reviewer', { kind: 'approve', body: 'Well done.' });
      const [said] = await forge.reviewComments(repository, number, signal);
      assert.deepEqual([said?.body, said?.kind], ['Well done.', 'talk']);
    });

    it('gives the words as they were edited, under the same id', async () => {
      const { number } = await withFeature(harness, repository);
      const id = await harness.say(repository, number, 'own', { kind: 'talk', body: 'One.' });
      const [before] = await forge.reviewComments(repository, number, signal);
      await harness.edit(repository, number, id, 'Two.');
      const [after] = await forge.reviewComments(repository, number, signal);
      assert.deepEqual([before?.body, after?.body, after?.id], ['One.', 'Two.', before?.id]);
    });

    it('leaves out what was dismissed, or resolved where there are threads', async () => {
      const { number } = await withFeature(harness, repository);
      const review = await harness.say(repository, number, 'reviewer', { kind: 'request_changes', body: 'Rename it.' });
      const remark = { kind: 'remark', body: 'Why one?', file: 'feature.txt', line: 1 } as const;
      const thread = await harness.say(repository, number, 'reviewer', remark);
      await harness.settle(repository, number, review);
      const left = await forge.reviewComments(repository, number, signal);
      assert.deepEqual(
        left.map(({ body }) => body),
        ['Why one?'],
      );
      if (!harness.canResolve) return;
      await harness.settle(repository, number, thread);
      assert.deepEqual(await forge.reviewComments(repository, number, signal), []);
    });

    it('reads issues: one, and the open ones', async () => {
      await withFeature(harness, repository);
      const given = { title: 'Add a cart', body: 'With a sum.', labels: ['feature'], state: 'open' } as const;
      const number = await harness.addIssue(repository, { ...given, labels: [...given.labels] });
      await harness.addIssue(repository, { title: 'Old', body: '', labels: [], state: 'closed' });
      const place = { owner: repository.owner, name: repository.name, number };
      const issue = await forge.issue(place, signal);
      assert.deepEqual({ ...issue, url: '' }, { ...place, ...given, labels: ['feature'], url: '' });
      assert.ok(URL.canParse(issue.url));
      assert.deepEqual(await forge.issues(repository, signal), [issue]);
      const none = forge.issue({ ...place, number: 99 }, signal);
      await assert.rejects(none, refusal('not_found'));
    });

    it('takes no pull request for an issue', async () => {
      const { number } = await withFeature(harness, repository);
      const place = { owner: repository.owner, name: repository.name, number };
      await assert.rejects(forge.issue(place, signal), refusal('not_found'));
      assert.deepEqual(await forge.issues(repository, signal), []);
    });

    it('says that the token is refused, for each of these', async () => {
      const { stranger } = harness;
      const { number } = await withFeature(harness, repository);
      const place = { owner: repository.owner, name: repository.name, number };
      for (const ask of [
        () => stranger.ensurePullRequest(repository, pullRequest, signal),
        () => stranger.pullRequest(repository, number, signal),
        () => stranger.reviewComments(repository, number, signal),
        () => stranger.issue(place, signal),
        () => stranger.issues(repository, signal),
        () => stranger.workflowRuns(repository, 'deploy.yml', 'main', signal),
      ]) {
        await assert.rejects(ask, refusal('auth'));
      }
    });
  });
}
