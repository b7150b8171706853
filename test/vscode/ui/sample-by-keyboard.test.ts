import assert from 'node:assert/strict';
import { until } from '../harness/until.ts';
import { commandByKeys, focusIsOn, frameHasFocus, press, pressUntil, tabTo } from './keyboard.ts';
import { consoleFrame, isComplete, landedFiles, pane, row, STAGE_MS, sampleDir } from './orchestrator.ts';
import { useWorkbench } from './support.ts';

describe('the sample, by keyboard alone', function () {
  this.timeout(120_000);
  const ui = useWorkbench();

  it('is started from the command palette', async () => {
    const { page } = ui();
    await commandByKeys(page, 'View: Show Orchestrator');
    await pane(page, 'Tasks').waitFor();
    await commandByKeys(page, 'Orchestrator: Start Sample');
    await page.locator('.quick-input-list').getByRole('option', { name: 'Harbour Cafe' }).waitFor();
    await press(page, 'Enter');
    await frameHasFocus(await consoleFrame(page));
  });

  it('has its plan approved on its page, and goes on to its progress by the arrow', async () => {
    const { page } = ui();
    await row(page, 'Waiting for You', /Approve the plan/).waitFor({ timeout: STAGE_MS });
    await commandByKeys(page, 'Focus on Waiting for You View');
    await pane(page, 'Waiting for You').locator('.monaco-list:focus').waitFor();
    await press(page, 'ArrowDown');
    await pane(page, 'Waiting for You').locator('.monaco-list-row.focused', { hasText: 'Approve the plan' }).waitFor();
    await press(page, 'Enter');
    const frame = await consoleFrame(page);
    await frame.getByRole('tab', { name: 'Plan', selected: true }).waitFor();
    await frameHasFocus(frame);
    await tabTo(page, frame, 'Approve');
    await press(page, 'Enter');
    await row(page, 'Waiting for You', /Approve the plan/).waitFor({ state: 'detached' });
    await tabTo(page, frame, 'Plan');
    await press(page, 'ArrowRight');
    await focusIsOn(frame, 'Progress');
    await frame.getByRole('tab', { name: 'Progress', selected: true }).waitFor();
  });

  it('opens its changes from the console, where a file is rejected', async () => {
    const { page, server } = ui();
    const frame = await consoleFrame(page);
    await frame.getByRole('button', { name: 'Review changes' }).first().waitFor({ timeout: STAGE_MS });
    await tabTo(page, frame, 'Review changes');
    await press(page, 'Enter');
    await page.getByRole('tab', { name: /Review: Harbour Cafe/ }).waitFor();
    const editorOf = (name: string) => page.locator('.multiDiffEntry', { hasText: name }).locator('.editor.modified');
    // What matters comes first, and backwards from there what matters least.
    await editorOf('index.html').locator('.monaco-editor.focused').waitFor();
    await pressUntil(page, 'Alt+k', [editorOf('package.json').locator('.monaco-editor.focused'), 'visible']);
    const path = () => server.evaluate((vscode) => vscode.window.activeTextEditor?.document.uri.path ?? '');
    const cursorIsIn = (name: string) =>
      until(async () => (await path()).endsWith(name), { what: `the cursor in ${name}`, timeoutMs: 10_000 });
    for (const name of ['ci.yml', 'favicon.svg']) {
      await press(page, 'Alt+k');
      await cursorIsIn(name);
    }
    // The second key does not wait until the cursor is there.
    await press(page, 'Alt+k');
    await press(page, 'Shift+Alt+n');
    await page.getByText('Rejected: README.md').first().waitFor();
    await editorOf('README.md').getByText('# Harbour Cafe').waitFor({ state: 'detached' });
  });

  it('lands without what was rejected', async () => {
    const { page, server } = ui();
    await press(page, 'Control+Alt+Enter');
    await isComplete(page);
    const files = await landedFiles(sampleDir(server));
    assert.ok(files.includes('site/index.html'));
    assert.ok(!files.includes('README.md'));
    assert.ok(files.includes('.github/workflows/ci.yml'));
  });
});
