// Opens the workbench of a server in a page, and does in it what a person does.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Server } from './server.ts';

const STATUS_BAR = '.monaco-workbench .part.statusbar';
const WAIT_MS = 30_000;
const COMMANDS_MS = 60_000;

export interface WorkbenchOptions {
  /** A folder or a `.code-workspace` file; without it the window is empty. */
  folder?: string;
  /** Keys and values for VS Code's web workbench. */
  payload?: readonly (readonly [string, string])[];
  /** Picks the translations of extensions; VS Code's own texts stay English. */
  language?: string;
  context?: BrowserContextOptions;
  /** Prepares the page before it opens the workbench. */
  before?: (page: Page) => Promise<void>;
}

export interface Workbench {
  context: BrowserContext;
  page: Page;
}

export function remoteUri(server: Server, file: string): string {
  return `vscode-remote://${server.authority}${pathToFileURL(path.resolve(file)).pathname}`;
}

async function prepareContext(server: Server, context: BrowserContext): Promise<void> {
  context.setDefaultTimeout(WAIT_MS);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: `http://${server.authority}` });
  // SecretStorage: the page asks here for half of its key; without an answer secrets are lost by a reload.
  await context.route('**/mint-key', (route) =>
    route.fulfill({ contentType: 'application/octet-stream', body: Buffer.alloc(32, 7) }),
  );
  // openExternal and asExternalUri make /proxy/PORT/x of http://localhost:PORT/x: send it back.
  await context.route(/\/proxy\/\d+\//, (route) => {
    const [, port, rest] = /\/proxy\/(\d+)(\/.*)/.exec(route.request().url()) ?? [];
    return route.fulfill({ status: 307, headers: { location: `http://127.0.0.1:${port}${rest}` } });
  });
}

function workbenchUrl(server: Server, options: WorkbenchOptions): string {
  const url = new URL(`http://${server.authority}/`);
  if (options.folder === undefined) url.searchParams.set('ew', 'true');
  else {
    const kind = options.folder.endsWith('.code-workspace') ? 'workspace' : 'folder';
    url.searchParams.set(kind, path.resolve(options.folder));
  }
  const payload = [['skipWelcome', 'true'], ['skipReleaseNotes', 'true'], ...(options.payload ?? [])];
  url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}

/** A page on the workbench, laid out; extensions may still be starting. Close the context when done. */
export async function openWorkbench(
  server: Server,
  browser: Browser,
  options: WorkbenchOptions = {},
): Promise<Workbench> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options.context });
  try {
    await prepareContext(server, context);
    const page = await context.newPage();
    if (options.language !== undefined) {
      await page.addInitScript({ content: `globalThis._VSCODE_NLS_LANGUAGE = ${JSON.stringify(options.language)};` });
    }
    await options.before?.(page);
    server.bridge.expectNewHost();
    await page.goto(workbenchUrl(server, options));
    await page.locator(STATUS_BAR).waitFor();
    return { context, page };
  } catch (error) {
    await context.close();
    throw error;
  }
}

/**
 * Reloads the window with VS Code's own command, which writes the window's state first (a reload of the page would lose
 * what is younger than five seconds). What a webview keeps with `setState` counts as soon as the webview shows it.
 */
export async function reloadWorkbench(server: Server, page: Page): Promise<void> {
  const reloaded = page.waitForEvent('domcontentloaded');
  // Not awaited in the extension host, which ends before it could answer.
  await server.evaluate((vscode) => {
    setTimeout(() => void vscode.commands.executeCommand('workbench.action.reloadWindow'), 0);
  });
  server.bridge.expectNewHost();
  await reloaded;
  await page.locator(STATUS_BAR).waitFor();
}

/** Runs a command by its title, 'Category: Title', through the command palette. */
export async function runCommand(page: Page, title: string): Promise<void> {
  const input = page.locator('.quick-input-widget input.input');
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  const endMs = performance.now() + COMMANDS_MS;
  // The commands of extensions come some seconds after the workbench, and an open palette does not take them in.
  for (;;) {
    await page.keyboard.press('F1');
    await input.waitFor();
    await input.fill(`>${title}`);
    const isThere = await row.waitFor({ timeout: 1500 }).then(
      () => true,
      () => false,
    );
    if (isThere) break;
    if (performance.now() > endMs) throw new Error(`the command palette has no '${title}'`);
    await page.keyboard.press('Escape');
  }
  // Not Enter: the best match need not be the first row.
  await row.click();
}

/** Changes a user setting. (VS Code does not always notice an edit of settings.json from outside.) */
export async function setSetting(server: Server, key: string, value: unknown): Promise<void> {
  await server.evaluate(
    async (vscode, name, wanted) => {
      await vscode.workspace.getConfiguration().update(name, wanted, vscode.ConfigurationTarget.Global);
    },
    key,
    value,
  );
}
