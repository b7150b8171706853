import { pathToFileURL } from 'node:url';
import { routes } from '../contract/routes.js';

const TIMEOUT_MS = 10_000;

/**
 * Asks the live application for every route.
 * urls: part -> address. Returns one `{ route, passed, detail }` for each route; it never throws for a failing one.
 */
export async function smoke({ routes, urls, fetch }) {
  return Promise.all(routes.map((route) => checkRoute(route, urls[route.part], fetch)));
}

async function checkRoute(route, base, fetch) {
  const name = `${route.method} ${route.part}${route.path}`;
  if (base === undefined) return { route: name, passed: false, detail: `no address is known for ${route.part}` };
  try {
    const response = await fetch(`${base.replace(/\/$/, '')}${route.path}`, {
      method: route.method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(route.body === null
        ? {}
        : { body: JSON.stringify(route.body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (response.status !== route.status) {
      return { route: name, passed: false, detail: `status ${response.status} instead of ${route.status}` };
    }
    const passed = text.includes(route.contains);
    return { route: name, passed, detail: passed ? `status ${response.status}` : `"${route.contains}" is not in it` };
  } catch (error) {
    return { route: name, passed: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** `part=https://address` arguments as an object. */
export function readUrls(args) {
  const urls = {};
  for (const argument of args) {
    const [, part, url] = /^([a-z0-9-]+)=(https?:\/\/\S+)$/.exec(argument) ?? [];
    if (part === undefined) throw new Error(`"${argument}" is not of the form part=https://address`);
    urls[part] = url;
  }
  return urls;
}

async function main() {
  const results = await smoke({ routes, urls: readUrls(process.argv.slice(2)), fetch });
  for (const { route, passed, detail } of results) console.log(`${passed ? 'ok  ' : 'FAIL'} ${route}: ${detail}`);
  if (results.some((result) => !result.passed)) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
