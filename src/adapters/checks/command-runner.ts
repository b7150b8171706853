import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { CommandResult, CommandRunner, CommandSpec, Log } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { type CommandFolder, makeCommandFolder, removeCommandFolder } from './command-folder.ts';
import { createOutputCapture, type OutputCapture } from './output-capture.ts';
import { endGroup, trackGroup, untrackGroup } from './process-group.ts';
import { requireRoom } from './room.ts';
import { BWRAP, bwrapArguments, probeSandbox, type SandboxProbe } from './sandbox.ts';

export interface CommandRunnerOptions {
  /** `auto` confines where the system can; `required` refuses to run unconfined; `off` never confines. */
  sandbox: 'auto' | 'required' | 'off';
  log: Log;
  /** Gives the folder in which each command gets one of its own for home and temporary files. */
  tempDir: () => string;
  /**
   * Writable folder that all commands share for npm's cache, so that packages are fetched once; null or absent gives each
   * command an empty one.
   */
  packageCacheDir?: string | null;
  /** The Node that commands find as `node`: its folder is first in their PATH. Default: the running program. */
  nodePath?: string;
}

type Ended = CommandResult['ended'];

const GRACE_MS = 500;
/** How long pipes may stay open after the group is gone: a process that left the group may hold them. */
const DRAIN_MS = 250;

/** Names of variables that never reach a command, wherever they come from. */
const STRIPPED = /^NODE_TEST_CONTEXT$|_API_KEY$|^(GITHUB|GH|APPWRITE|ANTHROPIC|XAI|OPENAI)_.*(TOKEN|KEY|SECRET)$/i;

export function createCommandRunner(options: CommandRunnerOptions): CommandRunner {
  const { sandbox, log, nodePath = process.execPath } = options;
  let probe: Promise<SandboxProbe> | null = null;

  const confined = async (): Promise<boolean> => {
    if (sandbox === 'off') return false;
    probe ??= probeSandbox(nodePath).then((result) => {
      if (result.kind === 'none') log.warn('commands run without a sandbox', { detail: result.detail });
      return result;
    });
    const { kind, detail } = await probe;
    if (kind === 'none' && sandbox === 'required') {
      throw new AppError({
        code: 'configuration',
        message: `sandbox required but not available: ${detail}`,
        userMessage: `Commands must run in a sandbox, but ${detail}. Install bubblewrap, or set the sandbox to "auto".`,
      });
    }
    return kind === 'bwrap';
  };

  return {
    async run(spec, signal) {
      if (signal.aborted) return notRun('cancelled', 0, '');
      const isConfined = await confined();
      const folder = makeCommandFolder(options.tempDir());
      try {
        const cacheDir = options.packageCacheDir ?? join(folder.dir, 'npm-cache');
        mkdirSync(cacheDir, { recursive: true });
        const env = commandEnvironment(spec, dirname(nodePath), folder, cacheDir);
        const writableDirs = [folder.dir, cacheDir, ...(spec.env.HOME === undefined ? [] : [spec.env.HOME])];
        const line = isConfined ? confinedLine(spec, nodePath, writableDirs) : shellLine(spec.command);
        const result = await runLine(line, spec, env, signal);
        if (result.exitCode !== 0 && result.ended !== 'cancelled') await requireRoom([spec.cwd, ...writableDirs]);
        return result;
      } finally {
        await removeCommandFolder(folder).catch((error: unknown) => {
          log.warn('temporary folder of a command was left', { error: String(error) });
        });
      }
    },
  };
}

interface Line {
  file: string;
  args: string[];
  /** How long the group has between the request to end and its end, in milliseconds. */
  graceMs: number;
}

function shellLine(command: string): Line {
  if (process.platform === 'win32') {
    return { file: process.env.ComSpec ?? 'cmd.exe', args: ['/d', '/s', '/c', `"${command}"`], graceMs: GRACE_MS };
  }
  return { file: '/bin/sh', args: ['-c', command], graceMs: GRACE_MS };
}

function confinedLine(spec: CommandSpec, nodePath: string, writableDirs: string[]): Line {
  const cwd = realpathOr(spec.cwd);
  const { file, args } = shellLine(spec.command);
  const wrap = bwrapArguments({ cwd, nodePath, writableDirs: writableDirs.map(realpathOr), network: spec.network });
  // bubblewrap takes everything inside with it when it ends, so there is nothing to wait for; where nobody reaps orphans,
  // its dead child would look alive for the whole time.
  return { file: BWRAP, args: [...wrap, file, ...args], graceMs: 0 };
}

function realpathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Built from nothing, so that no key of this process's environment gets through. */
function commandEnvironment(
  spec: CommandSpec,
  nodeDir: string,
  { home, temp }: CommandFolder,
  cacheDir: string,
): Record<string, string> {
  const base: Record<string, string> = {
    PATH: [nodeDir, process.env.PATH ?? ''].filter((part) => part !== '').join(delimiter),
    HOME: home,
    TMPDIR: temp,
    LANG: process.env.LANG ?? 'C.UTF-8',
    CI: '1',
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    TERM: 'dumb',
    npm_config_cache: cacheDir,
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
  };
  if (process.platform === 'win32') {
    for (const name of ['SystemRoot', 'ComSpec', 'PATHEXT', 'windir']) {
      const value = process.env[name];
      if (value !== undefined) base[name] = value;
    }
    Object.assign(base, { USERPROFILE: home, APPDATA: home, LOCALAPPDATA: home, TEMP: temp, TMP: temp });
  }
  const wanted = Object.entries({ ...base, ...spec.env }).filter(([name]) => !STRIPPED.test(name));
  return Object.fromEntries(wanted);
}

function notRun(ended: Ended, exitCode: number, output: string): CommandResult {
  const outputBytes = Buffer.byteLength(output);
  return { exitCode: ended === 'exit' ? exitCode : null, ended, durationMs: 0, output, outputBytes };
}

async function runLine(
  line: Line,
  spec: CommandSpec,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<CommandResult> {
  const startedAt = performance.now();
  const capture = createOutputCapture(spec.maxOutputBytes, spec.outputFile);
  const child = startChild(line, spec.cwd, env);
  const { pid } = child;
  if (pid === undefined) {
    const [error] = await onceError(child);
    await capture.close();
    return notRun('exit', 127, `the command could not be started in ${spec.cwd}: ${error.message}\n`);
  }
  child.on('error', () => {});
  trackGroup(pid);
  try {
    const { ended, exitCode } = await supervise(child, { groupId: pid, graceMs: line.graceMs }, spec, capture, signal);
    const kept = await capture.close();
    return { exitCode, ended, durationMs: performance.now() - startedAt, ...kept };
  } finally {
    untrackGroup(pid);
  }
}

function startChild(line: Line, cwd: string, env: Record<string, string>): ChildProcess {
  const isWindows = process.platform === 'win32';
  // A NUL byte is the one thing that spawn refuses by throwing; no command has use for it.
  const args = line.args.map((arg) => arg.replaceAll('\0', ''));
  return spawn(line.file, args, {
    cwd,
    env,
    detached: !isWindows,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    windowsVerbatimArguments: isWindows,
  });
}

function onceError(child: ChildProcess): Promise<[Error]> {
  return new Promise((resolve) => child.once('error', (error) => resolve([error])));
}

/** Feeds the output to the capture, applies the limits, and leaves no process of the group behind. */
async function supervise(
  child: ChildProcess,
  { groupId, graceMs }: { groupId: number; graceMs: number },
  spec: CommandSpec,
  capture: OutputCapture,
  signal: AbortSignal,
): Promise<{ ended: Ended; exitCode: number | null }> {
  let stopped: Exclude<Ended, 'exit' | 'signal'> | null = null;
  let ending: Promise<void> | null = null;
  const stop = (reason: NonNullable<typeof stopped>): void => {
    stopped ??= reason;
    ending ??= endGroup(groupId, graceMs);
  };
  const onAbort = (): void => stop('cancelled');
  const wall = setTimeout(() => stop('wall'), spec.wallMs);
  const idle = setTimeout(() => stop('idle'), spec.idleMs);
  let running = true;
  const onChunk = (chunk: Buffer): void => {
    // Refreshing a cleared timer would start it again, and end a group whose id somebody else may have by then.
    if (running) idle.refresh();
    capture.add(chunk);
  };
  child.stdout?.on('data', onChunk);
  child.stderr?.on('data', onChunk);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const [exitCode] = await new Promise<[number | null]>((resolve) => child.once('exit', (code) => resolve([code])));
    running = false;
    clearTimeout(wall);
    clearTimeout(idle);
    await (ending ?? endGroup(groupId, graceMs));
    await drained(child, closed);
    if (stopped !== null) return { ended: stopped, exitCode: null };
    return exitCode === null ? { ended: 'signal', exitCode } : { ended: 'exit', exitCode };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function drained(child: ChildProcess, closed: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_MS);
  });
  await Promise.race([closed, late]);
  clearTimeout(timer);
  child.stdout?.destroy();
  child.stderr?.destroy();
}
