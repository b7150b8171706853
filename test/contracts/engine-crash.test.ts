import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { createEventLog } from '../../src/core/engine/event-log.ts';
import { openStore } from '../../src/core/engine/store.ts';

const WORKER = join(import.meta.dirname, 'engine-crash-worker.ts');
const CHILD_STEPS = [0, 1, 2].flatMap((i) => [`crash/child-${i}:first`, `crash/child-${i}:second`]);
const STEPS = ['crash:start', ...CHILD_STEPS, ...[0, 1, 2, 3, 4].map((i) => `crash:last-${i}`)];
const RESULT = STEPS.reduce((sum, key) => sum + key.length, 0) + 0 + 1 + 2 + 1_000;
/** Places outside steps: after sending, start and each child; waitAny three times; answer, nap, end; two per child. */
const OTHER_PLACES = 1 + 1 + 3 + 3 + 3 + 6;

interface Ended {
  signal: NodeJS.Signals | null;
  code: number | null;
  stdout: string;
  stderr: string;
}

describe('embedded engine: crashes of real processes', function () {
  this.timeout(60_000);
  let folder: string;
  let cacheDir: string;
  const running = new Set<ChildProcess>();

  before(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'engine-crash-cache-'));
  });
  after(() => rmSync(cacheDir, { recursive: true }));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'engine-crash-'));
  });
  afterEach(async () => {
    for (const worker of running) {
      worker.kill('SIGKILL');
      await once(worker, 'close');
    }
    rmSync(folder, { recursive: true });
  });

  const startWorker = (mode: 'everywhere' | 'inside' | 'plain'): { worker: ChildProcess; ended: Promise<Ended> } => {
    const env = { ...process.env, NODE_COMPILE_CACHE: cacheDir };
    const worker = spawn(process.execPath, [WORKER, folder, mode], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(worker);
    let stdout = '';
    let stderr = '';
    worker.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    worker.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = once(worker, 'close').then(([code, signal]): Ended => {
      running.delete(worker);
      return { code, signal, stdout, stderr };
    });
    return { worker, ended };
  };

  const assertOnce = (last: Ended) => {
    assert.equal(last.stderr, '');
    assert.equal(last.code, 0);
    assert.deepEqual(JSON.parse(last.stdout), { ok: true, value: RESULT });
    assert.deepEqual(
      readdirSync(join(folder, 'effects')).sort(),
      STEPS.map((key) => key.replaceAll('/', '+').replaceAll(':', '=')).sort(),
    );
    assert.equal(existsSync(join(folder, 'overlaps')), false, 'a step ran in two processes at once');
    const store = openStore(folder, systemClock);
    const records = createEventLog(store).read('crash', 0);
    const open = store.read(() => store.prepare("SELECT name FROM journal WHERE state = 'open'").all());
    store.close();
    // One event per step, one at the end of each child, one at the end.
    const count = STEPS.length + 3 + 1;
    assert.deepEqual(
      records.map(({ seq }) => seq),
      Array.from({ length: count }, (_, i) => i + 1),
    );
    assert.deepEqual(open, []);
  };

  it('reaches the same end when it is killed before, inside and after everything it does', async () => {
    let last: Ended;
    let kills = -1;
    do {
      kills += 1;
      last = await startWorker('everywhere').ended;
    } while (last.signal === 'SIGKILL');
    assert.equal(kills, STEPS.length * 2 + OTHER_PLACES);
    assertOnce(last);
  });

  it('reaches the same end when it is killed at arbitrary moments', async () => {
    let last: Ended;
    let round = 0;
    do {
      const { worker, ended } = startWorker('plain');
      const killer = setTimeout(() => worker.kill('SIGKILL'), 60 + round * 7);
      last = await ended;
      clearTimeout(killer);
      round += 1;
    } while (last.signal === 'SIGKILL');
    assertOnce(last);
  });

  it('never runs a step in two processes at once, whichever of them dies', async () => {
    const outcomes: Ended[] = [];
    const keepTwo = async () => {
      let ended: Ended;
      do {
        ended = await startWorker('inside').ended;
        outcomes.push(ended);
      } while (ended.signal === 'SIGKILL');
    };
    await Promise.all([keepTwo(), keepTwo()]);
    const finished = outcomes.filter(({ signal }) => signal === null);
    assert.equal(finished.length, 2);
    for (const ended of finished) assertOnce(ended);
  });
});
