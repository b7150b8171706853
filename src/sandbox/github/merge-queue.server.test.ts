import assert from 'node:assert/strict';
import { OWNER, openRig, type Rig, refusalOf } from './test-rig.ts';
import { until } from './test-support.ts';

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
  const enqueue = (expected: string, id = pull.id) =>
    rig.octokit.graphql<{ enqueuePullRequest: { mergeQueueEntry: { position: number; state: string } } }>(
      `mutation ($id: ID!, $oid: GitObjectID) {
        enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $oid}) { mergeQueueEntry { state position } }
      }`,
      { id, oid: expected },
    );
  const entry = async (id = pull.id) => {
    const { node } = await rig.octokit.graphql<{
      node: { state: string; mergeQueueEntry: { position: number; headCommit: { oid: string } } | null };
    }>(
      `query ($id: ID!) { node(id: $id) {
        ... on PullRequest { state mergeQueueEntry { state position headCommit { oid } } }
      } }`,
      { id },
    );
    return node;
  };

  const removals = async () => {
    const { node } = await rig.octokit.graphql<{
      node: { timelineItems: { nodes: { reason?: string; beforeCommit?: { oid: string } | null }[] } };
    }>(
      `query ($id: ID!) { node(id: $id) { ... on PullRequest {
        timelineItems(last: 10, itemTypes: [REMOVED_FROM_MERGE_QUEUE_EVENT]) {
          nodes { ... on RemovedFromMergeQueueEvent { reason beforeCommit { oid } } }
        }
      } } }`,
      { id: pull.id },
    );
    return node.timelineItems.nodes.map(({ reason, beforeCommit }) => [reason, beforeCommit?.oid ?? null]);
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
    const group = (await entry()).mergeQueueEntry?.headCommit.oid ?? '';
    assert.deepEqual(await removals(), []);
    await status(group, 'failure');
    assert.deepEqual(await entry(), { state: 'OPEN', mergeQueueEntry: null });
    assert.deepEqual(await removals(), [['failed_checks', group]]);
  });

  it('throws out what is pushed to, and takes the next', async () => {
    const second = await rig.openPull('second', { 'b.txt': 'b\n' });
    await status(pull.head, 'success');
    await status(second.head, 'success');
    await enqueue(pull.head);
    await enqueue(second.head, second.id);
    assert.equal((await entry(second.id)).mergeQueueEntry?.position, 2);
    await rig.pusher.push(rig.url, 'feature', 'feature', { 'c.txt': 'c\n' });
    assert.equal((await entry()).mergeQueueEntry, null);
    const first = (await entry(second.id)).mergeQueueEntry;
    assert.equal(first?.position, 1);
    await status(first.headCommit.oid, 'success');
    assert.equal((await entry(second.id)).state, 'MERGED');
  });

  it('takes out what is withdrawn', async () => {
    await status(pull.head, 'success');
    await enqueue(pull.head);
    const mutation = 'mutation ($id: ID!) { dequeuePullRequest(input: {id: $id}) { clientMutationId } }';
    await rig.octokit.graphql(mutation, { id: pull.id });
    assert.equal((await entry()).mergeQueueEntry, null);
    assert.equal((await removals())[0]?.[0], 'manual');
    await assert.rejects(rig.octokit.graphql(mutation, { id: pull.id }), /not in the queue/);
    await assert.rejects(rig.octokit.graphql('{ viewer { nothing } }'), /Field 'nothing' doesn't exist on type 'User'/);
  });
});
