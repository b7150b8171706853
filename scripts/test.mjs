// Runs all tests: those without a window in two processes at once, what each says after the other's; then, alone on the machine, those
// that look at an editor or a browser. Arguments go to mocha.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
const rest = process.argv.slice(2);

const ALL = ['src/**/*.test.ts', 'test/**/*.test.ts'];
/** About half of the time of all that has no window. */
const LONG = [
  'src/**/*.server.test.ts',
  'test/durability/**/*.test.ts',
  'test/hostile/**/*.test.ts',
  'test/merging/**/*.test.ts',
];
const WINDOWS = ['test/vscode/**/*.test.ts', 'test/webview/**/*.test.ts'];

const flags = (flag, globs) => globs.flatMap((glob) => [flag, glob]);
const others = [...flags('--spec', ALL), ...flags('--ignore', [...LONG, ...WINDOWS])];

/** Starts one mocha; the promise is its exit code, 130 for one that a signal has ended. */
function start(args, stdio) {
  const child = spawn(process.execPath, [mocha, ...args, ...rest], {
    cwd: root,
    stdio: ['ignore', stdio, stdio],
    env: process.stdout.isTTY ? { FORCE_COLOR: '1', ...process.env } : process.env,
  });
  const ended = once(child, 'close').then(([code, signal]) => (signal === null ? code : 130));
  return { child, ended };
}

/** What was written on either, in the order in which it came, as one text. */
function collect({ stdout, stderr }) {
  const chunks = [];
  for (const stream of [stdout, stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks);
}

async function runHalves() {
  const shown = start(flags('--spec', LONG), 'inherit');
  if (availableParallelism() < 2) return [await shown.ended, await start(others, 'inherit').ended];
  const kept = start(others, 'pipe');
  const said = collect(kept.child);
  const codes = [await shown.ended, await kept.ended];
  process.stdout.write(said());
  return codes;
}

// Ctrl-C reaches every process of the terminal; this one waits for what they have to say.
process.on('SIGINT', () => {});
const codes = await runHalves();
if (!codes.includes(130)) codes.push(await start(flags('--spec', WINDOWS), 'inherit').ended);
process.exitCode = codes.find((code) => code !== 0) ?? 0;
