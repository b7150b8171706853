import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { reloadWorkbench, runCommand } from '../harness/workbench.ts';
import { consoleFrame, isComplete, row, STAGE_MS, startSample } from './orchestrator.ts';
import { useWorkbench } from './support.ts';

const KEY = 'ANTHROPIC_API_KEY';

function option(page: Page, name: RegExp) {
  return page.locator('.quick-input-list').getByRole('option', { name });
}

describe('a reload of the window', function () {
  this.timeout(120_000);
  const ui = useWorkbench();

  before(async function () {
    this.timeout(240_000);
    const { page, server } = ui();
    await startSample(ui());
    await runCommand(page, 'Orchestrator: Set Keys');
    await option(page, new RegExp(`${KEY}.*not set`)).click();
    await page.locator('.quick-input-widget input[type=password]').fill('stands-for-a-key-1234567890');
    await page.keyboard.press('Enter');
    await page.locator('.notification-toast', { hasText: `${KEY} is set.` }).waitFor();
    const frame = await consoleFrame(page);
    await frame.getByRole('tab', { name: 'New task' }).click();
    await frame.getByLabel('Name', { exact: true }).fill('Half a thought');
    await frame.getByRole('tab', { name: 'Progress' }).click();
    await row(page, 'Waiting for You', /Approve the plan/).waitFor({ timeout: STAGE_MS });
    await server.evaluate((vscode) => vscode.commands.executeCommand('orchestrator.approvePlan'));
    await row(page, 'Agents', /frontend-1.*working/).waitFor({ timeout: STAGE_MS });
    await reloadWorkbench(server, page);
  });

  it('brings the console back with its run and its page', async () => {
    const frame = await consoleFrame(ui().page);
    await frame.getByRole('tab', { name: 'Progress', selected: true }).waitFor();
    await frame.getByRole('heading', { name: 'Harbour Cafe' }).waitFor();
  });

  it('keeps the draft that was not started', async () => {
    const frame = await consoleFrame(ui().page);
    await frame.getByRole('tab', { name: 'New task' }).click();
    assert.equal(await frame.getByLabel('Name', { exact: true }).inputValue(), 'Half a thought');
  });

  it('keeps the keys', async () => {
    const { page } = ui();
    await runCommand(page, 'Orchestrator: Set Keys');
    await option(page, new RegExp(`${KEY}, set`)).waitFor();
    await page.keyboard.press('Escape');
  });

  it('lets the run that was executing go on to its end', async () => {
    const { page, server } = ui();
    await row(page, 'Waiting for You', /Review the changes/).waitFor({ timeout: STAGE_MS });
    await server.evaluate((vscode) => vscode.commands.executeCommand('orchestrator.acceptAll'));
    await isComplete(page);
  });
});
