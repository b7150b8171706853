import type { Browser } from 'playwright-core';
import { type BriefDraft, ConsoleParams } from '../../src/protocol/console.ts';
import type { Intent } from '../../src/protocol/intents.ts';
import { launchBrowser } from '../vscode/harness/browser.ts';
import { skipWhereUnsupported } from '../vscode/harness/supported.ts';
import { type ConsolePage, type ConsolePageOptions, openConsole } from './page.ts';

/** Call it in a `describe`: gives an opener of pages in one browser; pages are closed after each test. */
export function usePages(): (options: ConsolePageOptions) => Promise<ConsolePage> {
  let browser: Browser | undefined;
  let opened: ConsolePage[] = [];
  before(async function () {
    skipWhereUnsupported(this);
    browser = await launchBrowser();
  });
  after(() => browser?.close());
  afterEach(async () => {
    for (const one of opened) await one.close();
    opened = [];
  });
  return async (options) => {
    if (browser === undefined) throw new Error('the browser opens before the first test of the suite, not earlier');
    const one = await openConsole(browser, options);
    opened.push(one);
    return one;
  };
}

export const sent = (one: ConsolePage, method: string) => one.calls.filter((call) => call.method === method);

export const lastDraft = (one: ConsolePage): BriefDraft =>
  ConsoleParams.saveDraft.parse(sent(one, 'saveDraft').at(-1)?.params).draft;

export const firstIntent = (one: ConsolePage): Intent =>
  ConsoleParams.dispatch.parse(sent(one, 'dispatch')[0]?.params).intent;
