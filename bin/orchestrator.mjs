#!/usr/bin/env node
// Starts the program on a Node that can run it. This file must run on any Node that knows ES modules.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MINIMUM = [22, 14];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}

/** Only the note about node:sqlite is hidden; every other warning is printed as Node would. */
function hideSqliteWarning() {
  const emit = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const text = typeof warning === 'string' ? warning : warning.message;
    const [first] = rest;
    const type = typeof first === 'object' && first !== null ? first.type : (first ?? warning.name);
    if (type === 'ExperimentalWarning' && /sqlite/i.test(text)) return;
    emit.call(process, warning, ...rest);
  };
}

/** Runs this file again with the Node that the package brings along. */
function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child decides, and this process only waits for it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${node} cannot be started: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    process.exit(code ?? (signal === 'SIGINT' ? 130 : 1));
  });
}

const program = here('../dist/cli.js');
if (!isNewEnough(process.versions.node)) {
  const own = here(`../node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`);
  // The one brought along may itself be too old only if somebody changed it; then it must not start itself for ever.
  if (existsSync(own) && own !== process.execPath) handOver(own);
  else {
    console.error(
      `The orchestrator needs Node ${MINIMUM.join('.')} or newer; this is ${process.versions.node} (${process.execPath}). ` +
        'Install a newer Node, for example the current LTS release.',
    );
    process.exitCode = 2;
  }
} else if (existsSync(program)) {
  hideSqliteWarning();
  await import('../dist/cli.js');
} else {
  console.error('The program is not built yet. Run: npm run build');
  process.exitCode = 2;
}
