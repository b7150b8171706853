import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunView } from '../../src/protocol/view.ts';
import { FOLDERS, finishedCalls } from './finished-calls.ts';
import { EFFECTS, MOMENTS } from './order.ts';
import { assertOneOfEach, settledView, treeOf } from './outcome.ts';
import {
  endWorkers,
  makePlace,
  type Outside,
  openOutside,
  type Place,
  sampleBrief,
  seeded,
  startWorker,
} from './place.ts';

const SEED = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000);
const KILLS = 50;
/** How long a worker lives before it is killed, in milliseconds after it has taken the run up. */
const LIFE_MS = { least: 40, most: 1_100 };

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

import { tiredSteps } from './tired-steps.ts';

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
