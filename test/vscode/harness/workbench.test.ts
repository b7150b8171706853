import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { accessibilityViolations } from './accessibility.ts';
import { launchBrowser } from './browser.ts';
import { markedProcesses } from './processes.ts';
import { type Server, startServer } from './server.ts';
import { skipWhereUnsupported } from './supported.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary.ts';
import { until } from './until.ts';
import { webviewFrame } from './webview.ts';
import { openWorkbench, reloadWorkbench, runCommand, setSetting } from './workbench.ts';
import { makeWorkspace } from './workspace.ts';

const panel = { extensionId: 'harness.probe', title: 'Probe panel' };

describe('a driven workbench', function () {
  this.timeout(120_000);
  let workspace: TemporaryFolder;
  let server: Server;
  let browser: Browser;
  let page: Page;

  before(async function () {
    skipWhereUnsupported(this);
    workspace = makeWorkspace();
    server = await startServer({ folders: [path.join(import.meta.dirname, 'probe-extension')] });
    browser = await launchBrowser();
    ({ page } = await openWorkbench(server, browser, { folder: workspace.path }));
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    workspace?.remove();
  });

  it('runs a command of an installed extension by its title', async () => {
    await runCommand(page, 'Probe: Answer');
    await page.locator('.notification-toast', { hasText: 'The answer is 42' }).waitFor();
  });

  it('answers questions from the extension host, and hands out what was thrown there', async () => {
    const name = await server.evaluate((vscode, index) => vscode.workspace.workspaceFolders?.[index]?.name, 0);
    assert.equal(name, 'workspace');
    await assert.rejects(
      server.evaluate(() => {
        throw new Error('no');
      }),
      /in the extension host: Error: no/,
    );
  });

  it('takes in a setting', async () => {
    await setSetting(server, 'editor.fontSize', 21);
    assert.equal(await server.evaluate((vscode) => vscode.workspace.getConfiguration('editor').get('fontSize')), 21);
  });

  it('finds what is inaccessible in a webview', async () => {
    await runCommand(page, 'Probe: Open Panel');
    const violations = await accessibilityViolations(await webviewFrame(page, panel));
    // The panel's page does not tell its language.
    assert.equal(violations.filter((line) => line.startsWith('html-has-lang: ')).length, 1);
  });

  it('keeps a panel and the state of its webview through a reload', async () => {
    const frame = await webviewFrame(page, panel);
    await frame.getByRole('button', { name: 'Count 0' }).click();
    await frame.getByRole('button', { name: 'Count 1' }).waitFor();
    await reloadWorkbench(server, page);
    const again = await webviewFrame(page, panel);
    await again.getByRole('button', { name: 'Count 1' }).waitFor();
  });
});

describe('a test process that is interrupted', function () {
  this.timeout(120_000);

  before(function () {
    skipWhereUnsupported(this);
  });

  it('takes its server, its browser and their folders with it', async () => {
    const tmp = temporaryFolder('vsc-own-');
    try {
      const child = spawn(process.execPath, [path.join(import.meta.dirname, 'interrupted-process.ts')], {
        env: { ...process.env, TMPDIR: tmp.path },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      await Promise.race([once(child.stdout, 'data'), ended]);
      assert.ok(markedProcesses(tmp.path).length > 0);
      child.kill('SIGINT');
      const [code] = await ended;
      assert.equal(code, 130);
      // A killed process is seen for a moment longer.
      await until(() => markedProcesses(tmp.path).length === 0, { what: 'the last process', timeoutMs: 10_000 });
      assert.deepEqual(fs.readdirSync(tmp.path), []);
    } finally {
      tmp.remove();
    }
  });
});
