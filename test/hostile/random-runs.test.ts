import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeSandbox } from '../../src/adapters/checks/sandbox.ts';
import { type RandomRun, randomRun } from './random-run.ts';
import { processesOf } from './traces.ts';

/** HOSTILE_SEED=n repeats one run; HOSTILE_RUNS=n changes how many there are. */
const ONE_SEED = process.env.HOSTILE_SEED;
const RUNS = Number(process.env.HOSTILE_RUNS ?? 200);
const FIRST_SEED = 1;
// Most of a run is waiting for commands that have to be ended.
const AT_ONCE = 5;

describe('hostile models', function () {
  this.timeout(600_000);
  const systemTemp = process.env.TMPDIR;
  let suiteDir = '';
  before(() => {
    // Everything of these runs is below one folder, so that a process that is left can be told from others.
    suiteDir = mkdtempSync(join(tmpdir(), 'hostile-'));
    process.env.TMPDIR = suiteDir;
  });
  after(() => {
    if (systemTemp === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = systemTemp;
    rmSync(suiteDir, { recursive: true, force: true });
  });

  it(`end every one of ${RUNS} random runs complete, waiting or failed with a reason, and break nothing`, async () => {
    const canConfine = (await probeSandbox()).kind === 'bwrap';
    const seeds = ONE_SEED === undefined ? Array.from({ length: RUNS }, (_, n) => FIRST_SEED + n) : [Number(ONE_SEED)];
    const ends: RandomRun[] = [];
    const broken: string[] = [];
    const queue = [...seeds];
    const work = async (): Promise<void> => {
      for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) {
        try {
          ends.push(await randomRun(seed, canConfine));
        } catch (error) {
          broken.push(error instanceof Error ? error.message : String(error));
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const summary = Object.entries(Object.groupBy(ends, ({ view }) => view.status)).map(([k, v]) => `${v.length} ${k}`);
    assert.equal(
      broken.length,
      0,
      `${broken.length} of ${seeds.length} runs went wrong (${summary.join(', ')}); HOSTILE_SEED=<seed> repeats one.\n\n${broken.slice(0, 5).join('\n\n')}`,
    );
    assert.equal(ends.length, seeds.length);
    if (seeds.length < 100) return;
    // The mixture has to reach the ends that it is about, or it shows nothing.
    for (const status of ['complete', 'waiting', 'failed', 'cancelled']) {
      assert.ok(
        ends.some(({ view }) => view.status === status),
        `no run ended ${status}: ${summary.join(', ')}`,
      );
    }
    assert.ok(ends.filter(({ landed }) => landed).length >= seeds.length / 20, summary.join(', '));
  });

  it('leave no process behind', function () {
    const left = processesOf(suiteDir);
    if (left === null) {
      console.log('      skipped: only Linux shows the folders of processes');
      this.skip();
    }
    assert.deepEqual(left, []);
  });
});
