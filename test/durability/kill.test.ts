import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { FOLDERS, finishedCalls } from './finished-calls.ts';
import { EFFECTS, MOMENTS } from './order.ts';
import {
  endWorkers,
  eventsOf,
  eventually,
  look,
  makePlace,
  type Outside,
  openOutside,
  type Place,
  processesIn,
  type Said,
  sampleBrief,
  seeded,
  startWorker,
} from './place.ts';
import { filesIn, temporaryFiles } from './temporary-files.ts';

const SEED = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000);
const KILLS = 50;
/** How long a worker lives before it is killed, in milliseconds after it has taken the run up. */
const LIFE_MS = { least: 40, most: 1_100 };
/** A step that was cut so often is let to its end: the engine parks a run whose step ended the process too often. */
const MOST_CUTS = 3;

/** Open steps that have been cut as often as is wise. */
const tiredSteps = (place: Place): number =>
  look(place, (store) => {
    const row = store
      .prepare(`SELECT count(*) AS n FROM journal WHERE state = 'open' AND attempts - failures - interruptions >= ?`)
      .get(MOST_CUTS);
    return Number(row?.n);
  });

/** The commits that events name. */
function commitsIn(events: readonly DomainEvent[]): string[] {
  return events.flatMap((event) => [
    ...('commit' in event ? [event.commit] : []),
    ...('baseCommit' in event ? [event.baseCommit] : []),
  ]);
}

interface Lives {
  view: RunView;
  kills: number;
  /** Calls that were on record before the last life. */
  finished: number;
}

/** Kills worker after worker until the kills are used up or the run has ended. */
async function killAndResume(
  place: Place,
  outside: Outside,
  sample: number,
  kills: number,
  random: () => number,
): Promise<Lives> {
  const folder = FOLDERS[sample] ?? '';
  const order = { brief: sampleBrief(sample) };
  let finished = new Set<string>();
  for (let killed = 0; ; killed += 1) {
    const worker = startWorker(place, outside, order);
    await worker.said('ready');
    // Until now, a request that the last worker had sent may have come in late.
    const from = outside.asked.length;
    if (killed < kills) {
      const lived = async () => {
        await delay(LIFE_MS.least + random() * (LIFE_MS.most - LIFE_MS.least));
        while (worker.child.exitCode === null && tiredSteps(place) > 0) await delay(100);
      };
      await Promise.race([lived(), worker.ended]);
    } else await worker.ended;
    worker.child.kill('SIGKILL');
    const { signal, lines } = await worker.ended;
    const asked = outside.asked.slice(from).map((entry) => entry.key);
    assert.deepEqual(
      asked.filter((key, index) => asked.indexOf(key) !== index),
      [],
      'asked twice in one life',
    );
    assert.deepEqual(
      asked.filter((key) => finished.has(key)),
      [],
      'asked again although the answer was on record',
    );
    if (signal !== 'SIGKILL') return { view: settledView(lines), kills: killed, finished: finished.size };
    finished = finishedCalls(place, folder);
  }
}

function settledView(lines: readonly Said[]): RunView {
  const last = lines.at(-1);
  assert.ok(last?.type === 'settled', JSON.stringify(last));
  return last.view;
}

async function assertOneOfEach(place: Place, outside: Outside, view: RunView): Promise<void> {
  assert.deepEqual([view.status, view.error, view.waiting], ['complete', null, []]);
  const pulls = await outside.pullRequests(view.slug);
  assert.equal(pulls.length, 1);
  assert.notEqual(pulls[0]?.merged_at, null);
  for (const { id } of view.plan?.deployment.functions ?? [])
    assert.equal(await outside.deployments('functions', id), 1);
  for (const { id } of view.plan?.deployment.sites ?? []) assert.equal(await outside.deployments('sites', id), 1);
  const events = eventsOf(place, view.runId);
  for (const commit of new Set(commitsIn(events))) place.git('cat-file', '-e', `${commit}^{commit}`);
  const kept = place.git('for-each-ref', '--format=%(refname)', `refs/orchestrator/${view.runId}/`);
  for (const id of Object.keys(view.subtasks)) assert.match(kept, new RegExp(`/${id}$`, 'm'));
  assert.equal(place.git('worktree', 'list').trim().split('\n').length, 1);
  assert.equal(place.git('fsck', '--connectivity-only', '--no-dangling'), '');
  // What the killed ones left is gone with the next of them, and what that one needed with its own end.
  assert.deepEqual(filesIn(temporaryFiles(place)), []);
  await eventually(`no process is left: ${processesIn(place.root)}`, () => processesIn(place.root).length === 0, 3_000);
}

const treeOf = (place: Place, view: RunView) => place.git('rev-parse', `${view.branch}^{tree}`).trim();

describe('a killed run', function () {
  this.timeout(300_000);
  let outside: Outside;
  let places: Place[] = [];
  const newPlace = () => {
    const place = makePlace();
    places.push(place);
    return place;
  };
  beforeEach(async () => {
    outside = await openOutside();
  });
  afterEach(async () => {
    await endWorkers();
    await outside.close();
    for (const place of places) place.remove();
    places = [];
  });

  /** Tree of the same run when nobody disturbs it: what the sample's files say. */
  const undisturbedTree = async (sample: number): Promise<string> => {
    const calm = await openOutside();
    try {
      const place = newPlace();
      const { view } = await killAndResume(place, calm, sample, 0, () => 0);
      assert.equal(view.status, 'complete');
      return treeOf(place, view);
    } finally {
      await calm.close();
    }
  };

  it(`reaches the same end after ${KILLS} kills at random moments (seed ${SEED}), asking no finished question again`, async () => {
    const random = seeded(SEED);
    const perSample = new Map<number, string>();
    let kills = 0;
    let finished = 0;
    for (const sample of [2, 3, 1, 3, 1, 2, 3, 1]) {
      if (kills >= KILLS) break;
      const place = newPlace();
      const mine = await openOutside();
      try {
        const lives = await killAndResume(place, mine, sample, KILLS - kills, random);
        kills += lives.kills;
        finished += lives.finished;
        await assertOneOfEach(place, mine, lives.view);
        const tree = perSample.get(sample) ?? (await undisturbedTree(sample));
        perSample.set(sample, tree);
        assert.equal(treeOf(place, lives.view), tree);
      } finally {
        await mine.close();
      }
    }
    assert.equal(kills, KILLS);
    assert.ok(finished > 0, 'no call was ever on record');
  });

  it('is carried on by one of two processes on the same state folder, and no question is asked by both', async () => {
    const place = newPlace();
    const order = { brief: sampleBrief(1) };
    const first = startWorker(place, outside, order);
    await first.said('ready');
    const second = startWorker(place, outside, order);
    const ends = await Promise.all([first.ended, second.ended]);
    for (const { lines } of ends) await assertOneOfEach(place, outside, settledView(lines));
    const keys = outside.asked.map((entry) => entry.key);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('has one of each effect when it is killed before, inside and after every one of them', async () => {
    const place = newPlace();
    const dieFile = join(place.root, 'died');
    const order = { brief: sampleBrief(2), dieFile };
    const effects = Object.values(EFFECTS).flat();
    for (let kills = 0; ; kills += 1) {
      const worker = startWorker(place, outside, order);
      const { signal, lines } = await worker.ended;
      if (signal === 'SIGKILL') continue;
      assert.equal(kills, effects.length * MOMENTS.length);
      await assertOneOfEach(place, outside, settledView(lines));
      break;
    }
    const died = readFileSync(dieFile, 'utf8').trim().split('\n').sort();
    assert.deepEqual(died, effects.flatMap((effect) => MOMENTS.map((moment) => `${effect} ${moment}`)).sort());
  });
});
