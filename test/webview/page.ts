import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { consoleHtml } from '../../src/host/console/html.ts';
import { type ConsoleEvents, type ConsoleMethod, ConsoleParams, type ConsoleTab } from '../../src/protocol/console.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { EventRecord } from '../../src/protocol/events.ts';
import { createPeer } from '../../src/protocol/peer.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { answersOf, type Handlers } from './answers.ts';

/**
 * The console's own document in a browser without the editor: the real bundle, styles, CSP and message protocol, with a host that
 * answers as the test says. Colours are those of the editor's themes.
 */
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const ORIGIN = 'http://console.invalid';
const BINDING = 'postToHost';

export type ThemeName = 'dark' | 'light' | 'high-contrast';
export const THEMES: readonly ThemeName[] = ['dark', 'light', 'high-contrast'];

export interface ConsolePageOptions {
  /** What the page shows first. Default: the form, no run. */
  tab?: ConsoleTab;
  /** Views that `watch` answers with; the first is shown. */
  views?: readonly RunView[];
  handlers?: Handlers;
  theme?: ThemeName;
  widthPx?: number;
  heightPx?: number;
  language?: string;
  reducedMotion?: boolean;
}

export interface ConsolePage {
  page: Page;
  /** Every call of the page so far, in order. */
  calls: { method: ConsoleMethod; params: unknown }[];
  emit<T extends keyof ConsoleEvents>(topic: T, value: ConsoleEvents[T]): Promise<void>;
  /** Sends events of the watched run. */
  records(batch: readonly EventRecord[]): Promise<void>;
  setTheme(theme: ThemeName): Promise<void>;
  /** Refusals of the CSP, errors of scripts and bad frames so far; empty when all is well. */
  complaints: string[];
  /** What axe has against the page as it is now, a line each. */
  axe(): Promise<string[]>;
  /** What the page keeps with `setState`. */
  kept(): Promise<unknown>;
  close(): Promise<void>;
}

interface Bundle {
  script: string;
  style: string;
}

let bundled: Promise<Bundle> | null = null;

async function makeBundle(): Promise<Bundle> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { console: 'webview/main.tsx' },
    bundle: true,
    write: false,
    outdir: 'dist',
    platform: 'browser',
    target: 'es2023',
    format: 'iife',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'error',
  });
  const text = (suffix: string) => outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? '';
  return { script: text('.js'), style: text('.css') };
}

/** The variables and body classes of the editor's own themes. */
interface Theme {
  body: string;
  kind: string;
  variables: Record<string, string>;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const themes = readJson('test/webview/themes.json') as Record<ThemeName, Theme>;

function themedHtml(html: string, theme: Theme): string {
  const variables = Object.entries(theme.variables).map(
    ([name, value]) => `${name}: ${value.replaceAll('"', '&quot;')};`,
  );
  return html
    .replace('<html ', `<html style="${variables.join(' ')}" `)
    .replace('<body>', `<body class="${theme.body}" data-vscode-theme-kind="${theme.kind}">`);
}

const texts = (language: string): Record<string, string> => {
  if (!language.startsWith('de')) return {};
  return readJson('l10n/bundle.l10n.de.json') as Record<string, string>;
};

/** What stands in for the editor in the page. Runs there. */
const EDITOR = `
  let state;
  globalThis.acquireVsCodeApi = () => ({
    postMessage: (message) => globalThis.${BINDING}(JSON.stringify(message)),
    setState: (next) => { state = next; globalThis.${BINDING}Kept = next; },
    getState: () => state,
  });
`;

export async function openConsole(browser: Browser, options: ConsolePageOptions = {}): Promise<ConsolePage> {
  bundled ??= makeBundle();
  const { script, style } = await bundled;
  const language = options.language ?? 'en';
  const context = await browser.newContext({
    viewport: { width: options.widthPx ?? 1000, height: options.heightPx ?? 800 },
    reducedMotion: options.reducedMotion === true ? 'reduce' : 'no-preference',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const calls: ConsolePage['calls'] = [];
  const handlers: Handlers = { ...answersOf(options.views ?? [], options.tab ?? 'new'), ...options.handlers };

  const peer = createPeer({
    send: (frame) => {
      // A page that has been closed hears nothing.
      void page.evaluate(`window.postMessage(${JSON.stringify(frame)}, '*')`).catch(() => undefined);
    },
    handle: async (method, raw) => {
      if (!Object.hasOwn(ConsoleParams, method)) throw new AppError({ code: 'internal', message: `no ${method}` });
      const name = method as ConsoleMethod;
      const params = ConsoleParams[name].parse(raw);
      calls.push({ method: name, params });
      return handlers[name]?.(params as never);
    },
    onBadFrame: (why) => complaints.push(why),
  });

  await page.exposeFunction(BINDING, (text: string) => peer.receive(JSON.parse(text)));
  await page.addInitScript({ content: EDITOR });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });

  const theme = themes[options.theme ?? 'dark'];
  const html = consoleHtml({
    title: 'Orchestrator',
    language,
    scriptUri: `${ORIGIN}/console.js`,
    styles: style,
    cspSource: ORIGIN,
    nonce: 'nonce',
    texts: texts(language),
    loadingText: 'Loading',
    tabs: ['New task', 'Plan', 'Progress', 'Results'].map((label, at) => ({ label, isSelected: at === 0 })),
  });
  const files: Record<string, { contentType: string; body: string }> = {
    // The editor adds its variables after the CSP was read; here they come with the document.
    '/': {
      contentType: 'text/html',
      body: themedHtml(html.replace('style-src ', "style-src-attr 'unsafe-inline'; style-src "), theme),
    },
    '/console.js': { contentType: 'text/javascript', body: script },
  };
  await context.route('**/*', (route) => {
    const file = files[new URL(route.request().url()).pathname];
    return file === undefined ? route.fulfill({ status: 404 }) : route.fulfill(file);
  });
  await page.goto(`${ORIGIN}/`);
  await page.locator('#page[aria-busy="false"]').waitFor({ state: 'attached' });

  return {
    page,
    calls,
    complaints,
    emit: async (topic, value) => peer.emit(topic, value),
    records: async (batch) => peer.emit('records', batch),
    async setTheme(name) {
      const { body, kind, variables } = themes[name];
      await page.evaluate(
        `(([body, kind, variables]) => {
          document.body.className = body;
          document.body.dataset.vscodeThemeKind = kind;
          document.documentElement.removeAttribute('style');
          for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(name, value);
        })(${JSON.stringify([body, kind, variables])})`,
      );
    },
    async axe() {
      await page.evaluate(axeSource());
      const found = (await page.evaluate('axe.run()')) as AxeResult;
      return found.violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ html: at, failureSummary }) => `${id}: ${help}: ${at} ${failureSummary ?? ''}`),
      );
    },
    kept: () => page.evaluate(`globalThis.${BINDING}Kept`),
    async close() {
      peer.close(new AppError({ code: 'aborted', message: 'the page was closed' }));
      await context.close();
    },
  };
}

interface AxeResult {
  violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

let axe: string | null = null;
function axeSource(): string {
  axe ??= readFileSync(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
  return axe;
}

const PAGE_LIMIT_MS = 20_000;

/**
 * Waits until the expression holds in the page. The browser's own way to wait evaluates text in the page again and again, which its
 * content policy forbids from the second time on.
 */
export async function untilInPage(page: Page, expression: string): Promise<void> {
  const end = Date.now() + PAGE_LIMIT_MS;
  while ((await page.evaluate(expression)) !== true) {
    if (Date.now() > end) throw new Error(`never in ${PAGE_LIMIT_MS} ms: ${expression}`);
    await page.evaluate('new Promise((next) => requestAnimationFrame(next))');
  }
}
