import { type Browser, chromium } from 'playwright-core';
import { installChromium } from '../../../scripts/vscode/install.mjs';
import { own } from './owner.ts';
import { killMarked, MARK } from './processes.ts';
import { temporaryFolder } from './temporary.ts';
import { within } from './until.ts';

const CLOSE_MS = 30_000;

/** Headless Chromium that reaches nothing but this machine. Close it; it goes at the latest with the process. */
export async function launchBrowser({ headless = true } = {}): Promise<Browser> {
  const executablePath = installChromium();
  // Chromium leaves files in TMPDIR when it is killed.
  const tmp = temporaryFolder('vsc-web-');
  const release = own(() => {
    killMarked(tmp.path, 'SIGKILL');
    tmp.remove();
  });
  const letGo = () => {
    release();
    tmp.remove();
  };
  try {
    const browser = await chromium.launch({
      executablePath,
      headless,
      env: { ...process.env, TMPDIR: tmp.path, [MARK]: tmp.path },
      // `own` takes everything down at a signal.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      args: [
        // Chromium refuses its sandbox to root, and Ubuntu refuses it to most builds of Chromium.
        ...(process.getuid?.() === 0 || process.env.CI ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-quic',
        '--force-color-profile=srgb',
        // Live applications of the local cloud have names below localhost, which Chromium itself takes for this machine.
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost',
      ],
    });
    browser.once('disconnected', letGo);
    const close = browser.close.bind(browser);
    browser.close = async (options) => {
      try {
        await within(close(options), { what: 'the browser to close', timeoutMs: CLOSE_MS });
      } catch (error) {
        // The process of the tests lives as long as this one does.
        killMarked(tmp.path, 'SIGKILL');
        throw error;
      }
    };
    return browser;
  } catch (error) {
    letGo();
    throw error;
  }
}
