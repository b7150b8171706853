// Hands that have a keyboard and no mouse.
import assert from 'node:assert/strict';
import type { Frame, Locator, Page } from 'playwright-core';
import { until, within } from '../harness/until.ts';

const COMMANDS_MS = 60_000;
const MOST_STOPS = 80;
const KEY_MS = 20_000;

/** Playwright itself waits without a limit until the page has taken a key, which one that hangs never does. */
export function press(page: Page, key: string): Promise<void> {
  return within(page.keyboard.press(key), { what: `the page to take the key ${key}`, timeoutMs: KEY_MS });
}

/** Runs a command through the palette, walking down to it with the arrow where it is not the first. */
export async function commandByKeys(page: Page, title: string): Promise<void> {
  // By its label: the command may ask in the same box.
  const input = page.locator('.quick-input-widget input[aria-label^="Type the name of a command"]');
  const focused = page.locator('.quick-input-list .monaco-list-row.focused');
  const isOn = async () => ((await focused.getAttribute('aria-label', { timeout: 1_000 })) ?? '').includes(title);
  const open = async (): Promise<boolean> => {
    await press(page, 'F1');
    await input.waitFor();
    await within(page.keyboard.type(title), { what: `'${title}' to be typed`, timeoutMs: KEY_MS });
    for (let n = 0; n < 5; n += 1) {
      if (await isOn().catch(() => false)) return true;
      await press(page, 'ArrowDown');
    }
    await press(page, 'Escape');
    await input.waitFor({ state: 'hidden' });
    return false;
  };
  // The commands of extensions come some seconds after the workbench.
  await until(open, { what: `'${title}' in the command palette`, timeoutMs: COMMANDS_MS });
  await press(page, 'Enter');
  await input.waitFor({ state: 'hidden' });
}

interface Focus {
  /** Empty when nothing has it. */
  name: string;
  isVisible: boolean;
}

/** What has the focus in the console, by its name; and that it can be seen to have it. */
function focusIn(frame: Frame): Promise<Focus> {
  // As text: it runs in the page, and tests are compiled without what pages have.
  const asked = frame.evaluate<Focus>(`(() => {
    const element = document.activeElement;
    if (!document.hasFocus() || element === null || element === document.body) return { name: '', isVisible: true };
    const label = element.id === '' ? null : document.querySelector('label[for="' + CSS.escape(element.id) + '"]');
    const name = element.getAttribute('aria-label') ?? label?.textContent ?? element.textContent;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return { name: name.trim(), isVisible: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0 };
  })()`);
  return within(asked, { what: 'the console to say what has the focus', timeoutMs: KEY_MS });
}

/** Waits until the page in the frame has the focus, as after a command that shows it. */
export async function frameHasFocus(frame: Frame): Promise<void> {
  await until(() => frame.evaluate<boolean>('document.hasFocus()'), {
    what: 'the focus in the console',
    timeoutMs: 10_000,
  });
}

/** Goes on with Tab to the control of this name; every stop on the way shows that it has the focus. */
export async function tabTo(page: Page, frame: Frame, wanted: string): Promise<void> {
  const passed: string[] = [];
  while (passed.length < MOST_STOPS) {
    await press(page, 'Tab');
    const { name, isVisible } = await focusIn(frame);
    assert.ok(isVisible, `the focus on "${name}" cannot be seen`);
    if (name === wanted) return;
    passed.push(name);
  }
  assert.fail(`Tab does not come to "${wanted}"; it went over ${[...new Set(passed)].join(' | ')}`);
}

export async function focusIsOn(frame: Frame, wanted: string): Promise<void> {
  await until(async () => (await focusIn(frame)).name === wanted, {
    what: `the focus on "${wanted}"`,
    timeoutMs: 10_000,
  });
}

/** Presses again until it has worked: what a key does in a review is bound a moment after the editor has the focus. */
export async function pressUntil(
  page: Page,
  key: string,
  [result, state]: [result: Locator, state: 'visible' | 'detached'],
): Promise<void> {
  const pressed = async () => {
    await press(page, key);
    return result.waitFor({ state, timeout: 2_000 }).then(
      () => true,
      () => false,
    );
  };
  await until(pressed, { what: `the result of ${key}`, timeoutMs: 20_000 });
}
