import { launchBrowser } from '../../test/vscode/harness/browser.ts';
import { stream } from '../../test/webview/streaming.ts';
import type { Measure, Row } from './report.ts';
import { median } from './stats.ts';

const RATE = 500;
const SUBTASKS = 100;
const DURATION_MS = 5_000;

/** The pages of the console in a browser, while events come as the extension's host sends them. */
export const consoleStream: Measure = {
  name: 'console',
  about: `tasks over 50 ms and memory of the console at ${RATE} events a second`,
  async measure({ runs, say }) {
    const browser = await launchBrowser();
    const rows: Row[] = [];
    try {
      for (const tab of ['progress', 'results'] as const) {
        const longest: number[] = [];
        const grown: number[] = [];
        for (let run = 0; run < runs; run += 1) {
          const result = await stream(browser, { subtasks: SUBTASKS, rate: RATE, durationMs: DURATION_MS, tab });
          await result.console.close();
          longest.push(Math.max(0, ...result.longTasksMs));
          grown.push(result.heapMb.after - result.heapMb.before);
          say(`console ${tab}: ${result.sent} events, tasks over 50 ms: ${result.longTasksMs.join(' ') || 'none'}`);
        }
        const note = `${RATE} events/s for ${DURATION_MS / 1_000} s, ${SUBTASKS} subtasks`;
        rows.push(
          {
            name: `console.${tab}.longest-task`,
            value: median(longest),
            unit: 'ms',
            target: 50,
            note: `0: none over 50; ${note}`,
          },
          { name: `console.${tab}.heap-growth`, value: median(grown), unit: 'MB', target: null, note },
        );
      }
    } finally {
      await browser.close();
    }
    return rows;
  },
};
