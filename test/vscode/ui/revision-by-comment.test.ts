import assert from 'node:assert/strict';
import { runCommand } from '../harness/workbench.ts';
import { pressUntil } from './keyboard.ts';
import { git, goToDiff, isComplete, landedFiles, row, STAGE_MS, sampleDir, startSample } from './orchestrator.ts';
import { useWorkbench } from './support.ts';

const SENTENCE = 'Pay by card or in cash.';

describe('a comment on a line of the diff', function () {
  this.timeout(120_000);
  const ui = useWorkbench();

  before(async function () {
    this.timeout(240_000);
    await startSample(ui());
    await goToDiff(ui());
  });

  it('is written at its line', async () => {
    const { page, server } = ui();
    await row(page, 'Tasks', /Harbour Cafe/).waitFor();
    await server.evaluate(async (vscode) => {
      await vscode.commands.executeCommand('orchestrator.openDiff', { path: 'site/index.html' });
    });
    const file = page.locator('.multiDiffEntry', { hasText: 'index.html' });
    await file.locator('.editor.modified .view-line', { hasText: '<html' }).first().click();
    const box = page.locator('.review-widget');
    await pressUntil(page, 'Alt+m', [box.locator('.comment-form .monaco-editor'), 'visible']);
    await page.keyboard.type('How can people pay?');
    await box.getByRole('button', { name: 'Add Comment' }).click();
    await box.locator('.review-comment', { hasText: 'How can people pay?' }).waitFor();
  });

  it('goes to the agent as a revision, which is proposed anew', async () => {
    const { page } = ui();
    await runCommand(page, 'Orchestrator: Review: Send Comments as a Revision');
    await page.locator('.quick-input-widget', { hasText: 'Send one comment as a revision' }).waitFor();
    await page.keyboard.press('Enter');
    await row(page, 'Waiting for You', /Review the changes/).waitFor({ state: 'detached' });
    await row(page, 'Waiting for You', /Review the changes/).waitFor({ timeout: STAGE_MS });
  });

  it('is answered by what changed since the last look', async () => {
    const { page } = ui();
    await runCommand(page, 'Orchestrator: Review: What Changed Since I Last Looked');
    await page.getByRole('tab', { name: 'Since your last look: Harbour Cafe' }).waitFor();
    await page.locator('.multiDiffEntry .editor.modified', { hasText: SENTENCE }).first().waitFor();
  });

  it('is part of what lands', async () => {
    const { page, server } = ui();
    await runCommand(page, 'Orchestrator: Accept All Changes');
    await isComplete(page);
    const dir = sampleDir(server);
    await landedFiles(dir);
    const branch = git(dir, 'branch', '--list', '--format=%(refname:short)', 'orchestrator/*');
    assert.match(git(dir, 'show', `${branch}:site/index.html`), new RegExp(SENTENCE));
  });
});
