#!/usr/bin/env node
// Starts the program on a Node that can run it. This file must run on any Node that knows ES modules.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
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

/**
 * Lets Node keep the compiled bundle between starts: compiling is a good part of a start. In the user's own cache folder
 * rather than the shared temporary one, because what lies there is run. Without a folder to write to, nothing is kept.
 */
function keepCompiledCode() {
  const { env, platform } = process;
  const caches = {
    darwin: join(homedir(), 'Library', 'Caches'),
    win32: env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'),
  };
  const dir = caches[platform] ?? (env.XDG_CACHE_HOME || join(homedir(), '.cache'));
  // Node 22.8 and newer.
  nodeModule.enableCompileCache?.(env.NODE_COMPILE_CACHE || join(dir, 'ai-development-orchestrator', 'compiled'));
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
  keepCompiledCode();
  await import('../dist/cli.js');
} else {
  console.error('The program is not built yet. Run: npm run build');
  process.exitCode = 2;
}
