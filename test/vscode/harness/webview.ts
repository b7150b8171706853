import type { Frame, Page } from 'playwright-core';
import { until } from './until.ts';

/**
 * The frame that holds a webview's own document; the workbench nests it in two iframes. `title` is the `<title>` of the
 * webview's HTML, so give every webview its own.
 */
export async function webviewFrame(
  page: Page,
  { extensionId, title, timeoutMs = 30_000 }: { extensionId: string; title: string; timeoutMs?: number },
): Promise<Frame> {
  const hosts = page.locator(`iframe.webview.ready[src*="extensionId=${extensionId}"]`);
  const find = async (): Promise<Frame | undefined> => {
    for (const host of await hosts.elementHandles()) {
      try {
        const active = await (await host.contentFrame())?.$('iframe#active-frame');
        const frame = await active?.contentFrame();
        if (frame && (await frame.title()) === title) return frame;
      } catch {
        // Replaced while it was looked at.
      }
    }
    return undefined;
  };
  return until(find, { what: `a webview of ${extensionId} with the title '${title}'`, timeoutMs });
}
