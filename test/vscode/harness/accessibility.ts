import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Frame } from 'playwright-core';
import * as z from 'zod';

const axeSource = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const report = z.object({
  violations: z.array(z.object({ id: z.string(), help: z.string(), nodes: z.array(z.object({ html: z.string() })) })),
});

export interface Inspection {
  /** A part of the page. */
  selector?: string;
  /** Ids of rules that are left out. */
  without?: readonly string[];
}

/**
 * What axe-core finds wrong in a webview or a part of a page, a line each. The webview's body needs a background of its
 * own: axe takes a transparent one for white.
 */
export async function accessibilityViolations(frame: Frame, inspection: Inspection = {}): Promise<string[]> {
  const { selector, without = [] } = inspection;
  // Not a script element, which would fall to the webview's content security policy.
  await frame.evaluate(axeSource);
  const rules = Object.fromEntries(without.map((id) => [id, { enabled: false }]));
  const context = selector === undefined ? 'document' : JSON.stringify(selector);
  const run = `axe.run(${context}, ${JSON.stringify({ iframes: false, rules })})`;
  const { violations } = report.parse(await frame.evaluate(run));
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`);
}
