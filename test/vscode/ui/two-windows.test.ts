import type { BrowserContext, Page } from 'playwright-core';
import { openWorkbench } from '../harness/workbench.ts';
import { consoleFrame, openContainer, row, STAGE_MS, startSample } from './orchestrator.ts';
import { useWorkbench } from './support.ts';

describe('two windows on the same folder', function () {
  this.timeout(120_000);
  const ui = useWorkbench();
  let second: Page;
  let context: BrowserContext | undefined;

  before(async function () {
    this.timeout(240_000);
    const { server, browser, workspaceDir } = ui();
    await startSample(ui());
    ({ context, page: second } = await openWorkbench(server, browser, { folder: workspaceDir }));
  });

  after(() => context?.close());

  it('both show the run that one of them started', async () => {
    await openContainer(second);
    await row(second, 'Tasks', /Harbour Cafe/).waitFor();
    await row(ui().page, 'Waiting for You', /Approve the plan/).waitFor({ timeout: STAGE_MS });
    await row(second, 'Waiting for You', /Approve the plan/).waitFor();
  });

  it('go on by a decision that was taken in the other one', async () => {
    await row(second, 'Waiting for You', /Approve the plan/).click();
    const frame = await consoleFrame(second);
    await frame.getByRole('button', { name: 'Approve' }).click();
    await row(ui().page, 'Waiting for You', /Approve the plan/).waitFor({ state: 'detached' });
    await row(ui().page, 'Agents', /frontend-1/).waitFor({ timeout: STAGE_MS });
  });
});
