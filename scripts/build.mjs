// Bundles the extension, its console, the orchestrator process, the command line and the local cloud into dist/. Does nothing when no source is newer than the last build.
// `--quiet` prints errors only; `--force` builds in any case.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'dist');
const stamp = join(out, '.built');
const isQuiet = process.argv.includes('--quiet');

/** Time of the newest change under a path; folders count too, so that a removed file is noticed. */
function newestMs(path) {
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), info.mtimeMs);
}

function isFresh() {
  if (process.argv.includes('--force') || !existsSync(stamp)) return false;
  const builtMs = statSync(stamp).mtimeMs;
  return ['src', 'webview', 'scripts/build.mjs', 'package.json', 'package-lock.json'].every(
    (path) => newestMs(join(root, path)) < builtMs,
  );
}

// CommonJS packages in an ES module bundle ask for Node's built-ins through `require`.
const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  minify: true,
  // Classes keep their names: errors are told apart by them.
  keepNames: true,
  sourcemap: 'external',
  sourcesContent: false,
  legalComments: 'linked',
  banner: { js: banner },
  outdir: out,
  entryNames: '[name]',
  // Beside the entries: code finds its neighbours relative to its own file.
  chunkNames: '[name]-[hash]',
  metafile: true,
  write: false,
  logLevel: 'warning',
};

const forBrowser = {
  platform: 'browser',
  target: 'es2023',
  format: 'iife',
  banner: {},
  jsx: 'automatic',
  jsxImportSource: 'preact',
};

function printSizes(...results) {
  const sizes = new Map();
  for (const { metafile } of results) {
    for (const [path, { bytes }] of Object.entries(metafile.outputs)) {
      if (path.endsWith('.js')) sizes.set(path, bytes);
    }
  }
  const rows = [...sizes].sort(([, a], [, b]) => b - a);
  for (const [path, bytes] of rows) console.log(`${(bytes / 1000).toFixed(1).padStart(9)} kB  ${path}`);
  const total = rows.reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log(`${(total / 1000).toFixed(1).padStart(9)} kB  in all`);
}

/** Replaces files one by one, and removes old ones last: another process may be starting from this folder. */
function writeOutputs(files) {
  mkdirSync(out, { recursive: true });
  for (const { path, contents } of files) {
    const draft = `${path}.${process.pid}.tmp`;
    writeFileSync(draft, contents);
    renameSync(draft, path);
  }
  const wanted = new Set(files.map(({ path }) => basename(path)));
  for (const entry of readdirSync(out, { withFileTypes: true })) {
    // A draft belongs to a build that is at work at the same time.
    const isKept = entry.name === '.built' || entry.name.endsWith('.tmp') || wanted.has(entry.name);
    if (entry.isFile() && !isKept) rmSync(join(out, entry.name), { force: true });
  }
}

async function main() {
  if (isFresh()) {
    if (!isQuiet) console.log('dist is up to date.');
    return;
  }
  // A change made while the bundles are being written belongs to the next build.
  const startedAt = new Date();
  const results = await Promise.all([
    build({ ...common, entryPoints: { cli: 'src/cli/main.ts', service: 'src/service/main.ts' }, splitting: true }),
    build({ ...common, entryPoints: { 'local-cloud': 'src/sandbox/cloud-process.ts' } }),
    // Only the host may name `vscode`: an import of it anywhere else breaks the build.
    build({ ...common, entryPoints: { extension: 'src/host/extension.ts' }, splitting: true, external: ['vscode'] }),
    build({ ...common, ...forBrowser, entryPoints: { console: 'webview/main.tsx' } }),
  ]);
  writeOutputs(results.flatMap(({ outputFiles }) => outputFiles));
  rmSync(join(out, 'samples'), { recursive: true, force: true });
  cpSync(join(root, 'src/sandbox/samples'), join(out, 'samples'), { recursive: true });
  writeFileSync(stamp, '');
  utimesSync(stamp, startedAt, startedAt);
  if (!isQuiet) printSizes(...results);
}

try {
  await main();
} catch (error) {
  // esbuild has printed its own messages.
  if (!Array.isArray(error?.errors)) console.error(error);
  process.exitCode = 1;
}
