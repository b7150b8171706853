import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createLiveProbe } from '../../src/adapters/appwrite/live-probe.ts';
import type { AppApi } from '../../src/app/api.ts';
import { readBrief } from '../../src/app/brief-file.ts';
import { compose } from '../../src/app/compose.ts';
import { loadSettings } from '../../src/app/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Clock } from '../../src/core/ports.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { makePlace, type Outside, openOutside, type Place, sampleBrief } from '../durability/place.ts';
import { aBrief, aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, openRig, type Rig, write } from './rig.ts';

const log = { info: () => undefined, warn: () => undefined };
/** Polls of outside systems come twenty times as fast; the time itself is real. */
const clock: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) };
const SITE = { target: 'site', method: 'GET', path: '/', body: null, status: 200, contains: 'Harbour Cafe' } as const;

const repositoryOf = (view: RunView) => view.pullRequest?.url.replace(/\/pull\/\d+$/, '') ?? '';

describe('two workspaces with the same brief', function () {
  this.timeout(120_000);
  let outside: Outside;
  let place: Place;
  let apps: AppApi[];
  beforeEach(async () => {
    outside = await openOutside();
    place = makePlace();
    apps = [];
  });
  afterEach(async () => {
    for (const app of apps) await app.close();
    await outside.close();
    place.remove();
  });

  /** One program a workspace, on the same state folder, as an editor's process has them. */
  const openWorkspace = async (name: string): Promise<() => Promise<RunView>> => {
    const workspaceDir = join(place.root, name);
    const settings = loadSettings({ env: { ...outside.env, ORCHESTRATOR_HOME: place.stateDir }, workspaceDir });
    const app = await compose({ settings, log, override: { clock } });
    apps.push(app);
    const brief = await readBrief(sampleBrief(1));
    return async () => {
      const choices = { autoApprove: true, askQuestions: false, budgetUsd: 10, until: 'deploy' } as const;
      const { runId } = await app.dispatch({ type: 'start', brief, workspaceDir, ...choices });
      return app.settled(runId, AbortSignal.timeout(90_000));
    };
  };

  const placesOf = (view: RunView) => view.deployments.map(({ kind, id }) => `${kind} ${id}`);

  /** Each has its own of everything, and everything of both works. */
  const assertApart = async (views: readonly [RunView, RunView]): Promise<void> => {
    const probe = createLiveProbe({ clock: systemClock });
    const seen = new Set<string>();
    for (const view of views) {
      assert.deepEqual([view.status, view.error, view.waiting], ['complete', null, []]);
      assert.ok(view.url !== null && view.deployments.length > 0);
      for (const own of [repositoryOf(view), view.url, ...placesOf(view)]) {
        assert.ok(!seen.has(own), `${own} belongs to both`);
        seen.add(own);
      }
      const pulls = await outside.pullRequests(repositoryOf(view).split('/').at(-1) ?? '');
      assert.deepEqual(
        pulls.map((pull) => pull.merged_at !== null),
        [true],
      );
      for (const { id } of view.deployments) assert.equal(await outside.deployments('sites', id), 1);
    }
    for (const { url } of views) {
      const result = await probe.check(url ?? '', SITE, 10_000, AbortSignal.timeout(20_000));
      assert.ok(result.passed, `${url}: ${result.detail}`);
    }
  };

  it('have repositories and places of their own when one run follows the other', async () => {
    const first = await (await openWorkspace('one'))();
    const second = await (await openWorkspace('two'))();
    await assertApart([first, second]);
    assert.match(repositoryOf(first), /\/harbour-cafe$/);
    assert.match(repositoryOf(second), /\/harbour-cafe-2$/);
  });

  it('have repositories and places of their own when both run at the same time', async () => {
    const starts = [await openWorkspace('one'), await openWorkspace('two')] as const;
    await assertApart(await Promise.all([starts[0](), starts[1]()]));
  });
});

describe('two projects of one name, begun at the same time', function () {
  this.timeout(60_000);
  let rig: Rig;
  afterEach(() => rig.close());

  it('go to their own repositories again with their next runs', async () => {
    let files = 0;
    const plan = aPlan([aSubtask('a', { checks: [{ name: 't', command: 'test -d a' }] })]);
    const turn = (_id: string, index: number) => {
      files += 1;
      return index === 0 ? [write(`a/${files}.txt`, 'x')] : [finish()];
    };
    rig = await openRig({ plan, turn });
    const choices = { autoApprove: true, askQuestions: false, budgetUsd: 10, until: 'commit' } as const;
    const runIn = async (name: string) => {
      const workspaceDir = join(rig.stateDir, '..', name);
      const { runId } = await rig.app.dispatch({ type: 'start', brief: aBrief(), workspaceDir, ...choices });
      const view = await rig.settled(runId);
      assert.deepEqual([view.status, view.error, view.waiting], ['complete', null, []]);
      return repositoryOf(view);
    };
    const before = await Promise.all([runIn('one'), runIn('two')]);
    assert.notEqual(before[0], before[1]);
    const second = await runIn('two');
    assert.deepEqual([await runIn('one'), second], before);
  });
});
