import type { Browser } from 'playwright-core';
import type { ConsoleTab } from '../../src/protocol/console.ts';
import { type ConsolePage, openConsole } from './page.ts';
import { viewOf } from './recording.ts';
import { beginning, turns } from './stream.ts';

const BATCH_INTERVAL_MS = 50;

/** Runs in the page before anything else: keeps the length of every task of more than 50 ms. */
const OBSERVE = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis.longTasks.push(Math.round(entry.duration));
  }).observe({ type: 'longtask' });
`;

export interface StreamOptions {
  subtasks: number;
  /** Events a second. */
  rate: number;
  durationMs: number;
  tab?: ConsoleTab;
  /** Called in the middle of the stream. */
  meanwhile?(console: ConsolePage): Promise<void>;
}

export interface StreamResult {
  console: ConsolePage;
  sent: number;
  /** Sequence number of the last event that was sent. */
  lastSeq: number;
  /** Durations of tasks of more than 50 ms during the stream, in milliseconds. */
  longTasksMs: number[];
  /** Of the page's JavaScript heap, after a collection: before the stream and after it. */
  heapMb: { before: number; after: number };
}

/** Sends events to a page as the host does, in batches, and watches what it does to the page. The caller closes the page. */
export async function stream(browser: Browser, options: StreamOptions): Promise<StreamResult> {
  const first = beginning(options.subtasks);
  const console = await openConsole(browser, { tab: options.tab ?? 'progress', views: [viewOf(first)] });
  const { page } = console;
  await page.locator('h1', { hasText: 'Stream' }).waitFor();
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return usedSize / 2 ** 20;
  };
  const session = await page.context().newCDPSession(page);

  let seq = first.length;
  const perBatch = Math.round((options.rate * BATCH_INTERVAL_MS) / 1_000);
  const sendFor = async (durationMs: number, meanwhile: () => Promise<void>) => {
    const startedMs = performance.now();
    const from = seq;
    const work = meanwhile();
    while (performance.now() - startedMs < durationMs) {
      const wantedMs = ((seq - from) / options.rate) * 1_000 - (performance.now() - startedMs);
      if (wantedMs > 0) await new Promise((resolve) => setTimeout(resolve, wantedMs));
      await console.records(turns(options.subtasks, seq + 1, perBatch));
      seq += perBatch;
    }
    await work;
  };

  // The first second fills caches and compiles: what is measured is the stream, not the start.
  await sendFor(1_000, async () => undefined);
  const before = await heap();
  await page.evaluate(OBSERVE);
  const from = seq;
  await sendFor(options.durationMs, async () => options.meanwhile?.(console));
  const longTasksMs = (await page.evaluate('globalThis.longTasks')) as number[];
  const after = await heap();
  return { console, sent: seq - from, lastSeq: seq, longTasksMs, heapMb: { before, after } };
}
