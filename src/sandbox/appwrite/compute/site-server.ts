import { readdir } from 'node:fs/promises';

/** Where the frameworks leave the program that renders their pages, below the output folder. */
const ENTRIES = [
  ...['server/index.mjs', 'server/server.mjs', 'server/entry.mjs', 'server/index.js', 'server/server.js'],
  ...['standalone/server.js', 'index.mjs', 'server.mjs', 'server.js'],
];

/** The Node program of a server-rendered build, or null when the build is files only. */
export async function findServerEntry(outputDir: string): Promise<string | null> {
  const files = new Set((await readdir(outputDir, { recursive: true })).map((file) => file.replaceAll('\\', '/')));
  // SvelteKit's server is named like a script of any page, but never stands without its handler.
  if (files.has('handler.js') && files.has('index.js')) return 'index.js';
  return ENTRIES.find((entry) => files.has(entry)) ?? null;
}
