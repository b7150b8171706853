import assert from 'node:assert/strict';
import { OWNER, openRig, type Rig, refusalOf } from './test-rig.ts';
import { until } from './test-support.ts';

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

describe('the GitHub stand-in, the merge queue with workflows', () => {
  it('runs the workflows of a merge group and merges what passes', async () => {
    const rig = await openRig({ runChecks: true });
    try {
      const workflow = 'on: [pull_request, merge_group]\njobs: { ci: { runs-on: x, steps: [{ run: sh check.sh }] } }\n';
      const files = { '.github/workflows/ci.yml': workflow, 'check.sh': 'test -f README.md\n' };
      await rig.pusher.push(rig.url, 'main', 'main', files);
      rig.standIn.setRules(OWNER, 'shop', 'main', [
        { type: 'required_status_checks', parameters: { required_status_checks: [{ context: 'ci' }] } },
        { type: 'merge_queue' },
      ]);
      const pull = await rig.openPull('feature', { 'a.txt': 'a\n' });
      await until(async () => ((await rig.pull(pull.number)).mergeable_state === 'clean' ? true : null));
      await rig.octokit.graphql(
        'mutation ($id: ID!) { enqueuePullRequest(input: {pullRequestId: $id}) { clientMutationId } }',
        {
          id: pull.id,
        },
      );
      const merged = await until(async () => {
        const found = await rig.pull(pull.number);
        return found.merged ? found : null;
      });
      const { data } = await rig.octokit.rest.actions.listWorkflowRunsForRepo({ ...rig.place, event: 'merge_group' });
      const [run] = data.workflow_runs;
      assert.deepEqual([run?.head_sha, run?.conclusion], [merged.merge_commit_sha, 'success']);
      assert.match(run?.head_branch ?? '', /^gh-readonly-queue\/main\/pr-1-/);
    } finally {
      await rig.close();
    }
  });
});

describe('the GitHub stand-in, rules and the merge queue', () => {
  let rig: Rig;
  let pull: { number: number; head: string; id: string };

  beforeEach(async () => {
    rig = await openRig();
    pull = await rig.openPull('feature', { 'a.txt': 'a\n' });
    rig.standIn.setRules('local-developer', 'shop', 'main', [
      { type: 'pull_request', parameters: { required_approving_review_count: 0 } },
      { type: 'required_status_checks', parameters: { required_status_checks: [{ context: 'ci' }] } },
      { type: 'merge_queue', parameters: { merge_method: 'SQUASH' } },
    ]);
  });
  afterEach(() => rig.close());

  const status = (sha: string, state: 'success' | 'failure') =>
    rig.octokit.rest.repos.createCommitStatus({ ...rig.place, sha, state, context: 'ci' });
  const enqueue = (expected: string) =>
    rig.octokit.graphql<{ enqueuePullRequest: { mergeQueueEntry: { position: number; state: string } } }>(
      `mutation ($id: ID!, $oid: GitObjectID) {
        enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $oid}) { mergeQueueEntry { state position } }
      }`,
      { id: pull.id, oid: expected },
    );
  const entry = async () => {
    const { node } = await rig.octokit.graphql<{
      node: { state: string; mergeQueueEntry: { position: number; headCommit: { oid: string } } | null };
    }>(
      `query ($id: ID!) { node(id: $id) {
        ... on PullRequest { state mergeQueueEntry { state position headCommit { oid } } }
      } }`,
      { id: pull.id },
    );
    return node;
  };

  it('lists the rules of a branch and refuses what goes past them', async () => {
    const { data } = await rig.octokit.rest.repos.getBranchRules({ ...rig.place, branch: 'main' });
    assert.deepEqual(
      data.map(({ type }) => type),
      ['pull_request', 'required_status_checks', 'merge_queue'],
    );
    const refused = await refusalOf(rig.octokit.rest.pulls.merge({ ...rig.place, pull_number: pull.number }));
    assert.equal(refused.status, 405);
    assert.match(refused.message, /Changes must be made through the merge queue/);
    const pushed = rig.pusher.push(rig.url, 'main', 'main', { 'b.txt': 'b\n' });
    await assert.rejects(pushed, /GH013: Repository rule violations found for refs\/heads\/main/);
  });

  it('merges what passes on the merge group', async () => {
    await assert.rejects(enqueue(pull.head), /Required status check "ci" is expected/);
    await status(pull.head, 'success');
    await assert.rejects(enqueue('0'.repeat(40)), /not the expected one/);
    const put = await enqueue(pull.head);
    assert.deepEqual(put.enqueuePullRequest.mergeQueueEntry, { state: 'AWAITING_CHECKS', position: 1 });
    const waiting = await entry();
    const group = waiting.mergeQueueEntry?.headCommit.oid ?? '';
    const { data } = await rig.octokit.rest.git.listMatchingRefs({ ...rig.place, ref: 'heads/gh-readonly-queue/' });
    assert.deepEqual(
      data.map((ref) => ref.object.sha),
      [group],
    );
    await status(group, 'success');
    assert.deepEqual(await entry(), { state: 'MERGED', mergeQueueEntry: null });
    assert.equal((await rig.pusher.tip(rig.url, 'main')).commit, group);
  });

  it('throws out what fails on the merge group', async () => {
    await status(pull.head, 'success');
    await enqueue(pull.head);
    await status((await entry()).mergeQueueEntry?.headCommit.oid ?? '', 'failure');
    assert.deepEqual(await entry(), { state: 'OPEN', mergeQueueEntry: null });
  });
});
