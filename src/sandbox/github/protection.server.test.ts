import assert from 'node:assert/strict';
import { openRig, type Rig, refusalOf } from './test-rig.ts';

describe('the GitHub stand-in, protected branches', () => {
  let rig: Rig;
  let pull: { number: number; head: string; id: string };

  beforeEach(async () => {
    const users = [{ login: 'mira', token: 'ghp_mira', association: 'MEMBER' }] as const;
    rig = await openRig({ users });
    pull = await rig.openPull('feature', { 'a.txt': 'a\n' });
  });
  afterEach(() => rig.close());

  const target = () => ({ ...rig.place, pull_number: pull.number });
  const main = () => ({ ...rig.place, branch: 'main' });
  const protect = (wanted: { contexts?: string[]; strict?: boolean; reviews?: number; admins?: boolean }) =>
    rig.octokit.rest.repos.updateBranchProtection({
      ...main(),
      required_status_checks:
        wanted.contexts === undefined ? null : { strict: wanted.strict ?? false, contexts: wanted.contexts },
      required_pull_request_reviews:
        wanted.reviews === undefined ? null : { required_approving_review_count: wanted.reviews },
      enforce_admins: wanted.admins ?? true,
      restrictions: null,
    });
  const succeed = (sha: string, state: 'success' | 'failure' = 'success') =>
    rig.octokit.rest.repos.createCommitStatus({ ...rig.place, sha, state, context: 'ci' });
  const merge = () => rig.octokit.rest.pulls.merge(target());
  const state = async () => (await rig.pull(pull.number)).mergeable_state;

  it('gives back what was set, and nothing when it is taken away', async () => {
    const { repos } = rig.octokit.rest;
    assert.equal((await refusalOf(repos.getBranchProtection(main()))).message, 'Branch not protected');
    await protect({ contexts: ['ci'], strict: true, reviews: 2 });
    const { data } = await repos.getBranchProtection(main());
    assert.deepEqual(data.required_status_checks?.checks, [{ context: 'ci', app_id: null }]);
    assert.equal(data.required_pull_request_reviews?.required_approving_review_count, 2);
    assert.equal((await repos.getBranch(main())).data.protected, true);
    assert.equal((await refusalOf(rig.as('ghp_mira').rest.repos.getBranchProtection(main()))).status, 403);
    await repos.deleteBranchProtection(main());
    assert.equal((await refusalOf(repos.getBranchProtection(main()))).status, 404);
    const incomplete = await refusalOf(
      rig.octokit.request('PUT /repos/{owner}/{repo}/branches/{branch}/protection', {
        ...main(),
        enforce_admins: true,
        required_status_checks: null,
        required_pull_request_reviews: null,
      } as never),
    );
    assert.match(incomplete.message, /"restrictions" wasn't supplied/);
  });

  it('waits for required checks and says which', async () => {
    await protect({ contexts: ['ci'] });
    assert.equal(await state(), 'blocked');
    const refused = await refusalOf(merge());
    assert.deepEqual([refused.status, refused.message], [405, 'Required status check "ci" is expected.']);
    await succeed(pull.head, 'failure');
    assert.equal((await refusalOf(merge())).message, 'Required status check "ci" is failing.');
    await succeed(pull.head);
    assert.equal(await state(), 'clean');
    assert.equal((await merge()).data.merged, true);
  });

  it('waits for an approval, and lets administrators past when told to', async () => {
    await protect({ reviews: 1 });
    const missing = 'At least 1 approving review is required by reviewers with write access.';
    assert.equal((await refusalOf(merge())).message, missing);
    await protect({ reviews: 1, admins: false });
    assert.equal(await state(), 'blocked');
    assert.equal((await refusalOf(rig.as('ghp_mira').rest.pulls.merge(target()))).message, missing);
    assert.equal((await merge()).data.merged, true);
  });

  it('counts what is open when several checks are', async () => {
    await protect({ contexts: ['ci', 'lint'] });
    assert.equal((await refusalOf(merge())).message, '2 of 2 required status checks are expected.');
    await succeed(pull.head);
    assert.equal((await refusalOf(merge())).message, 'Required status check "lint" is expected.');
  });

  it('drops an approval with the next push, when told to', async () => {
    await rig.octokit.rest.repos.updateBranchProtection({
      ...main(),
      required_status_checks: null,
      required_pull_request_reviews: { required_approving_review_count: 1, dismiss_stale_reviews: true },
      enforce_admins: true,
      restrictions: null,
    });
    await rig.as('ghp_mira').rest.pulls.createReview({ ...target(), event: 'APPROVE' });
    assert.equal(await state(), 'clean');
    await rig.pusher.push(rig.url, 'feature', 'feature', { 'b.txt': 'b\n' });
    assert.equal(await state(), 'blocked');
    const { data } = await rig.octokit.rest.pulls.listReviews(target());
    assert.equal(data[0]?.state, 'DISMISSED');
  });

  it('counts the approval of somebody who may write', async () => {
    await protect({ reviews: 1 });
    const review = (event: 'APPROVE' | 'REQUEST_CHANGES') =>
      rig.as('ghp_mira').rest.pulls.createReview({ ...target(), event, body: 'So' });
    await review('REQUEST_CHANGES');
    assert.equal((await refusalOf(merge())).status, 405);
    await review('APPROVE');
    assert.equal((await merge()).data.merged, true);
  });

  it('demands a head that has the base, when checks are strict', async () => {
    await protect({ contexts: ['ci'], strict: true, admins: false });
    await succeed(pull.head);
    await rig.pusher.push(rig.url, 'main', 'main', { 'm.txt': 'm\n' });
    assert.equal(await state(), 'behind');
    assert.equal((await refusalOf(rig.as('ghp_mira').rest.pulls.merge(target()))).status, 405);
    await rig.octokit.rest.pulls.updateBranch(target());
    assert.equal(await state(), 'blocked');
    await succeed((await rig.pull(pull.number)).head.sha);
    assert.equal((await rig.as('ghp_mira').rest.pulls.merge(target())).data.merged, true);
  });

  it('refuses a push in the words of GitHub', async () => {
    await protect({ contexts: ['ci'] });
    const clone = async (branch: string) => {
      await rig.git(rig.standIn.token, 'clone', '--quiet', rig.url, branch);
      await rig.git(rig.standIn.token, '-C', branch, 'commit', '--quiet', '--allow-empty', '-m', branch);
    };
    const push = (dir: string, ref: string) => rig.git(rig.standIn.token, '-C', dir, 'push', 'origin', ref);
    await clone('work');
    const refused = await push('work', 'HEAD:refs/heads/main');
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr, /GH006: Protected branch update failed for refs\/heads\/main\./);
    assert.match(refused.stderr, /Required status check "ci" is expected\./);
    assert.equal((await push('work', 'HEAD:refs/heads/elsewhere')).exitCode, 0);
    const sha = (await rig.pusher.tip(rig.url, 'elsewhere')).commit;
    await succeed(sha);
    assert.equal((await push('work', 'HEAD:refs/heads/main')).exitCode, 0);
    assert.match((await push('work', ':refs/heads/main')).stderr, /Cannot delete this branch/);
    await rig.git(rig.standIn.token, '-C', 'work', 'commit', '--quiet', '--amend', '--allow-empty', '-m', 'Other');
    assert.match((await push('work', '+HEAD:refs/heads/main')).stderr, /Cannot force-push to this branch/);
  });

  it('merges by itself what only waited for its checks', async () => {
    await protect({ contexts: ['ci'] });
    const mutation =
      'mutation ($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: SQUASH}) { clientMutationId } }';
    await assert.rejects(rig.octokit.graphql(mutation, { id: pull.id }), /Auto merge is not allowed/);
    await rig.octokit.rest.repos.update({ ...rig.place, allow_auto_merge: true });
    await rig.octokit.graphql(mutation, { id: pull.id });
    assert.equal((await rig.pull(pull.number)).auto_merge?.merge_method, 'squash');
    await succeed(pull.head);
    assert.equal((await rig.pull(pull.number)).merged, true);
  });
});
