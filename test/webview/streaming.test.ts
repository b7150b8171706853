import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../vscode/harness/browser.ts';
import { untilInPage } from './page.ts';
import { type StreamResult, stream } from './streaming.ts';

const SUBTASKS = 100;
const RATE = 500;
/** Rows of one list that may be in the page: what is visible, and some above and below. */
const ROWS_OF_A_LIST = 60;

describe('a stream of 500 events a second over 100 subtasks', function () {
  this.timeout(120_000);
  let browser: Browser;
  let result: StreamResult;
  let pressed = '';

  before(async () => {
    browser = await launchBrowser();
    result = await stream(browser, {
      subtasks: SUBTASKS,
      rate: RATE,
      durationMs: 4_000,
      async meanwhile({ page }) {
        await page.getByRole('button', { name: 'Pause log' }).click();
        await page.getByRole('button', { name: 'Go on' }).waitFor();
        pressed = (await page.locator('.log .panel-head').innerText()).replaceAll('\n', ' ');
        await page.getByRole('button', { name: 'Go on' }).click();
      },
    });
    const { longTasksMs, heapMb, sent } = result;
    // For the reader; a shared machine may be slow, so nothing depends on it.
    console.log(
      `      ${sent} events, ${longTasksMs.length} tasks over 50 ms (longest ${Math.max(0, ...longTasksMs)} ms), ` +
        `heap ${heapMb.before.toFixed(1)} -> ${heapMb.after.toFixed(1)} MB`,
    );
  });

  after(async () => {
    await result?.console.close();
    await browser?.close();
  });

  it('answers a click while it comes', () => {
    assert.match(pressed, /paused/);
  });

  it('folds every event', async () => {
    const { page } = result.console;
    // The last line of the log is the last event that was sent.
    const log = page.getByRole('listbox', { name: 'Log of the run' });
    await untilInPage(page, `(${lastPosition.toString()})() === ${Math.min(result.lastSeq - 103, 5_000)}`);
    assert.ok((await log.locator('[role=option]').count()) > 0);
    const calls = Array.from({ length: result.lastSeq - 103 }, (_, index) => 104 + index);
    const modelCalls = calls.filter((seq) => Math.floor(seq / SUBTASKS) % 5 === 0).length;
    const shown = await page.locator('.cost dd').last().innerText();
    assert.equal(Number(shown.replace(/\D/g, '')), modelCalls);
  });

  it('keeps only the rows in sight in the page, and a bounded number of lines', async () => {
    const { page } = result.console;
    const lists = page.getByRole('listbox');
    for (const list of await lists.all()) {
      const rows = await list.getByRole('option').count();
      assert.ok(rows <= ROWS_OF_A_LIST, `${await list.getAttribute('aria-label')}: ${rows} rows`);
    }
    assert.ok((await page.locator('.agents tbody tr').count()) <= 24);
    assert.ok((await page.locator('.gantt rect').count()) <= ROWS_OF_A_LIST);
    const elements = (await page.evaluate('document.querySelectorAll("*").length')) as number;
    assert.ok(elements < 2_500, `${elements} elements`);
  });

  it('leaves nothing to complain about', () => {
    assert.deepEqual(result.console.complaints, []);
  });
});

/** Runs in the page: how many lines the log says it has. */
function lastPosition(): number {
  const doc = (globalThis as unknown as { document: { querySelector(selector: string): Element | null } }).document;
  interface Element {
    getAttribute(name: string): string | null;
  }
  return Number(doc.querySelector('#run-log [role=option]')?.getAttribute('aria-setsize'));
}
