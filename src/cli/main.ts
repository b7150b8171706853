import { readFileSync } from 'node:fs';
import { EXIT } from './exit-codes.ts';
import type { Deps, Io } from './io.ts';
import { runCommandLine } from './program.ts';

/** The process: its streams and signals. Everything else gets them as arguments. */

function createProcessIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  const outputClosed = new Set<() => void>();
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    for (const handler of outputClosed) handler();
  });
  // Words for people that nobody reads any more.
  stderr.on('error', () => undefined);
  const isLive = stderr.isTTY === true && env.TERM !== 'dumb';
  return {
    stdin,
    stdout,
    stderr,
    env,
    // npm starts scripts in the folder of the package; paths are meant from where npm was called.
    cwd: (env.npm_lifecycle_event === 'orchestrator' && env.INIT_CWD) || process.cwd(),
    isInteractive: stdin.isTTY === true && stderr.isTTY === true,
    isLive,
    hasColor: isLive && (env.NO_COLOR ?? '') === '',
    now: Date.now,
    onInterrupt: (handler) => {
      let count = 0;
      const onSignal = () => {
        count += 1;
        // Who asks twice does not want to wait; a run survives this too.
        if (count > 1) process.exit(EXIT.cancelled);
        handler();
      };
      process.on('SIGINT', onSignal);
      process.on('SIGTERM', onSignal);
      return () => {
        process.off('SIGINT', onSignal);
        process.off('SIGTERM', onSignal);
      };
    },
    onOutputClosed: (handler) => {
      outputClosed.add(handler);
      return () => outputClosed.delete(handler);
    },
  };
}

const loadApp = () => Promise.all([import('../app/compose.ts'), import('../app/file-log.ts')]);

const deps: Deps = {
  checkWorkspace: async (workspaceDir) => {
    const { checkWorkspace } = await import('../app/workspace-check.ts');
    // What a run needs next is loaded while git looks.
    await Promise.all([checkWorkspace(workspaceDir), loadApp()]);
  },
  openApp: async (settings) => {
    const [{ compose }, { createFileLog }] = await loadApp();
    return compose({ settings, log: createFileLog(settings.stateDir) });
  },
  ensureLocalCloud: async (options) => {
    const { ensureLocalCloud } = await import('../app/local-cloud.ts');
    return ensureLocalCloud(options);
  },
};

/** The manifest is beside the folder of the bundle, and two folders above the source. */
function readVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
    } catch {
      // The next place.
    }
  }
  return 'unknown';
}

process.exitCode = await runCommandLine(process.argv.slice(2), createProcessIo(), deps, readVersion());
