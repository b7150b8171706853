import assert from 'node:assert/strict';
import { readBrief } from '../../src/app/brief-file.ts';
import { compose } from '../../src/app/compose.ts';
import { loadSettings } from '../../src/app/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Clock } from '../../src/core/ports.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import {
  endWorkers,
  eventsOf,
  eventually,
  look,
  makePlace,
  type Outside,
  openOutside,
  type Place,
  sampleBrief,
  startWorker,
} from './place.ts';

const DAY_MS = 86_400_000;
const silent = { info: () => undefined, warn: () => undefined };

describe('time that is not what it seems', function () {
  this.timeout(120_000);
  let outside: Outside;
  let place: Place;
  beforeEach(async () => {
    outside = await openOutside();
    place = makePlace();
  });
  afterEach(async () => {
    await endWorkers();
    await outside.close();
    place.remove();
  });

  const settings = () =>
    loadSettings({ env: { ...outside.env, ORCHESTRATOR_HOME: place.stateDir }, workspaceDir: place.workspaceDir });

  for (const [title, jumps] of [
    ['a day forward, then two back', [DAY_MS, -2 * DAY_MS]],
    ['a day back, then two forward', [-DAY_MS, 2 * DAY_MS]],
  ] as const) {
    it(`changes nothing when the clock jumps ${title}`, async () => {
      let offsetMs = 0;
      const clock: Clock = {
        now: () => systemClock.now() + offsetMs,
        sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
      };
      const jumpAt: Partial<Record<DomainEvent['type'], number>> = {
        'interfaces.written': jumps[0],
        'pull_request.opened': jumps[1],
      };
      const app = await compose({ settings: settings(), log: silent, override: { clock } });
      try {
        const { runId } = await app.dispatch({
          type: 'start',
          brief: await readBrief(sampleBrief(1)),
          workspaceDir: place.workspaceDir,
          autoApprove: true,
          askQuestions: false,
          budgetUsd: 10,
          until: 'deploy',
        });
        app.subscribe(runId, 0, ({ event }) => {
          offsetMs += jumpAt[event.type] ?? 0;
        });
        const view = await app.settled(runId, AbortSignal.timeout(60_000));
        assert.deepEqual([view.status, view.waiting, view.error], ['complete', [], null]);
        assert.equal(offsetMs, jumps[0] + jumps[1]);
        assert.equal((await outside.pullRequests(view.slug)).length, 1);
        const keys = outside.asked.map((entry) => entry.key);
        assert.equal(new Set(keys).size, keys.length);
      } finally {
        await app.close();
      }
    });
  }

  it('gives the run of a process that slept to another one only after its lease, and has one result when it wakes', async () => {
    const order = { brief: sampleBrief(3) };
    const first = startWorker(place, outside, order);
    const { runId } = await first.said('ready');
    const isAt = (type: DomainEvent['type']) => eventsOf(place, runId).some((event) => event.type === type);
    await eventually('an agent works', () => isAt('subtask.acted'), 30_000);
    first.child.kill('SIGSTOP');
    const ownersNow = () =>
      look(place, (store) =>
        store
          .prepare(`SELECT DISTINCT owner_id FROM runs WHERE owner_id IS NOT NULL`)
          .all()
          .map((row) => row.owner_id),
      );
    const sleeper = ownersNow();

    const second = await compose({ settings: settings(), log: silent });
    try {
      await second.dispatch({ type: 'resume', runId, budgetUsd: null });
      assert.deepEqual(ownersNow(), sleeper, 'taken over from a process that may be alive');
      // What an hour of sleep leaves behind.
      look(place, (store) => store.write(() => store.prepare('UPDATE owners SET lease_until = 0').run()));
      await second.dispatch({ type: 'resume', runId, budgetUsd: null });
      assert.notDeepEqual(ownersNow(), sleeper);
      const epochs = look(place, (store) =>
        Number(store.prepare('SELECT min(epoch) AS n FROM runs WHERE owner_id IS NOT NULL').get()?.n),
      );
      assert.ok(epochs > 1);
      first.child.kill('SIGCONT');
      const view = await second.settled(runId, AbortSignal.timeout(60_000));
      assert.deepEqual([view.status, view.waiting, view.error], ['complete', [], null]);
    } finally {
      first.child.kill('SIGCONT');
      await second.close();
    }
    // The first sees the end that the other wrote, and leaves.
    const { code, lines } = await first.ended;
    assert.deepEqual([code, lines.at(-1)?.type], [0, 'settled']);
    const events = eventsOf(place, runId);
    assert.equal(events.filter((event) => event.type === 'run.completed').length, 1);
    const { slug } = events.find((event) => event.type === 'run.started') ?? { slug: '' };
    assert.equal((await outside.pullRequests(slug)).length, 1);
    assert.equal(await outside.deployments('functions', 'shipping-quote'), 1);
    const counts = Map.groupBy(outside.asked, (entry) => entry.key);
    const twice = [...counts.values()].filter((entries) => entries.length > 1);
    assert.ok(
      twice.length <= 1 && twice.every((entries) => entries.length === 2),
      'more than the call in flight was asked again',
    );
  });
});
