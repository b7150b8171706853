import assert from 'node:assert/strict';
import path from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { accessibilityViolations } from '../harness/accessibility.ts';
import { setSetting } from '../harness/workbench.ts';
import { consoleFrame, goToDiff, pane, row, startSample } from './orchestrator.ts';
import { picturesDir, useWorkbench } from './support.ts';

const PAGES = ['New task', 'Plan', 'Progress', 'Results'];
const THEMES = [
  ['Dark Modern', 'vscode-dark'],
  ['Light Modern', 'vscode-light'],
  ['Default High Contrast', 'vscode-high-contrast'],
] as const;

const TREES = {
  selector: '.sidebar .split-view-container',
  // The editor writes a row's label and description without a space between them, which no name can contain.
  without: ['label-content-name-mismatch'],
};

async function showPage(frame: Frame, name: string): Promise<void> {
  await frame.getByRole('tab', { name }).click();
  await frame.getByRole('tab', { name, selected: true }).waitFor();
  await frame.getByRole('heading', { name: name === 'New task' ? name : 'Harbour Cafe' }).waitFor();
}

const picture = (page: Page, name: string) =>
  page.screenshot({ path: path.join(picturesDir, `looks-${name.toLowerCase().replaceAll(' ', '-')}.png`) });

/** The frame's width, and how much wider its page is, in pixels. */
const widths = (frame: Frame) =>
  frame.evaluate<{ widthPx: number; sidewaysPx: number }>(`(() => {
    const boxes = [document.documentElement, document.querySelector('main')];
    return { widthPx: innerWidth, sidewaysPx: Math.max(...boxes.map((box) => box.scrollWidth - box.clientWidth)) };
  })()`);

describe('the console and the trees', function () {
  this.timeout(120_000);
  const ui = useWorkbench();

  before(async function () {
    this.timeout(240_000);
    const { page, server } = ui();
    await startSample(ui());
    await goToDiff(ui());
    await server.evaluate((vscode) => vscode.commands.executeCommand('notifications.clearAll'));
    await row(page, 'Tasks', /Build the website/).waitFor();
  });

  for (const [theme, kind] of THEMES) {
    it(`have nothing that axe finds wrong in ${theme}`, async () => {
      const { page, server } = ui();
      await setSetting(server, 'workbench.colorTheme', theme);
      const frame = await consoleFrame(page);
      await frame.locator(`body.${kind}`).waitFor();
      const found: string[] = [];
      for (const name of PAGES) {
        await showPage(frame, name);
        await picture(page, `${kind}-${name}`);
        found.push(...(await accessibilityViolations(frame)).map((line) => `${name}: ${line}`));
      }
      found.push(...(await accessibilityViolations(page.mainFrame(), TREES)));
      assert.deepEqual(found, []);
    });
  }

  it('fit into a narrow side bar and a narrow editor', async () => {
    const { page, server } = ui();
    await setSetting(server, 'workbench.colorTheme', 'Dark Modern');
    const box = await page.locator('.part.sidebar').boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x + box.width + 1, 400);
    await page.mouse.down();
    await page.mouse.move(box.x + 170, 400, { steps: 4 });
    await page.mouse.up();
    await page.setViewportSize({ width: Math.round(box.x) + 170 + 330, height: 800 });
    const frame = await consoleFrame(page);
    const wide: string[] = [];
    for (const name of PAGES) {
      await showPage(frame, name);
      await picture(page, `narrow-${name}`);
      const { widthPx, sidewaysPx } = await widths(frame);
      if (sidewaysPx > 0) wide.push(`${name} is ${sidewaysPx} px too wide for ${widthPx} px`);
      if (widthPx > 340) wide.push(`${name} was shown at ${widthPx} px`);
    }
    assert.deepEqual(wide, []);
    const narrow = await pane(page, 'Tasks').boundingBox();
    assert.ok(narrow !== null && narrow.width <= 180, `the side bar is ${narrow?.width} px wide`);
  });
});
