// Runs a bundle of suites inside the extension host of a real VS Code.
import fs from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../harness/browser.ts';
import { type Server, startServer } from '../harness/server.ts';
import { temporaryFolder } from '../harness/temporary.ts';
import { openWorkbench, remoteUri } from '../harness/workbench.ts';
import { EVENTS_FILE, GREP, type InnerEvent } from './events.ts';
import { followEvents } from './follow.ts';
import { type ExtensionHostResult, summarize } from './result.ts';

const LOOK_MS = 100;
const LOG_LINES = 2000;
/** The first test must have begun by then. */
const START_MS = 120_000;
const CLOSE_MS = 5_000;

export interface ExtensionHostRun {
  extensionDir: string;
  /** A bundle of `bundleSuites`. */
  testsFile: string;
  /** The folder that the window opens. */
  workspace?: string;
  settings?: Record<string, unknown>;
  env?: Record<string, string>;
  timeoutMs?: number;
  /** Ends the run early. */
  signal?: AbortSignal;
  /** Only tests whose full title contains this. */
  grep?: string;
  /** A port for a Node debugger. */
  inspectPort?: number;
  keep?: boolean;
  headless?: boolean;
  /** Where the logs and a picture of a run that went wrong are put. */
  outDir?: string;
  onEvent?: (event: InnerEvent) => void;
  onLogLine?: (line: string) => void;
}

/** How VS Code says that the suite is over, and everything else that may end it. */
interface Watch {
  log: string[];
  ended: Promise<string | null>;
  end: (broken: string | null) => void;
  listen: (page: Page) => Promise<void>;
}

function watchRun(run: ExtensionHostRun): Watch {
  const log: string[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<string | null>();
  const listen = async (page: Page): Promise<void> => {
    // VS Code calls these two when the page has them: for each log line, and at the end of the tests.
    await page.exposeFunction('codeAutomationLog', (type: string, parts: unknown[]) => {
      const line = `${type}: ${format(...parts)}`;
      log.push(line);
      if (log.length > LOG_LINES) log.shift();
      run.onLogLine?.(line);
    });
    // The code says that tests failed, too, but the events say which.
    await page.exposeFunction('codeAutomationExit', () => end(null));
    page.on('crash', () => end('the page crashed'));
  };
  return { log, ended, end, listen };
}

async function openTests(server: Server, run: ExtensionHostRun, watch: Watch, outDir: string): Promise<void> {
  const browser = await launchBrowser({ headless: run.headless ?? true });
  let page: Page | undefined;
  try {
    const opening = openWorkbench(server, browser, {
      ...(run.workspace === undefined ? {} : { folder: run.workspace }),
      payload: [
        ['extensionDevelopmentPath', remoteUri(server, run.extensionDir)],
        ['extensionTestsPath', remoteUri(server, run.testsFile)],
        ...(run.inspectPort === undefined ? [] : [['inspect-extensions', String(run.inspectPort)] as const]),
      ],
      before: async (opened) => {
        page = opened;
        await watch.listen(opened);
      },
    });
    opening.catch((error: Error) => watch.end(`the workbench did not open: ${error.message}`));
    const broken = await watch.ended;
    if (broken !== null) {
      // A page that hangs with its extension host must not hang this, too.
      await page?.screenshot({ path: path.join(outDir, 'window.png'), timeout: CLOSE_MS }).catch(() => undefined);
    }
  } finally {
    await browser.close();
  }
}

/** Never rejects because of a test: what failed and what broke stands in the result. */
export async function runInExtensionHost(run: ExtensionHostRun): Promise<ExtensionHostResult> {
  const timeoutMs = run.timeoutMs ?? 300_000;
  const outDir = path.resolve(run.outDir ?? path.join('out', 'exthost'));
  fs.rmSync(outDir, { recursive: true, force: true });
  const events = temporaryFolder('vsc-said-');
  const eventsFile = path.join(events.path, 'events.jsonl');
  const look = followEvents(eventsFile, run.onEvent);
  const watch = watchRun(run);
  try {
    const server = await startServer({
      automation: true,
      keep: run.keep ?? false,
      settings: run.settings ?? {},
      env: { ...run.env, [EVENTS_FILE]: eventsFile, [GREP]: run.grep ?? '' },
    });
    const looking = setInterval(look, LOOK_MS);
    const cancel = () => watch.end('cancelled');
    run.signal?.addEventListener('abort', cancel);
    const startLimit = setTimeout(() => {
      if (look().length === 0) watch.end(`no test began within ${START_MS} ms`);
    }, START_MS);
    const limit = setTimeout(() => watch.end(`no end within ${timeoutMs} ms`), timeoutMs);
    try {
      server.exited.then(() => watch.end('the VS Code server ended'));
      await openTests(server, run, watch, outDir);
      const result = summarize(look(), await watch.ended, watch.log);
      if (result.broken !== null || result.failed > 0) {
        fs.cpSync(server.logsDir, path.join(outDir, 'logs'), { recursive: true });
      }
      return result;
    } finally {
      clearInterval(looking);
      clearTimeout(startLimit);
      clearTimeout(limit);
      run.signal?.removeEventListener('abort', cancel);
      await server.stop();
      if (run.keep) console.error(`The data folder of VS Code: ${server.dataDir}`);
    }
  } finally {
    events.remove();
  }
}
