// For suites that drive the workbench with the packaged extension installed.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '../harness/browser.ts';
import { prepareExtensions } from '../harness/extensions.ts';
import { type Server, startServer } from '../harness/server.ts';
import { skipWhereUnsupported } from '../harness/supported.ts';
import { temporaryFolder } from '../harness/temporary.ts';
import { openWorkbench, type WorkbenchOptions } from '../harness/workbench.ts';
import { makeWorkspace } from '../harness/workspace.ts';

const root = path.resolve(import.meta.dirname, '../../..');
export const picturesDir = path.join(root, 'out', 'ui');
const START_MS = 180_000;

let installed: Promise<string> | undefined;

/** Builds, packs and installs the extension, once in a process; returns the folder of installed extensions. */
export function installExtension(): Promise<string> {
  installed ??= (async () => {
    const run = (script: string, ...args: string[]) =>
      promisify(execFile)(process.execPath, [path.join(root, 'scripts', script), ...args], { timeout: START_MS });
    const packed = temporaryFolder('vsc-pack-');
    try {
      const vsix = path.join(packed.path, 'extension.vsix');
      await run('build.mjs', '--quiet');
      await run('package.mjs', '--out', vsix);
      // Goes with the process: all suites share it.
      const extensions = await prepareExtensions({ vsix: [vsix] });
      return extensions.path;
    } finally {
      packed.remove();
    }
  })();
  return installed;
}

export interface UiOptions extends Omit<WorkbenchOptions, 'folder'> {
  settings?: Record<string, unknown>;
  /** For the extension and all it starts, for example ORCHESTRATOR_HOME. */
  env?: Record<string, string>;
  /** Copied into the workspace; without it the workspace is an empty repository. */
  fixture?: string;
}

export interface Ui {
  server: Server;
  browser: Browser;
  context: BrowserContext;
  page: Page;
  /** The folder that the window shows. */
  workspaceDir: string;
}

/**
 * Call it in a `describe`: opens a window before the suite's first test and closes it after the last. Every suite has a
 * server, user data, a browser and a workspace of its own. A failed test leaves a picture in out/ui/.
 */
export function useWorkbench(options: UiOptions = {}): () => Ui {
  let ui: Ui | undefined;
  const opened: (() => Promise<void> | void)[] = [];

  before(async function () {
    skipWhereUnsupported(this);
    this.timeout(START_MS);
    const extensionsDir = await installExtension();
    const workspace = makeWorkspace(options.fixture === undefined ? {} : { fixture: options.fixture });
    opened.push(workspace.remove);
    const server = await startServer({ extensionsDir, settings: options.settings ?? {}, env: options.env ?? {} });
    opened.push(server.stop);
    const browser = await launchBrowser();
    opened.push(() => browser.close());
    const { context, page } = await openWorkbench(server, browser, { ...options, folder: workspace.path });
    ui = { server, browser, context, page, workspaceDir: workspace.path };
  });

  afterEach(async function () {
    const test = this.currentTest;
    if (test?.state !== 'failed' || ui === undefined) return;
    fs.mkdirSync(picturesDir, { recursive: true });
    const name = test.fullTitle().replace(/\W+/g, '-').slice(0, 120);
    await ui.page.screenshot({ path: path.join(picturesDir, `${name}.png`) });
  });

  after(async function () {
    this.timeout(START_MS);
    const failures: unknown[] = [];
    // What does not close, or not in time, keeps nothing else open.
    for (const close of opened.reverse()) await (async () => close())().catch((error) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} parts of the window did not close`);
  });

  return () => {
    if (ui === undefined) throw new Error('the window opens before the first test of the suite, not earlier');
    return ui;
  };
}
