import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mock, startMock } from './mock.ts';
import { runOrchestrator } from './orchestrator.ts';
import { makePlace } from './place.ts';
import type { Measure } from './report.ts';
import { median, quantile } from './stats.ts';
import { scriptOf } from './work.ts';

/** Runs are short; more of them make up for the noise. */
const RUNS_EACH = 4;

interface Start {
  toRequestMs: number;
  wholeMs: number;
}

async function start(mock: Mock, compileCacheDir: string): Promise<Start> {
  const place = makePlace(20);
  try {
    const options = { mockUrl: mock.url, until: 'plan' as const, compileCacheDir };
    const { startedMs, endedMs } = await runOrchestrator(place, options);
    const [request] = await mock.take();
    if (request === undefined) throw new Error('no model was asked');
    return { toRequestMs: request.receivedMs - startedMs, wholeMs: endedMs - startedMs };
  } finally {
    place.remove();
  }
}

/** From the start of the process of `run` to the arrival of the first model request. */
export const startup: Measure = {
  name: 'startup',
  about: 'process start to the first model request',
  async measure({ runs, say }) {
    const mock = await startMock();
    const cacheRoot = mkdtempSync(join(tmpdir(), 'bench-cache-'));
    const warmDir = join(cacheRoot, 'warm');
    const cold: number[] = [];
    const warm: Start[] = [];
    try {
      await mock.play(scriptOf([{ id: 'part', dependsOn: [], turns: 1 }], 0));
      await start(mock, warmDir);
      for (let run = 0; run < runs * RUNS_EACH; run += 1) {
        // In turns, so that a busy moment of the machine meets both.
        cold.push((await start(mock, join(cacheRoot, `cold-${run}`))).toRequestMs);
        warm.push(await start(mock, warmDir));
      }
      say(`startup: ${warm.map(({ toRequestMs }) => toRequestMs.toFixed(0)).join(' ')} ms`);
    } finally {
      await mock.close();
      rmSync(cacheRoot, { recursive: true, force: true });
    }
    const first = warm.map(({ toRequestMs }) => toRequestMs);
    const whole = warm.map(({ wholeMs }) => wholeMs);
    return [
      { name: 'startup.median', value: median(first), unit: 'ms', target: 200, note: 'to the first model request' },
      { name: 'startup.best', value: quantile(first, 0), unit: 'ms', target: null, note: 'the quickest of them' },
      { name: 'startup.first', value: median(cold), unit: 'ms', target: null, note: 'with no compiled code kept yet' },
      { name: 'startup.plan', value: median(whole), unit: 'ms', target: null, note: 'whole process of --until plan' },
    ];
  },
};
