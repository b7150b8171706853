import assert from 'node:assert/strict';
import type { Forge } from '../../core/ports.ts';
import { answering, COMMIT, forgeOver, repository, routing, signal } from './test-support.ts';

const checks = (forge: Forge) => forge.checks(repository, COMMIT, signal);

describe('checks of a commit on GitHub', () => {
  const run = (name: string, status: string, conclusion: string | null, title: string | null = null) => ({
    id: name.length,
    name,
    status,
    conclusion,
    html_url: `https://github.com/ada/shop/runs/${name}`,
    output: { title, summary: null },
  });
  const answers = (runs: unknown[], statuses: unknown[], state = 'pending') =>
    answering({ status: 200, body: { check_runs: runs } }, { status: 200, body: { state, statuses } });
  const status = (context: string, state: string) => ({ context, state, description: 'said', target_url: null });

  it('knows none where GitHub combines nothing into pending', async () => {
    assert.deepEqual(await checks(forgeOver(answers([], []).fetch)), { state: 'none', runs: [] });
  });

  it('takes skipped and neutral runs for passed ones', async () => {
    const runs = ['success', 'neutral', 'skipped'].map((conclusion) => run(conclusion, 'completed', conclusion));
    const summary = await checks(forgeOver(answers(runs, [status('ci', 'success')]).fetch));
    assert.equal(summary.state, 'passed');
    assert.deepEqual(summary.runs[3], { name: 'ci', state: 'passed', url: null, summary: 'said', logId: null });
  });

  it('waits for what is queued or waiting, in runs and in statuses', async () => {
    const done = run('a', 'completed', 'success');
    assert.equal((await checks(forgeOver(answers([done, run('b', 'queued', null)], []).fetch))).state, 'pending');
    assert.equal((await checks(forgeOver(answers([done], [status('ci', 'pending')]).fetch))).state, 'pending');
  });

  it('has failed as soon as one has, whatever the others do', async () => {
    for (const conclusion of ['failure', 'timed_out', 'startup_failure']) {
      const runs = [run('a', 'completed', conclusion, 'Broken'), run('b', 'in_progress', null)];
      const summary = await checks(forgeOver(answers(runs, []).fetch));
      assert.equal(summary.state, 'failed', conclusion);
      assert.equal(summary.runs[0]?.summary, 'Broken');
    }
    assert.equal((await checks(forgeOver(answers([], [status('ci', 'error')]).fetch))).state, 'failed');
  });

  it('blames the work for nothing that has ended without a result', async () => {
    for (const conclusion of ['cancelled', 'action_required', 'stale', 'of_the_future', null]) {
      const stopped = run('a', 'completed', conclusion, 'Title');
      const summary = await checks(forgeOver(answers([stopped, run('bb', 'completed', 'success')], []).fetch));
      assert.equal(summary.state, 'stopped', String(conclusion));
      assert.deepEqual(
        summary.runs.map(({ state }) => state),
        ['stopped', 'passed'],
      );
      assert.equal(summary.runs[0]?.summary, conclusion?.replaceAll('_', ' ') ?? 'no conclusion');
      const worse = answers([stopped, run('bb', 'completed', 'failure')], []);
      assert.equal((await checks(forgeOver(worse.fetch))).state, 'failed');
      const open = answers([stopped, run('bb', 'queued', null)], []);
      assert.equal((await checks(forgeOver(open.fetch))).state, 'pending');
    }
  });

  it('forgets a run that stopped when a later one of its name is there', async () => {
    const later = (id: number, conclusion: string) => ({ ...run('a', 'completed', conclusion), id });
    const again = answers([later(2, 'success'), later(1, 'cancelled')], []);
    assert.deepEqual(
      (await checks(forgeOver(again.fetch))).runs.map(({ state }) => state),
      ['passed'],
    );
    const stopped = answers([later(2, 'cancelled'), later(1, 'success')], []);
    assert.equal((await checks(forgeOver(stopped.fetch))).state, 'stopped');
  });

  describe('of one name', () => {
    const job = (id: number, suite: number, conclusion: string | null, app = 'github-actions') => ({
      ...run('test', conclusion === null ? 'queued' : 'completed', conclusion),
      ...{ id, check_suite: { id: suite }, app: { slug: app } },
    });
    const start = (suite: number, workflow: number, event = 'pull_request') => {
      const name = `Workflow ${workflow}`;
      return { id: suite * 10, check_suite_id: suite, workflow_id: workflow, name, event };
    };
    const summaryOf = async (jobs: unknown[], starts: unknown[] | null) => {
      const { fetch, asked } = routing({
        [`GET /repos/ada/shop/commits/${COMMIT}/check-runs`]: { status: 200, body: { check_runs: jobs } },
        [`GET /repos/ada/shop/commits/${COMMIT}/status`]: { status: 200, body: { statuses: [] } },
        'GET /repos/ada/shop/actions/runs':
          starts === null
            ? { status: 403, body: { message: 'Resource not accessible by personal access token' } }
            : { status: 200, body: { workflow_runs: starts } },
      });
      const summary = await checks(forgeOver(fetch));
      return { state: summary.state, runs: summary.runs.map(({ name, state }) => `${name}: ${state}`), asked };
    };

    it('are told apart by their workflows, none hidden by another', async () => {
      const both = await summaryOf([job(2, 22, 'success'), job(1, 11, 'failure')], [start(11, 1), start(22, 2)]);
      assert.deepEqual(both.runs, ['Workflow 2 / test: passed', 'Workflow 1 / test: failed']);
      assert.equal(both.state, 'failed');
      const stopped = await summaryOf([job(2, 22, 'success'), job(1, 11, 'cancelled')], [start(11, 1), start(22, 2)]);
      assert.equal(stopped.state, 'stopped');
    });

    it('are told apart by their apps, and numbered where nothing tells them apart', async () => {
      const apps = await summaryOf([job(2, 22, 'success', 'circle'), job(1, 11, 'cancelled')], [start(11, 1)]);
      assert.deepEqual(apps.runs, ['circle / test: passed', 'github-actions / test: stopped']);
      const jobs = await summaryOf([job(2, 11, 'success', ''), job(1, 11, 'failure', '')], []);
      assert.deepEqual(jobs.runs, ['test: passed', 'test (2): failed']);
    });

    it('give way to a later run of their workflow for the same event', async () => {
      const again = await summaryOf([job(2, 22, 'success'), job(1, 11, 'failure')], [start(11, 1), start(22, 1)]);
      assert.deepEqual(again.runs, ['test: passed']);
      const events = [start(11, 1, 'push'), start(22, 1)];
      const other = await summaryOf([job(2, 22, 'success'), job(1, 11, 'failure')], events);
      assert.deepEqual(other.runs, ['Workflow 1 / test (pull_request): passed', 'Workflow 1 / test (push): failed']);
      const dispatched = await summaryOf([job(2, 22, 'success'), job(1, 11, 'cancelled')], events);
      assert.deepEqual(dispatched.runs, ['test: passed'], 'what was stopped may be started in another way');
    });

    it('are compared by name and app where the token may not read workflows, and nobody asks without need', async () => {
      const blind = await summaryOf([job(2, 22, 'success'), job(1, 11, 'cancelled')], null);
      assert.equal(blind.state, 'passed');
      assert.equal((await summaryOf([job(2, 22, 'success'), job(1, 11, 'failure')], null)).state, 'failed');
      const plain = await summaryOf([job(1, 11, 'failure')], []);
      assert.deepEqual([plain.runs, plain.asked().length], [['test: failed'], 2]);
    });
  });

  it('reads every page', async () => {
    const many = Array.from({ length: 100 }, (_, at) => run(`run-${at}`, 'completed', 'success'));
    const { fetch, seen } = answering(
      { status: 200, body: { check_runs: many } },
      { status: 200, body: { check_runs: [run('last', 'completed', 'failure')] } },
      { status: 200, body: { statuses: [] } },
    );
    const summary = await checks(forgeOver(fetch));
    assert.equal(summary.runs.length, 101);
    assert.equal(summary.state, 'failed');
    assert.match(seen[1]?.path ?? '', /page=2/);
  });

  describe('that failed', () => {
    const failed = (logId: string | null) => ({
      name: 'test',
      state: 'failed' as const,
      url: null,
      summary: 'short',
      logId,
    });
    const logs = (fetch: typeof globalThis.fetch, logId: string | null = '5') =>
      forgeOver(fetch).failedLogs(repository, { state: 'failed', runs: [failed(logId)] }, signal);
    const text = (body: string) => ({ status: 200, body, headers: { 'content-type': 'text/plain' } });

    it('give the end of their log, without colours', async () => {
      const body = `${'x'.repeat(300_000)}\u001b[31mAssertionError\u001b[0m: end`;
      const { fetch } = routing({ 'GET /repos/ada/shop/actions/jobs/5/logs': text(body) });
      const [first] = await logs(fetch);
      assert.equal(first?.name, 'test');
      assert.equal(first?.log.length, 8_000);
      assert.match(first?.log ?? '', /xAssertionError: end$/);
    });

    it('give what their app wrote where there is no log, and else the summary', async () => {
      const output = { output: { summary: 'Summary', text: 'Details' } };
      const written = routing({ 'GET /repos/ada/shop/check-runs/5': { status: 200, body: output } });
      assert.equal((await logs(written.fetch))[0]?.log, 'Summary\nDetails');
      assert.equal((await logs(routing({}).fetch))[0]?.log, 'short');
      const none = routing({});
      assert.equal((await logs(none.fetch, null))[0]?.log, 'short');
      assert.equal(none.seen.length, 0);
    });

    it('are not taken for gone when GitHub asks to wait', async () => {
      const { fetch } = answering({ status: 429, headers: { 'retry-after': '600' } });
      await assert.rejects(logs(fetch), { code: 'rate_limited' });
    });
  });
});
