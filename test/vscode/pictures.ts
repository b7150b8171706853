// Takes the pictures of the walkthrough (media/walkthrough/) and of the README (docs/pictures/) from a real VS Code with the packed
// extension, while it carries the full-stack sample from its brief to the live application.
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Locator, Page } from 'playwright-core';
import { launchBrowser } from './harness/browser.ts';
import { type Server, startServer } from './harness/server.ts';
import { until } from './harness/until.ts';
import { openWorkbench } from './harness/workbench.ts';
import { makeWorkspace } from './harness/workspace.ts';
import { consoleFrame, openContainer, pane, row, STAGE_MS } from './ui/orchestrator.ts';
import { installExtension } from './ui/support.ts';

const root = path.resolve(import.meta.dirname, '../..');
const walkthroughDir = path.join(root, 'media', 'walkthrough');
const docsDir = path.join(root, 'docs', 'pictures');
/** Has a brief to read in. */
const sampleDir = path.join(root, 'src', 'sandbox', 'samples', '2-fullstack');
/** A walkthrough's pictures travel in the package. */
const MOST_BYTES = 120_000;
const SCALE = 1.5;
const RUN_MS = 300_000;

/** Leaves the editor so narrow that differences are shown in one column. */
const FULL = { width: 1320, height: 840 };
/** Shows the timeline, too. */
const TALL = { width: 1320, height: 1200 };
/** A window whose editor, without the side bar, gives a picture about 1000 pixels wide. */
const NARROW = { width: 736, height: 620 };

// What only a browser window has, or what differs from run to run.
const HIDE = `
  #status\\.host, #status\\.forwardedPorts, #status\\.workbench\\.keyboardLayout, .notifications-toasts, .monaco-hover,
  .composite-bar-container ~ .menubar { display: none !important; }
  .monaco-workbench .cursor { visibility: hidden !important; }`;

interface Window {
  server: Server;
  page: Page;
}

const taken: string[] = [];

async function take(page: Page, file: string, clip?: Clip, settleMs = 700): Promise<void> {
  // The pointer leaves no hover, and fonts and icons are drawn.
  await page.mouse.move(FULL.width - 2, 2);
  await page.waitForTimeout(settleMs);
  await page.screenshot({ path: file, animations: 'disabled', ...(clip === undefined ? {} : { clip }) });
  taken.push(file);
}

interface Clip {
  x: number;
  y: number;
  width: number;
  height: number;
}

async function boxOf(element: Locator): Promise<Clip> {
  const box = await element.boundingBox();
  if (box === null) throw new Error(`${element} is not to be seen`);
  return box;
}

const step = (name: string) => path.join(walkthroughDir, `${name}.png`);
const doc = (name: string) => path.join(docsDir, `${name}.png`);

const run = ({ server }: Window, command: string) =>
  server.evaluate((vscode, id) => void vscode.commands.executeCommand(id), command);

/** The editor alone in a small window, without side bar and title. */
async function takeEditor(window: Window, file: string, prepare?: () => Promise<unknown>): Promise<void> {
  const { page } = window;
  await run(window, 'workbench.action.closeSidebar');
  await pane(page, 'Tasks').waitFor({ state: 'hidden' });
  await page.setViewportSize(NARROW);
  await prepare?.();
  await take(page, file, await boxOf(page.locator('.part.editor .editor-container').first()));
  await page.setViewportSize(FULL);
  await openContainer(page);
}

/** An open quick pick, and a little of what is around it. */
async function takePick(page: Page, file: string): Promise<void> {
  const { x, y, width, height } = await boxOf(page.locator('.quick-input-widget'));
  await take(page, file, { x: x - 40, y: Math.max(0, y - 10), width: width + 80, height: height + 60 });
}

/** The side bar a little wider than at first, as people have it. */
async function widen(page: Page): Promise<void> {
  const { x, y, width } = await boxOf(page.locator('.part.sidebar'));
  await page.mouse.move(x + width + 1, y + 400);
  await page.mouse.down();
  await page.mouse.move(x + width + 90, y + 400, { steps: 5 });
  await page.mouse.up();
}

async function start(window: Window): Promise<Frame> {
  const { page } = window;
  await openContainer(page);
  await widen(page);
  await run(window, 'orchestrator.startSample');
  const choice = page.locator('.quick-input-list').getByRole('option', { name: 'Team Notes' });
  await choice.waitFor();
  await takePick(page, step('sample'));
  await choice.click();
  return consoleFrame(page);
}

async function plan(window: Window, frame: Frame): Promise<void> {
  const { page } = window;
  await row(page, 'Waiting for You', /Approve the plan/).click({ timeout: RUN_MS });
  await frame.getByRole('button', { name: 'Approve' }).waitFor();
  await take(page, doc('console-plan'));
  await takeEditor(window, step('plan'));
  await frame.getByRole('button', { name: 'Approve' }).click();
}

/** A click that meets an update of the tree may be lost. */
async function expand(item: Locator): Promise<void> {
  const isExpanded = async () => {
    if ((await item.getAttribute('aria-expanded')) === 'true') return true;
    await item.click();
    return false;
  };
  await until(isExpanded, { what: 'the subtasks in the tree', timeoutMs: STAGE_MS, everyMs: 300 });
}

async function progress(window: Window, frame: Frame): Promise<void> {
  const { page } = window;
  const working = frame.getByRole('row').filter({ hasText: 'Working' });
  const merged = frame.getByRole('button', { name: /^Integrated/ });
  await frame.getByRole('tab', { name: 'Progress' }).click();
  const areAtWork = async () => (await working.count()) >= 3;
  await until(areAtWork, { what: 'three agents at work', timeoutMs: STAGE_MS });
  await expand(row(page, 'Tasks', /Team Notes/));
  const side = await boxOf(page.locator('.part.sidebar'));
  await take(page, doc('trees'), { ...side, x: 0, width: side.x + side.width }, 200);
  await takeEditor(window, step('watch'), () =>
    frame.evaluate(`document.querySelector('main').scrollTo(0, document.querySelector('.agents').offsetTop - 16)`),
  );
  await page.setViewportSize(TALL);
  await frame.evaluate(`document.querySelector('main').scrollTo(0, 0)`);
  const isHalfDone = async () => (await merged.count()) > 0 && (await working.count()) >= 2;
  await until(isHalfDone, { what: 'agents at work and a merged subtask', timeoutMs: STAGE_MS });
  await take(page, doc('console-progress'), undefined, 50);
  await page.setViewportSize(FULL);
}

async function review(window: Window): Promise<void> {
  const { page } = window;
  await row(page, 'Waiting for You', /Review the changes/).click({ timeout: RUN_MS });
  await page.getByRole('tab', { name: /Review: Team Notes/ }).waitFor();
  await page.locator('.multiDiffEntry .view-line').first().waitFor();
  await page.getByText('Activating Extensions').waitFor({ state: 'hidden' });
  await take(page, doc('review'));
  await takeEditor(window, step('review'));
  await run(window, 'orchestrator.acceptAll');
  await row(page, 'Tasks', /Team Notes.*complete/).waitFor({ timeout: RUN_MS });
}

async function results(window: Window): Promise<void> {
  const { page } = window;
  await run(window, 'orchestrator.showResults');
  const frame = await consoleFrame(page);
  await frame.getByRole('tab', { name: 'Results', selected: true }).waitFor();
  await frame.getByRole('region', { name: 'Deployment' }).getByText('Ready').first().waitFor();
  await take(page, doc('console-results'));
  const [live] = await Promise.all([page.context().waitForEvent('page'), run(window, 'orchestrator.openLive')]);
  await live.setViewportSize({ width: 680, height: 720 });
  await live.getByLabel('Title').fill('Standup moves to 9:30');
  await live.getByLabel('Text').fill('From Monday on, in the small room. The board stays where it is.');
  await live.getByLabel('Name').fill('Mara');
  await live.locator('form button').click();
  await live.getByText('Mara').last().waitFor();
  await live.evaluate(`document.body.style.zoom = '0.65'; scrollTo(0, 0)`);
  await take(live, step('live'));
  await live.close();
}

async function keysAndBrief(window: Window): Promise<void> {
  const { page, server } = window;
  await run(window, 'orchestrator.setKeys');
  await page.locator('.quick-input-list').getByRole('option', { name: 'XAI_API_KEY' }).waitFor();
  await takePick(page, step('keys'));
  await page.keyboard.press('Escape');
  await server.evaluate((vscode) => {
    const brief = vscode.Uri.joinPath(vscode.workspace.workspaceFolders?.[0]?.uri as never, 'brief.yaml');
    void vscode.commands.executeCommand('orchestrator.runBriefFromFile', brief);
  });
  const frame = await consoleFrame(page);
  await frame.getByRole('tab', { name: 'New task', selected: true }).waitFor();
  await frame.getByRole('heading', { name: 'New task' }).waitFor();
  await take(page, doc('new-task'));
  await takeEditor(window, step('own'));
}

for (const dir of [walkthroughDir, docsDir]) mkdirSync(dir, { recursive: true });
const extensionsDir = await installExtension();
const workspace = makeWorkspace({ name: 'team-notes', fixture: sampleDir });
const server = await startServer({
  extensionsDir,
  settings: { 'window.menuBarVisibility': 'hidden', 'workbench.layoutControl.enabled': false },
});
const browser = await launchBrowser();
try {
  const context = { viewport: FULL, deviceScaleFactor: SCALE };
  const { page } = await openWorkbench(server, browser, { folder: workspace.path, context });
  await page.addStyleTag({ content: HIDE });
  const window: Window = { server, page };
  try {
    const frame = await start(window);
    await plan(window, frame);
    await progress(window, frame);
    await review(window);
    await results(window);
    await keysAndBrief(window);
  } catch (error) {
    await page.screenshot({ path: path.join(root, 'out', 'pictures-failed.png') });
    throw error;
  }
} finally {
  await browser.close();
  await server.stop();
  workspace.remove();
}
const tooBig: string[] = [];
for (const file of taken) {
  const { size } = statSync(file);
  if (file.startsWith(walkthroughDir) && size > MOST_BYTES) tooBig.push(path.basename(file));
  console.log(`${path.relative(root, file)}  ${Math.round(size / 1000)} kB`);
}
if (tooBig.length > 0) throw new Error(`over ${MOST_BYTES / 1000} kB: ${tooBig.join(', ')}`);
