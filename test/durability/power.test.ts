import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunView } from '../../src/protocol/view.ts';
import { type DiskWatch, LATE } from './disk-watch.ts';
import { costsOfCalls, FOLDERS, finishedCalls } from './finished-calls.ts';
import { assertOneOfEach, settledView, treeOf } from './outcome.ts';
import {
  endWorkers,
  look,
  makePlace,
  type Outside,
  openOutside,
  type Place,
  sampleBrief,
  seeded,
  startWorker,
} from './place.ts';
import { type CutKind, copyState, cutPower } from './power-cut.ts';
import { tiredSteps } from './tired-steps.ts';

const SEED = Number(process.env.CUT_SEED ?? Date.now() % 1_000_000);
const CUTS = Number(process.env.POWER_CUTS ?? 20);
const SAMPLES = [2, 3, 1] as const;
/** How long a worker lives before the power is cut, in milliseconds after it has taken the run up. */
const LIFE_MS = { least: 40, most: 1_100 };
/** Milliseconds of a flush: a disk at once, and two that leave time for the program to run ahead. */
const SYNC_MS = [0, 5, 20] as const;
/** Small logs are copied into the database file again and again during a life. */
const CHECKPOINT_PAGES = [1_000, 40] as const;
/** What a call costs depends a little on the times that its prompt names. */
const COST_TOLERANCE = 0.01;

/** What an undisturbed run of a sample comes to. */
interface Calm {
  tree: string;
  /** Of each call, by its name in the models' journal. */
  costUsd: Map<string, number>;
}

interface Taken {
  kinds: CutKind[];
  commits: number;
  /** Answers of models that had been recorded. */
  answers: number;
}

const pick = <T>(from: readonly T[], random: () => number): T => from[Math.floor(random() * from.length)] as T;

function newWatch(dir: string, random: () => number): DiskWatch {
  const checkpointPages = pick(CHECKPOINT_PAGES, random);
  const dies = checkpointPages < 1_000 && random() < 0.5;
  const dieInCheckpoint = dies ? 1 + Math.floor(random() * 4) : null;
  return { dir, syncMs: pick(SYNC_MS, random), checkpointPages, dieInCheckpoint };
}

/** Whatever the models were asked is in the ledger: as a call, and with at least what it has cost. */
function assertLedger(copy: Pick<Place, 'stateDir'>, asked: readonly string[], calm: Calm): void {
  const row = look(copy, (store) =>
    store.prepare('SELECT sum(calls) AS calls, sum(settled_nano + reserved_nano) AS nano FROM budgets').get(),
  );
  const unknown = asked.filter((key) => !calm.costUsd.has(key));
  assert.deepEqual(unknown, [], 'the models were asked what an undisturbed run does not ask');
  const costUsd = asked.reduce((sum, key) => sum + (calm.costUsd.get(key) ?? 0), 0);
  assert.ok(Number(row?.calls) >= asked.length, `${row?.calls} calls in the ledger, ${asked.length} were made`);
  assert.ok(
    Number(row?.nano) / 1e9 >= costUsd * (1 - COST_TOLERANCE),
    `$${Number(row?.nano) / 1e9} in the ledger, $${costUsd} spent`,
  );
}

/** An agent that was heard again has its answers before that on the disk. */
function assertAnswersBefore(finished: ReadonlySet<string>, asked: readonly string[]): void {
  for (const key of asked) {
    const [conversation, turn] = key.split('#');
    if (turn === undefined || Number(turn) === 0) continue;
    const before = `${conversation}#${Number(turn) - 1}`;
    assert.ok(finished.has(before), `${key} was asked, and the power took the answer of ${before}`);
  }
}

/** Cuts the power of worker after worker until the cuts are used up or the run has ended. */
async function cutAndResume(
  place: Place,
  outside: Outside,
  sample: number,
  calm: Calm,
  cuts: number,
  random: () => number,
): Promise<{ view: RunView; taken: Taken }> {
  const folder = FOLDERS[sample] ?? '';
  const before = { stateDir: join(place.root, 'before-cut') };
  const after = { stateDir: join(place.root, 'after-cut') };
  const taken: Taken = { kinds: [], commits: 0, answers: 0 };
  let finished = new Set<string>();
  let isTired = false;
  for (let life = 1; ; life += 1) {
    const watch = newWatch(join(place.root, `watch-${life}`), random);
    const isLast = taken.kinds.length >= cuts;
    if (isLast) Object.assign(watch, { syncMs: 0, dieInCheckpoint: null });
    const from = outside.asked.length;
    const worker = startWorker(place, outside, { brief: sampleBrief(sample), watch, rest: isTired });
    const lifeMs = LIFE_MS.least + random() * (LIFE_MS.most - LIFE_MS.least);
    const ready = await Promise.race([worker.said('ready').catch(() => null), worker.ended.then(() => null)]);
    // A step that was cut often comes to its end first, however slow the machine.
    if (isTired) await worker.said('rested').catch(() => null);
    await Promise.race([worker.ended, ...(isLast ? [] : [delay(lifeMs)])]);
    worker.child.kill('SIGKILL');
    const { signal, lines } = await worker.ended;
    const asked = outside.asked.map((entry) => entry.key);
    const again = asked.slice(from).filter((key) => finished.has(key));
    assert.deepEqual(again, [], 'asked again although the answer was on the disk');
    if (signal !== 'SIGKILL') return { view: settledView(lines), taken };

    copyState(place.stateDir, before.stateDir);
    const cut = cutPower(place.stateDir, watch.dir, random);
    copyState(place.stateDir, after.stateDir);
    taken.kinds.push(cut.kind);
    taken.commits += cut.lostCommits;
    const check = look(after, (store) => store.prepare('PRAGMA integrity_check').get());
    assert.equal(check?.integrity_check, 'ok');
    if (ready !== null || asked.length > 0) assertLedger(after, asked, calm);
    finished = finishedCalls(after, folder);
    assertAnswersBefore(finished, asked);
    taken.answers += [...finishedCalls(before, folder)].filter((key) => !finished.has(key)).length;
    assert.equal(existsSync(join(watch.dir, LATE)), false, 'an answer was recorded, and nobody flushed it');
    isTired = tiredSteps(after) > 0;
  }
}

function assertKeysOnce(place: Place, view: RunView): void {
  const format = '--format=%(trailers:key=Orchestrator-Key,valueonly,separator=)';
  const keys = place
    .git('log', format, view.branch ?? '')
    .split('\n')
    .filter(Boolean);
  assert.ok(keys.length > 0);
  assert.deepEqual(
    keys.filter((key, index) => keys.indexOf(key) !== index),
    [],
  );
}

describe('a power cut', function () {
  this.timeout(300_000 + CUTS * 10_000);
  const places: Place[] = [];
  const newPlace = () => {
    const place = makePlace();
    places.push(place);
    return place;
  };
  afterEach(async () => {
    await endWorkers();
    for (const place of places.splice(0)) place.remove();
  });

  const calmRun = async (sample: number): Promise<Calm> => {
    const outside = await openOutside();
    try {
      const place = newPlace();
      const { lines } = await startWorker(place, outside, { brief: sampleBrief(sample) }).ended;
      const view = settledView(lines);
      assert.equal(view.status, 'complete');
      const costUsd = new Map<string, number>();
      for (const [key, cost] of costsOfCalls(place, FOLDERS[sample] ?? '')) {
        assert.ok(cost !== null && cost > 0, key);
        costUsd.set(key, cost);
      }
      return { tree: treeOf(place, view), costUsd };
    } finally {
      await outside.close();
    }
  };

  it(`takes the newest records only, ${CUTS} times at random moments (seed ${SEED}): no money, no answer twice, one of each effect`, async () => {
    const random = seeded(SEED);
    const calm = new Map<number, Calm>();
    const total: Taken = { kinds: [], commits: 0, answers: 0 };
    for (let run = 0; total.kinds.length < CUTS; run += 1) {
      const sample = SAMPLES[run % SAMPLES.length] ?? 1;
      const undisturbed = calm.get(sample) ?? (await calmRun(sample));
      calm.set(sample, undisturbed);
      const place = newPlace();
      const outside = await openOutside();
      try {
        const left = CUTS - total.kinds.length;
        const { view, taken } = await cutAndResume(place, outside, sample, undisturbed, left, random);
        total.kinds.push(...taken.kinds);
        total.commits += taken.commits;
        total.answers += taken.answers;
        await assertOneOfEach(place, outside, view);
        assertKeysOnce(place, view);
        assert.equal(treeOf(place, view), undisturbed.tree);
      } finally {
        await outside.close();
      }
    }
    const counts = Object.entries(Object.groupBy(total.kinds, (kind) => kind)).map(
      ([kind, all]) => `${all.length} ${kind}`,
    );
    console.log(`      ${counts.join(', ')}; ${total.commits} commits and ${total.answers} answers taken`);
    assert.ok(total.commits > 0, 'no cut ever took a commit');
  });
});
