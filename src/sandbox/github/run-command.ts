import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Children } from './children.ts';
import { baseEnvironment, type Git } from './git.ts';

const COMMAND_LIMIT_MS = 120_000;
const PIPE_LIMIT_MS = 2_000;
const KEPT_CHARACTERS = 64_000;

/** How a command of a check ended. */
export interface CommandResult {
  output: string;
  /** Null: ended by a signal, or never started. */
  exitCode: number | null;
  timedOut: boolean;
  /** Why it could not be started. */
  startError: string | null;
}

interface Command {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** npm is a script on Windows, which only a shell starts. */
  shell?: boolean;
}

export const COMMAND_LIMIT_SECONDS = COMMAND_LIMIT_MS / 1000;

/** Runs one command to its end, or to the limit of 120 s. What it leaves behind in its group ends with it. */
export function runCommand(children: Children, command: Command, signal?: AbortSignal): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = children.spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: command.shell ?? false,
    });
    let output = '';
    let timedOut = false;
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    const limit = setTimeout(() => {
      timedOut = true;
      children.kill(child);
    }, COMMAND_LIMIT_MS);
    const stop = (): void => children.kill(child);
    signal?.addEventListener('abort', stop, { once: true });
    const settle = (exitCode: number | null, startError: string | null): void => {
      clearTimeout(limit);
      signal?.removeEventListener('abort', stop);
      resolve({ output, exitCode, timedOut, startError });
    };
    child.once('exit', () => {
      children.kill(child);
      // One that left the group may hold the pipes open.
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, PIPE_LIMIT_MS).unref();
    });
    child.once('error', (cause) => settle(null, cause.message));
    child.once('close', (exitCode) => settle(exitCode, null));
  });
}

/** A closed list of variables: no key and no NODE_OPTIONS or NODE_TEST_CONTEXT of this process reaches the command. */
export function commandEnvironment(homeDir: string): Record<string, string> {
  const base = baseEnvironment();
  const path = base.PATH ?? base.Path ?? '';
  delete base.Path;
  return {
    ...base,
    PATH: `${dirname(process.execPath)}${delimiter}${path}`,
    HOME: homeDir,
    USERPROFILE: homeDir,
    TMPDIR: homeDir,
    CI: 'true',
    NO_COLOR: '1',
    npm_config_cache: join(homeDir, 'npm'),
    npm_config_update_notifier: 'false',
    npm_config_logs_max: '0',
  };
}

/** A fresh export of a commit beside an empty home, both gone when `work` ends. */
export async function withExport<T>(
  parts: { git: Git; tempDir: () => string },
  repoDir: string,
  sha: string,
  work: (place: { sourceDir: string; homeDir: string }) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(parts.tempDir(), 'check-'));
  try {
    const sourceDir = join(folder, 'source');
    const homeDir = join(folder, 'home');
    mkdirSync(sourceDir);
    mkdirSync(homeDir);
    const env = { GIT_INDEX_FILE: join(folder, 'index'), GIT_WORK_TREE: sourceDir };
    await parts.git.text(repoDir, ['read-tree', sha], { env, cwd: sourceDir });
    await parts.git.text(repoDir, ['checkout-index', '--all', '--force'], { env, cwd: sourceDir });
    return await work({ sourceDir, homeDir });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
