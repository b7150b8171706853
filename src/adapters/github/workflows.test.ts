import assert from 'node:assert/strict';
import { failure, fakeClock, forgeOver, ok, repository, routing, signal } from './test-support.ts';

const ACTIONS = 'GET /repos/ada/shop/actions';
const RUNS = `${ACTIONS}/workflows/deploy.yml/runs`;
const DISPATCH = 'POST /repos/ada/shop/actions/workflows/deploy.yml/dispatches';

describe('a workflow on GitHub', () => {
  const run = (status: string, conclusion: string | null) => ok({ html_url: 'https://run', status, conclusion });
  const running = (routes: Parameters<typeof routing>[0], deadlineMs = 600_000) => {
    const clock = fakeClock();
    const listed = { [RUNS]: [ok({ workflow_runs: [] }), ok({ workflow_runs: [{ id: 5 }] })] };
    const started = { [DISPATCH]: { status: 204 }, [`${ACTIONS}/runs/5/jobs`]: ok({ jobs: [] }) };
    const { fetch, asked } = routing({ ...listed, ...started, ...routes });
    const ask = { workflow: 'deploy.yml', ref: 'main', inputs: {}, known: [], deadlineMs };
    const ended = forgeOver(fetch, { clock }).runWorkflow(repository, ask, () => {}, signal);
    return { ended, clock, count: (name: string) => asked().filter((entry) => entry === name).length };
  };
  const none = { [RUNS]: ok({ workflow_runs: [] }) };

  it('has failed when it was cancelled or timed out, and passed when it was skipped', async () => {
    for (const [conclusion, state] of [
      ['cancelled', 'failed'],
      ['timed_out', 'failed'],
      ['skipped', 'passed'],
    ] as const) {
      const { ended } = running({ [`${ACTIONS}/runs/5`]: run('completed', conclusion) });
      assert.equal((await ended).state, state);
    }
  });

  it('is looked at ever less often, and not beyond its deadline', async () => {
    const { ended, clock } = running({ [`${ACTIONS}/runs/5`]: run('in_progress', null) }, 120_000);
    const error = await failure(ended, 'timeout');
    assert.equal(error.details?.url, 'https://run');
    assert.equal(Math.max(...clock.slept), 10_000);
    assert.equal(
      clock.slept.reduce((sum, ms) => sum + ms, 0),
      120_000,
    );
  });

  it('is not dispatched again when GitHub took it and no run appears', async () => {
    const { ended, count } = running(none);
    await failure(ended, 'timeout');
    assert.equal(count(DISPATCH), 1);
  });

  it('is dispatched again only after no run of the lost dispatch has appeared', async () => {
    const { ended, count, clock } = running({ ...none, [DISPATCH]: { status: 502 } });
    await failure(ended, 'server');
    assert.equal(count(DISPATCH), 3);
    assert.ok(clock.slept.length >= 3 * 8);
  });

  it('that is turned off or has other inputs says so', async () => {
    const workflow = `${ACTIONS}/workflows/deploy.yml`;
    const refused = (message: string) => ({ ...none, [DISPATCH]: { status: 422, body: { message } } });
    const off = { [workflow]: ok({ state: 'disabled_manually' }) };
    const { ended } = running({ ...refused('Cannot trigger a disabled workflow'), ...off });
    assert.match((await failure(ended, 'forge_failed')).userMessage, /is turned off. Enable it/);
    const inputs = running({ ...refused('Unexpected inputs provided: ["x"]'), [workflow]: ok({ state: 'active' }) });
    assert.match((await failure(inputs.ended, 'forge_failed')).userMessage, /Unexpected inputs/);
  });
});
