import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import type { EventRecord } from '../../src/protocol/events.ts';
import { launchBrowser } from '../vscode/harness/browser.ts';
import { type ConsolePage, type ConsolePageOptions, openConsole, THEMES, untilInPage } from './page.ts';
import { recordedRun, then, upTo, viewOf } from './recording.ts';

const all = recordedRun();
const runId = all[0]?.runId ?? '';
const diffWait = { gate: 'diff', waitOn: runId, topic: 'diff:1' } as const;
const atDiff = then(
  upTo(all, ({ type }) => type === 'diff.proposed'),
  { type: 'wait.began', ...diffWait, message: 'The diff waits for review.', code: null },
);

describe('the pages of a run', function () {
  this.timeout(120_000);
  let browser: Browser;
  let shown: ConsolePage | null = null;

  const open = async (records: readonly EventRecord[], options: ConsolePageOptions): Promise<ConsolePage> => {
    shown = await openConsole(browser, { views: [viewOf(records)], ...options });
    await shown.records(records);
    await shown.page.locator('h1').waitFor();
    return shown;
  };
  const sent = (console: ConsolePage) =>
    console.calls.filter(({ method }) => method === 'dispatch' || method === 'open');

  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());
  afterEach(async () => {
    const console = shown;
    shown = null;
    assert.deepEqual(console?.complaints ?? [], []);
    await console?.close();
  });

  for (const tab of ['progress', 'results'] as const) {
    it(`have nothing that axe complains about in any theme, wide or narrow (${tab})`, async () => {
      const console = await open(atDiff, { tab });
      for (const theme of THEMES) {
        await console.setTheme(theme);
        assert.deepEqual(await console.axe(), [], theme);
      }
      await console.page.setViewportSize({ width: 320, height: 800 });
      assert.deepEqual(await console.axe(), []);
      const over = await console.page.evaluate(
        '(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector("main"))',
      );
      assert.equal(over, 0, 'nothing is cut off at the side');
    });
  }

  it('accept the diff that was shown, by name, and keep the focus in what waits when it is gone', async () => {
    const console = await open(atDiff, { tab: 'progress' });
    await console.page.getByRole('button', { name: 'Accept all' }).press('Enter');
    await untilInPage(console.page, 'document.activeElement !== null');
    const { gate, topic, waitOn } = diffWait;
    assert.deepEqual(sent(console), [
      { method: 'dispatch', params: { intent: { type: 'approve', runId, gate, topic, waitOn } } },
    ]);
    await console.records(then(atDiff, { type: 'wait.ended', ...diffWait }).slice(-1));
    await console.page.getByText('Nothing waits for you.').waitFor();
    await untilInPage(console.page, 'document.activeElement?.textContent === "Waiting for you"');
  });

  it('send nothing back without a comment, then what was said', async () => {
    const console = await open(atDiff, { tab: 'results' });
    const { page } = console;
    await page.getByRole('button', { name: 'Send back…' }).click();
    await page.getByRole('button', { name: 'Send back', exact: true }).click();
    await page.getByRole('alert').waitFor();
    assert.deepEqual(sent(console), []);
    await page.getByLabel('What should the agent change?').fill('Name the limits.');
    await page.getByRole('button', { name: 'Send back', exact: true }).click();
    await page.getByLabel('What should the agent change?').waitFor({ state: 'detached' });
    const { topic, waitOn } = diffWait;
    const intent = { type: 'reject', runId, comment: 'Name the limits.', topic, waitOn };
    assert.deepEqual(sent(console), [{ method: 'dispatch', params: { intent } }]);
  });

  it('cancel only after a second, deliberate press, and give the focus back', async () => {
    const console = await open(atDiff, { tab: 'progress' });
    const { page } = console;
    await page.getByRole('button', { name: 'Cancel run…' }).press('Enter');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Keep running');
    await page.keyboard.press('Escape');
    await untilInPage(page, 'document.activeElement.textContent === "Cancel run…"');
    assert.deepEqual(sent(console), []);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    assert.deepEqual(sent(console), [{ method: 'dispatch', params: { intent: { type: 'cancel', runId } } }]);
  });

  it('open the diff of a file, the place of a finding and the live page', async () => {
    const console = await open(all, { tab: 'results' });
    const { page } = console;
    await page.getByRole('button', { name: /Open diff.*render\.js/ }).click();
    await page.getByRole('button', { name: 'site/render.js:11' }).click();
    await page.getByRole('button', { name: 'Open live application' }).click();
    assert.deepEqual(
      sent(console).map(({ params }) => params),
      [
        { target: { kind: 'diff', runId, subtaskId: null, path: 'site/render.js' } },
        { target: { kind: 'file', runId, path: 'site/render.js', line: 11 } },
        { target: { kind: 'live', runId } },
      ],
    );
  });

  it('read the output of a command when it is opened, and draw only what is in sight of it', async () => {
    const output = Array.from({ length: 30_000 }, (_, index) => `line ${index}`).join('\n');
    const console = await open(all, { tab: 'results', handlers: { output: () => output } });
    const { page } = console;
    assert.ok(!console.calls.some(({ method }) => method === 'output'));
    await page.getByRole('button', { name: 'Output: all tests' }).first().click();
    const list = page.getByRole('listbox', { name: 'Output of all tests' });
    await list.getByText('line 10000', { exact: true }).waitFor();
    assert.ok((await list.getByRole('option').count()) < 60);
  });

  it('say the stage and the wait aloud, once', async () => {
    const before = upTo(all, ({ type }) => type === 'subtask.integrated');
    const console = await open(before, { tab: 'progress' });
    await console.records(
      then(
        before,
        { type: 'stage.entered', stage: 'review' },
        { type: 'wait.began', ...diffWait, message: 'Look.', code: null },
      ).slice(-2),
    );
    await console.page
      .locator('[role=status]', { hasText: 'Stage: Review. Waiting for review of the changes' })
      .waitFor({ state: 'attached' });
  });

  it('keep the log where the person reads, and follow its end again when asked', async () => {
    const console = await open(all.slice(0, 120), { tab: 'progress' });
    const { page } = console;
    const log = page.getByRole('listbox', { name: 'Log of the run' });
    await log.press('Home');
    await page.getByRole('button', { name: 'Go to the end' }).waitFor();
    await console.records(all.slice(120));
    await page.getByText('171 lines').waitFor();
    await log.getByText('Run of "Team Notes" started').waitFor();
    await page.getByRole('button', { name: 'Go to the end' }).click();
    await log.getByText(/^Complete: /).waitFor();
  });
});
