import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { EXTENSION_ID } from '../../src/host/ids.ts';
import { launchBrowser } from '../../test/vscode/harness/browser.ts';
import { prepareExtensions } from '../../test/vscode/harness/extensions.ts';
import { markedProcesses } from '../../test/vscode/harness/processes.ts';
import { type Server, startServer } from '../../test/vscode/harness/server.ts';
import { temporaryFolder } from '../../test/vscode/harness/temporary.ts';
import { until } from '../../test/vscode/harness/until.ts';
import { webviewFrame } from '../../test/vscode/harness/webview.ts';
import { openWorkbench } from '../../test/vscode/harness/workbench.ts';
import { makeWorkspace } from '../../test/vscode/harness/workspace.ts';
import { consoleFrame, openContainer, row } from '../../test/vscode/ui/orchestrator.ts';
import { delaySince, hostMemory, startDelay } from './extension-host.ts';
import type { Measure, Row } from './report.ts';
import { median } from './stats.ts';

const root = resolve(import.meta.dirname, '../..');
const RUN_MS = 300_000;
const IDLE_MS = 10_000;
const FIRST_PAINT = 'first-contentful-paint';

/** What one window gave. Times in milliseconds, memory in MB. */
interface Sample {
  activation: number;
  processesBefore: number;
  bareFirst: number;
  first: number;
  drawnFirst: number;
  bareAgain: number;
  again: number;
  drawnAgain: number;
  idleP99: number;
  runP99: number;
  runLongest: number;
  hostRss: number;
  hostHeap: number;
  hostRssAfter: number;
  serviceRss: number;
}

interface Window {
  server: Server;
  page: Page;
  /** Of the installed extensions. */
  extensionsDir: string;
}

/** The extension in a real VS Code: what it costs to have it, and to use it. */
export const extension: Measure = {
  name: 'extension',
  about: 'activation, first paint, event loop, memory and size of the extension in VS Code',
  async measure({ runs, say }) {
    const packed = temporaryFolder('bench-vsix-');
    const vsix = join(packed.path, 'extension.vsix');
    execFileSync(process.execPath, [join(root, 'scripts', 'package.mjs'), '--out', vsix], { stdio: 'ignore' });
    const sizeMb = statSync(vsix).size / 1e6;
    const extensions = await prepareExtensions({ vsix: [vsix] });
    const browser = await launchBrowser();
    const samples: Sample[] = [];
    try {
      const bare = await inWindow(browser, undefined, (window) => settledMemory(window));
      for (let run = 0; run < runs; run += 1) {
        const sample = await inWindow(browser, extensions.path, takeSample);
        samples.push(sample);
        const words = Object.entries(sample).map(([name, value]) => `${name} ${value.toFixed(1)}`);
        say(`extension: run ${run + 1} of ${runs}: ${words.join(', ')}`);
      }
      return rowsOf(samples, sizeMb, bare.rss);
    } finally {
      await browser.close();
      extensions.remove();
      packed.remove();
    }
  },
};

async function inWindow<T>(
  browser: Browser,
  extensionsDir: string | undefined,
  work: (window: Window) => Promise<T>,
): Promise<T> {
  const workspace = makeWorkspace();
  const server = await startServer(extensionsDir === undefined ? {} : { extensionsDir });
  try {
    const { page, context } = await openWorkbench(server, browser, { folder: workspace.path });
    const result = await work({ server, page, extensionsDir: extensionsDir ?? '' });
    await context.close();
    return result;
  } finally {
    await server.stop();
    workspace.remove();
  }
}

/** Memory of the extension host after a time in which nothing was asked of it. */
async function settledMemory({ server, page }: Window) {
  await server.evaluate(() => true);
  await page.waitForTimeout(IDLE_MS);
  return server.evaluate(hostMemory);
}

async function takeSample(window: Window): Promise<Sample> {
  const { server, page } = window;
  const isActive = (vscode: typeof import('vscode'), id: string) => vscode.extensions.getExtension(id)?.isActive;
  await until(() => server.evaluate(isActive, EXTENSION_ID), { what: 'the extension to be active', timeoutMs: 60_000 });
  await page.waitForTimeout(IDLE_MS);
  const processesBefore = ownProcesses(window).length;
  const { rss: hostRss, heap: hostHeap } = await server.evaluate(hostMemory);
  const activation = await activationMs(window);
  await server.evaluate(startDelay);
  await page.waitForTimeout(IDLE_MS);
  const idle = await server.evaluate(delaySince);
  const bareFirst = await barePaintMs(window);
  const { painted: first, drawn: drawnFirst } = await consolePaintMs(window);
  const bareAgain = await barePaintMs(window);
  const { painted: again, drawn: drawnAgain } = await consolePaintMs(window);
  await server.evaluate(startDelay);
  await runSample(window);
  const run = await server.evaluate(delaySince);
  const { rss: hostRssAfter } = await server.evaluate(hostMemory);
  const serviceRss = Math.max(0, ...ownProcesses(window).map(peakRssMb));
  return {
    ...{ activation, processesBefore, bareFirst, first, drawnFirst, bareAgain, again, drawnAgain },
    ...{ idleP99: idle.p99, runP99: run.p99, runLongest: run.longest },
    ...{ hostRss, hostHeap, hostRssAfter, serviceRss },
  };
}

/** Running processes that were started from the extension's folder. */
function ownProcesses({ server, extensionsDir }: Window): number[] {
  const folder = join(extensionsDir, EXTENSION_ID);
  return markedProcesses(server.dataDir).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

function peakRssMb(pid: number): number {
  const kb = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1024;
}

/** Loading and activating, by the extension host's own account ("Developer: Startup Performance"). */
async function activationMs({ server }: Window): Promise<number> {
  const text = await server.evaluate(async (vscode) => {
    await vscode.commands.executeCommand('perfview.show');
    const document = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'perf');
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    return document?.getText() ?? '';
  });
  const line = text.split('\n').find((each) => each.includes(`| ${EXTENSION_ID} |`)) ?? '';
  // Extension | eager | load code | call activate | finish activate | …
  const [load, call, finish] = line.split('|').slice(3, 6).map(Number);
  const sum = (load ?? Number.NaN) + (call ?? Number.NaN) + (finish ?? Number.NaN);
  if (!Number.isFinite(sum)) throw new Error(`the editor gave no times of the activation: "${line}"`);
  return sum;
}

/** From the command to the first contentful paint of the page in the webview, and to the form in it, by the clock of the machine. */
async function consolePaintMs({ server, page }: Window): Promise<{ painted: number; drawn: number }> {
  const at = await server.evaluate((vscode) => {
    const now = performance.timeOrigin + performance.now();
    void vscode.commands.executeCommand('orchestrator.newTask');
    return now;
  });
  const console = { extensionId: EXTENSION_ID, title: 'Orchestrator' };
  const { [FIRST_PAINT]: painted = 0, drawn = 0 } = await timesOf(at, page, console, [FIRST_PAINT, 'drawn']);
  await closeEditor(server);
  return { painted, drawn };
}

/** The same for a panel of one word: what the editor itself takes. */
async function barePaintMs({ server, page }: Window): Promise<number> {
  const at = await server.evaluate((vscode) => {
    const now = performance.timeOrigin + performance.now();
    const panel = vscode.window.createWebviewPanel('bare', 'Bare', vscode.ViewColumn.Active, { enableScripts: true });
    panel.webview.html = '<!DOCTYPE html><html><head><title>Bare</title></head><body>Bare</body></html>';
    return now;
  });
  const { [FIRST_PAINT]: painted = 0 } = await timesOf(at, page, { extensionId: 'harness.bridge', title: 'Bare' }, [
    FIRST_PAINT,
  ]);
  await closeEditor(server);
  return painted;
}

const closeEditor = (server: Server) =>
  server.evaluate((vscode) => vscode.commands.executeCommand('workbench.action.closeActiveEditor'));

/** Milliseconds from `at` to the entries of the webview's own timeline, when it has all of them. */
async function timesOf(
  at: number,
  page: Page,
  webview: { extensionId: string; title: string },
  names: readonly string[],
): Promise<Record<string, number>> {
  const frame = await webviewFrame(page, webview);
  const script = `${JSON.stringify(names)}.map((name) => performance.getEntriesByName(name)[0])
    .map((entry) => entry && performance.timeOrigin + entry.startTime)`;
  const times = await until(
    async () => {
      const found = await frame.evaluate<(number | undefined)[]>(script);
      return found.every((time) => time !== undefined) && found;
    },
    { what: `${names.join(' and ')} of ${webview.title}`, timeoutMs: 30_000 },
  );
  return Object.fromEntries(names.map((name, index) => [name, (times[index] ?? Number.NaN) - at]));
}

/** The sample with five agents, from its start to the live application, with the console in sight. */
async function runSample({ server, page }: Window): Promise<void> {
  await openContainer(page);
  const command = (id: string) => server.evaluate((vscode, name) => void vscode.commands.executeCommand(name), id);
  await command('orchestrator.startSample');
  await page.locator('.quick-input-list').getByRole('option', { name: 'Team Notes' }).click();
  await consoleFrame(page);
  await row(page, 'Waiting for You', /Approve the plan/).waitFor({ timeout: RUN_MS });
  await command('orchestrator.approvePlan');
  await row(page, 'Waiting for You', /Review the changes/).waitFor({ timeout: RUN_MS });
  await command('orchestrator.acceptAll');
  await row(page, 'Tasks', /Team Notes.*complete/).waitFor({ timeout: RUN_MS });
}

function rowsOf(samples: readonly Sample[], sizeMb: number, bareRssMb: number): Row[] {
  const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
  const ms = (name: string, key: keyof Sample, target: number | null, note: string): Row => ({
    ...{ name: `extension.${name}`, value: of(key), unit: 'ms', target, note },
  });
  const mb = (name: string, value: number, target: number | null, note: string): Row => ({
    ...{ name: `extension.${name}`, value, unit: 'MB', target, note },
  });
  return [
    ms('activation', 'activation', 50, 'loading and activating, by the extension host'),
    {
      ...{ name: 'extension.processes-before-use', value: of('processesBefore'), unit: 'count', target: 0 },
      note: `processes of the extension ${IDLE_MS / 1000} s after its activation`,
    },
    ms('first-paint', 'first', 300, 'first "New Task" of a window, to the first contentful paint'),
    ms('first-paint.bare', 'bareFirst', null, 'first panel of a window with one word in it: the editor itself'),
    ms('first-page', 'drawnFirst', null, 'first "New Task" of a window, to the form in the page'),
    ms('paint-again', 'again', 300, 'second "New Task"'),
    ms('page-again', 'drawnAgain', null, 'second "New Task", to the form in the page'),
    ms('paint-again.bare', 'bareAgain', null, 'second panel with one word in it'),
    ms('loop-delay.p99', 'runP99', 20, 'event loop of the extension host during sample 2, resolution 1 ms'),
    ms('loop-delay.idle-p99', 'idleP99', null, `the same in ${IDLE_MS / 1000} s of doing nothing`),
    ms('loop-delay.longest', 'runLongest', null, 'longest delay during sample 2'),
    mb('vsix', sizeMb, 3, 'packed'),
    mb('host-memory', of('hostRss'), null, 'resident, whole extension host, before first use'),
    mb('host-memory.without', bareRssMb, null, 'the same host without this extension'),
    mb('host-heap', of('hostHeap'), null, 'JavaScript heap of the whole extension host, before first use'),
    mb('host-memory.after', of('hostRssAfter'), null, 'resident after sample 2'),
    mb('process-memory', of('serviceRss'), null, 'peak resident of the orchestrator process in sample 2'),
  ];
}
