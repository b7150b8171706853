import assert from 'node:assert/strict';
import { accessibilityViolations } from '../harness/accessibility.ts';
import { consoleFrame, landedFiles, openContainer, pane, row, STAGE_MS, sampleDir } from './orchestrator.ts';
import { useWorkbench } from './support.ts';

describe('the sample, by clicks in a clean window', function () {
  this.timeout(120_000);
  const ui = useWorkbench();

  it('is started from the welcome of the empty tree', async () => {
    const { page } = ui();
    await openContainer(page);
    await pane(page, 'Tasks').getByRole('button', { name: 'Start Sample (no keys needed)' }).click();
    await page.locator('.quick-input-list').getByRole('option', { name: 'Harbour Cafe' }).click();
    const frame = await consoleFrame(page);
    await frame.getByRole('heading', { name: 'Harbour Cafe' }).waitFor();
    await row(page, 'Tasks', /Harbour Cafe/).waitFor();
  });

  it('waits with its plan, which is approved on its page', async () => {
    const { page } = ui();
    await row(page, 'Waiting for You', /Approve the plan/).click({ timeout: STAGE_MS });
    const frame = await consoleFrame(page);
    await frame.getByRole('tab', { name: 'Plan', selected: true }).waitFor();
    await frame.getByText('Build the website of the café').first().waitFor();
    await frame.getByRole('button', { name: 'Approve' }).click();
    await row(page, 'Agents', /frontend-1/).waitFor({ timeout: STAGE_MS });
    await frame.getByRole('tab', { name: 'Progress' }).click();
    const agents = frame.getByRole('region', { name: 'Agents' });
    await agents.getByText('frontend-1').waitFor();
    await frame.getByRole('region', { name: 'Subtasks' }).getByText('Build the website of the café').waitFor();
  });

  it('shows all of its changes in one multi-file diff', async () => {
    const { page, server } = ui();
    await row(page, 'Waiting for You', /Review the changes/).click({ timeout: STAGE_MS });
    await page.getByRole('tab', { name: /Review: Harbour Cafe \(10 files\)/ }).waitFor();
    await page.locator('.multiDiffEntry .file-path', { hasText: 'index.html' }).waitFor();
    const paths = await server.evaluate((vscode) => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input as {
        textDiffs: { modified: { path: string } }[];
      };
      return input.textDiffs.map(({ modified }) => modified.path);
    });
    assert.equal(paths.length, 10);
    assert.ok(paths.some((each) => each.endsWith('site/index.html')));
  });

  it('lands, merges and deploys after all is accepted', async () => {
    const { page, server } = ui();
    await row(page, 'Waiting for You', /Review the changes/).hover();
    await row(page, 'Waiting for You', /Review the changes/)
      .getByRole('button', { name: 'Accept All Changes' })
      .click();
    await row(page, 'Tasks', /Harbour Cafe.*complete/).waitFor({ timeout: STAGE_MS });
    const files = await landedFiles(sampleDir(server));
    assert.ok(files.includes('site/index.html'));
    assert.ok(files.includes('README.md'));
  });

  it('opens the live page', async () => {
    const { page, context } = ui();
    const run = row(page, 'Tasks', /Harbour Cafe/);
    await run.hover();
    const [live] = await Promise.all([
      context.waitForEvent('page'),
      run.getByRole('button', { name: 'Open Live Application' }).click(),
    ]);
    await live.locator('h1', { hasText: 'Harbour Cafe' }).waitFor();
    assert.match(await live.content(), /<h1>Harbour Cafe<\/h1>/);
    await live.close();
  });

  it('has its pull request, deployment and address among the results', async () => {
    const { page } = ui();
    await page.getByRole('tab', { name: 'Orchestrator', exact: true }).last().click();
    const frame = await consoleFrame(page);
    await frame.getByRole('tab', { name: 'Results' }).click();
    const request = frame.getByRole('region', { name: 'Pull request' });
    await request.getByText('#1').waitFor();
    await request.getByText('Merged').waitFor();
    const deployment = frame.getByRole('region', { name: 'Deployment' });
    await deployment.getByText('Ready').waitFor();
    await deployment
      .getByText(/http:\/\/.*\.localhost:\d+/)
      .first()
      .waitFor();
    await frame.getByRole('button', { name: 'Open pull request' }).waitFor();
    assert.deepEqual(await accessibilityViolations(frame), []);
  });
});
