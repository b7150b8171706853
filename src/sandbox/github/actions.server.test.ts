import assert from 'node:assert/strict';
import { openRig, type Rig, refusalOf } from './test-rig.ts';
import { until } from './test-support.ts';

const CI = `name: CI
on:
  push: { branches: [main] }
  pull_request:
  workflow_dispatch:
    inputs:
      greeting: { required: true, default: hello }
      level: { type: choice, options: [low, high] }
env: { TOWN: Ulm }
jobs:
  report:
    needs: [build]
    runs-on: ubuntu-latest
    steps:
      - run: echo reported
  build:
    name: Build and test
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: acme/deploy@v1
      - name: Speak
        run: |
          echo "\${{ inputs.greeting }} from $TOWN at $GITHUB_SHA"
          sh check.sh
      - run: echo never after a failure
`;
const PUSH_ONLY = 'on: push\njobs: { one: { runs-on: x, steps: [{ run: "true" }] } }\n';

describe('the GitHub stand-in, workflows', () => {
  let rig: Rig;

  beforeEach(async () => {
    const users = [{ login: 'narrow', token: 'ghp_narrow', association: 'MEMBER', scopes: ['repo'] }] as const;
    rig = await openRig({ runChecks: true, users });
  });
  afterEach(() => rig.close());

  const files = (check: string) => ({
    '.github/workflows/ci.yml': CI,
    '.github/workflows/push.yml': PUSH_ONLY,
    'check.sh': check,
  });
  const runs = async (filter: { event?: string; head_sha?: string } = {}) =>
    (await rig.octokit.rest.actions.listWorkflowRunsForRepo({ ...rig.place, ...filter })).data.workflow_runs;
  const completed = (filter: { event: string; head_sha?: string }) =>
    until(async () => {
      const [run] = await runs(filter);
      return run?.status === 'completed' ? run : null;
    });
  const dispatch = (workflow_id: string, inputs: Record<string, string> = {}, ref = 'main') =>
    rig.octokit.rest.actions.createWorkflowDispatch({ ...rig.place, workflow_id, ref, inputs });

  it('runs the workflows of a pull request, and leads from the check to the log', async () => {
    const head = await rig.pusher.push(rig.url, 'feature', 'main', files('echo broken >&2; exit 7\n'));
    await rig.octokit.rest.pulls.create({ ...rig.place, title: 'Work', head: 'feature', base: 'main' });
    const run = await completed({ event: 'pull_request', head_sha: head });
    assert.deepEqual([run.name, run.conclusion, run.head_branch], ['CI', 'failure', 'feature']);
    const { data } = await rig.octokit.rest.checks.listForRef({
      ...rig.place,
      ref: head,
      check_name: 'Build and test',
    });
    const [check] = data.check_runs;
    assert.ok(check !== undefined);
    assert.deepEqual([check.conclusion, check.app?.slug, check.output.summary], ['failure', 'github-actions', null]);
    const job = (await rig.octokit.rest.actions.getJobForWorkflowRun({ ...rig.place, job_id: check.id })).data;
    assert.equal(job.html_url, check.details_url);
    assert.deepEqual(
      job.steps?.map((step) => [step.name, step.conclusion]),
      [
        ['Set up job', 'success'],
        ['Run actions/checkout@v4', 'success'],
        ['Run acme/deploy@v1', 'success'],
        ['Speak', 'failure'],
        ['Run echo never after a failure', 'skipped'],
      ],
    );
    const log = await rig.octokit.rest.actions.downloadJobLogsForWorkflowRun({ ...rig.place, job_id: check.id });
    const text = String(log.data);
    assert.match(text, /Z broken$/m);
    assert.match(text, /##\[error\]Process completed with exit code 7\./);
    assert.match(text, /Skipped: acme\/deploy@v1/);
    const { jobs } = (await rig.octokit.rest.actions.listJobsForWorkflowRun({ ...rig.place, run_id: run.id })).data;
    assert.deepEqual(
      jobs.map((entry) => [entry.name, entry.conclusion]),
      [
        ['Build and test', 'failure'],
        ['report', 'skipped'],
      ],
    );
    assert.equal((await runs({ event: 'push', head_sha: head })).length, 1);
  });

  it('starts a workflow by hand, with its inputs, and finds the run', async () => {
    const sha = await rig.pusher.push(rig.url, 'main', 'main', files('exit 0\n'));
    const { data } = await rig.octokit.rest.actions.listRepoWorkflows(rig.place);
    assert.deepEqual(
      data.workflows.map((workflow) => [workflow.name, workflow.path]),
      [
        ['CI', '.github/workflows/ci.yml'],
        ['.github/workflows/push.yml', '.github/workflows/push.yml'],
      ],
    );
    const byId = await rig.octokit.rest.actions.getWorkflow({ ...rig.place, workflow_id: data.workflows[0]?.id ?? 0 });
    assert.equal(byId.data.name, 'CI');
    const started = await dispatch('ci.yml', { greeting: 'good day' });
    assert.equal(started.status, 204);
    const run = await completed({ event: 'workflow_dispatch' });
    assert.deepEqual([run.conclusion, run.head_sha], ['success', sha]);
    const later = await rig.octokit.rest.actions.listWorkflowRuns({
      ...rig.place,
      workflow_id: 'ci.yml',
      event: 'workflow_dispatch',
      created: `>=${run.created_at}`,
    });
    assert.equal(later.data.total_count, 1);
    const { jobs } = (await rig.octokit.rest.actions.listJobsForWorkflowRun({ ...rig.place, run_id: run.id })).data;
    const log = await rig.octokit.rest.actions.downloadJobLogsForWorkflowRun({
      ...rig.place,
      job_id: jobs[0]?.id ?? 0,
    });
    assert.match(String(log.data), new RegExp(`good day from Ulm at ${sha}`));
  });

  it('refuses to start what cannot be started', async () => {
    await rig.pusher.push(rig.url, 'main', 'main', files('exit 0\n'));
    const message = async (call: Promise<unknown>) => {
      const refused = await refusalOf(call);
      return [refused.status, refused.message];
    };
    assert.deepEqual(await message(dispatch('push.yml')), [422, "Workflow does not have 'workflow_dispatch' trigger"]);
    assert.deepEqual(await message(dispatch('none.yml')), [404, 'Not Found']);
    assert.deepEqual(await message(dispatch('ci.yml', {}, 'nowhere')), [422, 'No ref found for: nowhere']);
    assert.deepEqual(await message(dispatch('ci.yml', { other: 'x' })), [422, 'Unexpected inputs provided: ["other"]']);
    assert.equal((await message(dispatch('ci.yml', { level: 'middle' })))[0], 422);
  });

  it('cancels a run that is under way', async () => {
    await rig.pusher.push(rig.url, 'main', 'main', files('sleep 300\n'));
    const run = await until(async () => (await runs({ event: 'push' })).find(({ name }) => name === 'CI') ?? null);
    await until(async () => ((await runs()).some(({ status }) => status === 'in_progress') ? true : null));
    await rig.octokit.rest.actions.cancelWorkflowRun({ ...rig.place, run_id: run.id });
    const ended = await until(async () => {
      const { data } = await rig.octokit.rest.actions.getWorkflowRun({ ...rig.place, run_id: run.id });
      return data.status === 'completed' ? data : null;
    });
    assert.equal(ended.conclusion, 'cancelled');
    const again = rig.octokit.rest.actions.cancelWorkflowRun({ ...rig.place, run_id: run.id });
    assert.equal((await refusalOf(again)).status, 409);
  });

  it('takes a workflow only from a token with the scope', async () => {
    const { stderr } = await pushWorkflow('ghp_narrow');
    assert.match(stderr, /refusing to allow a Personal Access Token to create or update workflow/);
    assert.match(stderr, /`\.github\/workflows\/new\.yml` without `workflow` scope/);
    assert.equal((await pushWorkflow(rig.standIn.token)).exitCode, 0);
  });

  const pushWorkflow = async (token: string) => {
    const dir = `clone-${token}`;
    await rig.pusher.push(rig.url, 'base', 'main', { 'base.txt': 'base\n' });
    await rig.git(token, 'clone', '--quiet', rig.url, dir);
    await rig.git(token, '-C', dir, 'mv', 'README.md', 'README.txt');
    const add = ['-C', dir, 'update-index', '--add', '--cacheinfo'];
    const blob = (await rig.git(token, '-C', dir, 'rev-parse', 'HEAD:README.md')).stdout;
    await rig.git(token, ...add, `100644,${blob},.github/workflows/new.yml`);
    await rig.git(token, '-C', dir, 'commit', '--quiet', '-m', 'Workflow');
    return rig.git(token, '-C', dir, 'push', 'origin', 'HEAD:refs/heads/workflow');
  };
});
