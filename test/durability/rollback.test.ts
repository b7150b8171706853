import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { type Effects, MOMENTS, type Order } from './order.ts';
import {
  endWorkers,
  eventsOf,
  makePlace,
  type Outside,
  openOutside,
  type Place,
  sampleBrief,
  startWorker,
} from './place.ts';

const SAMPLE = 2;
const UNDOING: Effects = { repository: ['fetch', 'push'], forge: ['ensurePullRequest'], deployer: ['rollBack'] };
/** Rolling back is done for each of them. */
const PLACES = ['fetch', 'push', 'ensurePullRequest', 'rollBack database', 'rollBack function', 'rollBack site'];

describe('a killed rollback', function () {
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

  const live = async (
    order: Order,
  ): Promise<{ signal: NodeJS.Signals | null; view: RunView | null; stderr: string }> => {
    const { signal, lines, stderr } = await startWorker(place, outside, order).ended;
    const last = lines.at(-1);
    return { signal, view: last?.type === 'settled' ? last.view : null, stderr };
  };

  it('undoes everything once and proposes one revert, killed before, inside and after every effect of it', async () => {
    const built = (await live({ brief: sampleBrief(SAMPLE) })).view;
    assert.equal(built?.status, 'complete', JSON.stringify(built?.waiting));
    const dieFile = join(place.root, 'died');
    const order = { brief: '', rollback: true, approve: true, dieFile, effects: UNDOING };
    let kills = 0;
    let end = await live(order);
    for (; end.signal === 'SIGKILL'; kills += 1) end = await live(order);
    const wanted = PLACES.flatMap((effect) => MOMENTS.map((moment) => `${effect} ${moment}`)).sort();
    assert.ok(existsSync(dieFile), end.stderr);
    assert.deepEqual(readFileSync(dieFile, 'utf8').trim().split('\n').sort(), wanted);
    assert.equal(kills, wanted.length);

    const { view } = end;
    assert.deepEqual([view?.status, view?.error, view?.waiting], ['complete', null, []], end.stderr);
    assert.equal(view?.undoes, built?.runId);
    const { functions = [], sites = [], databaseId } = built?.plan?.deployment ?? {};
    const gone = [
      `database ${databaseId}`,
      ...functions.map(({ id }) => `function ${id}`),
      ...sites.map(({ id }) => `site ${id}`),
    ];
    const done = (view?.rollback?.done ?? []).map(({ action, kind, id }) => `${action} ${kind} ${id}`);
    assert.equal(new Set(done).size, done.length, done.join());
    for (const what of gone) assert.ok(done.includes(`delete ${what}`), `${what}: ${done}`);
    for (const kind of ['functions', 'sites', 'tablesdb'] as const) assert.deepEqual(await outside.resources(kind), []);
    await assertOneRevert(view, built);
  });

  for (const cut of ['place inside', 'applyDatabase inside', 'deployFunction inside', 'deploySite after']) {
    it(`takes out what a deployment has left that was killed (${cut}) and cancelled`, async () => {
      const dieFile = join(place.root, 'died');
      const [effect = '', moment = ''] = cut.split(' ');
      const others = MOMENTS.filter((one) => one !== moment).map((one) => `${effect} ${one}\n`);
      writeFileSync(dieFile, others.join(''));
      const effects: Effects = { repository: [], forge: [], deployer: [effect] };
      assert.equal((await live({ brief: sampleBrief(SAMPLE), dieFile, effects })).signal, 'SIGKILL');
      const { view } = await live({ brief: '', cancel: true });
      assert.equal(view?.status, 'cancelled');
      assert.ok((view?.unfinished.length ?? 0) > 0 || effect === 'place');
      const end = await live({ brief: '', rollback: true, approve: true });
      assert.deepEqual([end.view?.status, end.view?.error], ['complete', null], end.stderr);
      for (const kind of ['functions', 'sites', 'tablesdb'] as const) {
        assert.deepEqual(await outside.resources(kind), [], `${kind}: ${JSON.stringify(end.view?.rollback)}`);
      }
    });
  }

  const assertOneRevert = async (view: RunView | null, built: RunView | null): Promise<void> => {
    const pulls = await outside.pullRequests(built?.slug ?? '');
    const states = pulls.map(({ number, state, merged_at }) => [number, state, merged_at !== null]);
    assert.deepEqual(states.sort(), [
      [1, 'closed', true],
      [2, 'open', false],
    ]);
    const events = eventsOf(place, view?.runId ?? '');
    const of = (type: DomainEvent['type']) => events.filter((event) => event.type === type).length;
    assert.deepEqual([of('branch.pushed'), of('pull_request.opened'), of('rollback.finished')], [1, 1, 1]);
    const revert = pulls.find(({ number }) => number === 2);
    const git = (...args: string[]) => place.git(...args).trim();
    assert.equal(git('rev-list', '--count', `${built?.mergeCommit}..${revert?.head.sha}`), '1');
    assert.equal(git('rev-parse', `${revert?.head.sha}^{tree}`), git('rev-parse', `${built?.mergeCommit}^1^{tree}`));
  };
});
