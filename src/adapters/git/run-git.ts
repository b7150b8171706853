import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { AppError } from '../../protocol/errors.ts';
import { gitEnvironment } from './git-env.ts';

/** A git command is data; `createGit` makes the one function that runs it. */
export interface GitCommand {
  /** Verb and arguments, handed to the process as they are: no shell. */
  args: readonly string[];
  cwd: string;
  /** Settings for this command, as `name=value`. Never secrets: they are visible in the process list. */
  config?: readonly string[];
  /** Added to the cleaned environment. */
  env?: Readonly<Record<string, string>>;
  stdin?: string | Buffer;
  /** Exit codes that are an answer, default only 0; `any` leaves the judgement to the caller. */
  okExitCodes?: readonly number[] | 'any';
  /** Default 64 MiB. */
  maxOutputBytes?: number;
  /** What happens above maxOutputBytes: `fail` (default) throws; `truncate` ends the process and keeps what came. */
  overflow?: 'fail' | 'truncate';
  /** Own process group, so that helpers (ssh, git-remote-https) end with it and have no terminal to ask on. */
  network?: boolean;
  signal?: AbortSignal;
  /** Default 5 minutes; 15 with `network`. */
  timeoutMs?: number;
}

export interface GitResult {
  exitCode: number;
  stdout: Buffer;
  /** Last 64 KiB. */
  stderr: string;
  truncated: boolean;
}

export type Git = (command: GitCommand) => Promise<GitResult>;

const DEFAULT_OUTPUT_BYTES = 64 * 1024 * 1024;
const STDERR_BYTES = 64 * 1024;
const LOCAL_TIMEOUT_MS = 5 * 60_000;
const NETWORK_TIMEOUT_MS = 15 * 60_000;
/** Time between asking a process to end and ending it: git removes its lock files in between. */
const KILL_GRACE_MS = 2_000;

/** Settings of every command: nothing of the user's runs, nothing is signed, nothing is tidied up behind their back. */
const SAFE_CONFIG = [
  `core.hooksPath=${process.platform === 'win32' ? 'NUL' : '/dev/null'}`,
  'core.fsmonitor=false',
  'core.quotePath=false',
  'core.longpaths=true',
  'core.filesRefLockTimeout=1000',
  'core.packedRefsTimeout=1000',
  'gc.auto=0',
  'maintenance.auto=false',
  'commit.gpgSign=false',
  'push.gpgSign=false',
  'submodule.recurse=false',
  'i18n.commitEncoding=UTF-8',
  'credential.helper=',
].flatMap((setting) => ['-c', setting]);

/** Removes user names and passwords from URLs in a text. */
export function redactUrls(text: string): string {
  return text.replace(/(\w+:\/\/)[^/\s@]*@/g, '$1***@');
}

/** The failure of a command as an AppError `git_failed`. */
export function gitFailure(command: GitCommand, result: Pick<GitResult, 'exitCode' | 'stderr'>): AppError {
  const verb = command.args[0] ?? '';
  const stderr = redactUrls(result.stderr.trim()).slice(-2_000);
  return new AppError({
    code: 'git_failed',
    message: `git ${verb} ended with ${result.exitCode} in ${command.cwd}: ${stderr}`,
    userMessage: `git ${verb} failed in ${command.cwd}: ${stderr === '' ? `exit code ${result.exitCode}` : stderr}`,
    details: { verb, exitCode: result.exitCode },
  });
}

function startFailure(command: GitCommand, binary: string, cause: unknown): AppError {
  if (!existsSync(command.cwd)) {
    return new AppError({
      code: 'git_failed',
      message: `folder of git ${command.args[0] ?? ''} does not exist: ${command.cwd}`,
      userMessage: `The folder ${command.cwd} does not exist any more. Put it back, then resume the run.`,
      cause,
    });
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code !== 'ENOENT' && code !== 'EACCES') {
    const busy = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'].includes(code);
    return new AppError({
      code: 'git_failed',
      message: `cannot start ${binary} ${command.args[0] ?? ''}: ${code}`,
      userMessage: `git could not be started (${code})${busy ? ': the computer has too much open. Try again' : ''}.`,
      retry: busy,
      cause,
    });
  }
  return new AppError({
    code: 'configuration',
    message: `cannot start ${binary}`,
    userMessage: `git could not be started (${binary}). Install git 2.38 or newer and make sure that it is on the PATH.`,
    cause,
  });
}

function endProcess(child: ChildProcess, group: boolean, signal: NodeJS.Signals): void {
  try {
    if (group && child.pid !== undefined) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It ended in the meantime.
  }
}

/** Collects a stream; `push` says false when the limit is passed. */
class Collector {
  private chunks: Buffer[] = [];
  private sizeBytes = 0;

  push(chunk: Buffer, limitBytes: number): boolean {
    const room = limitBytes - this.sizeBytes;
    this.chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.sizeBytes += Math.min(chunk.length, room);
    return chunk.length <= room;
  }

  pushTail(chunk: Buffer, limitBytes: number): void {
    this.chunks.push(chunk);
    this.sizeBytes += chunk.length;
    if (this.sizeBytes > 2 * limitBytes) {
      this.chunks = [Buffer.concat(this.chunks).subarray(-limitBytes)];
      this.sizeBytes = limitBytes;
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

function interruption(command: GitCommand, kind: 'aborted' | 'timeout' | 'overflow', cause?: unknown): AppError {
  const verb = command.args[0] ?? '';
  if (kind === 'aborted') {
    return new AppError({ code: 'aborted', message: `git ${verb} was cancelled`, userMessage: 'Cancelled.', cause });
  }
  if (kind === 'timeout') {
    return new AppError({
      code: 'timeout',
      message: `git ${verb} took too long in ${command.cwd}`,
      userMessage: `git ${verb} did not finish in time in ${command.cwd}.`,
    });
  }
  return new AppError({
    code: 'git_failed',
    message: `git ${verb} printed too much in ${command.cwd}`,
    userMessage: `git ${verb} gave more output than this program takes, in ${command.cwd}.`,
  });
}

/** `spawn` throws, rather than emit an error, for arguments that no process can take. */
function start(binary: string, command: GitCommand, group: boolean): ChildProcess {
  const settings = (command.config ?? []).flatMap((setting) => ['-c', setting]);
  try {
    return spawn(binary, [...SAFE_CONFIG, ...settings, ...command.args], {
      cwd: command.cwd,
      env: gitEnvironment(process.env, command.env),
      stdio: [command.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
      detached: group,
    });
  } catch (cause) {
    throw startFailure(command, binary, cause);
  }
}

function runOnce(binary: string, command: GitCommand): Promise<GitResult> {
  const { signal, network = false, overflow = 'fail' } = command;
  const maxOutputBytes = command.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES;
  const timeoutMs = command.timeoutMs ?? (network ? NETWORK_TIMEOUT_MS : LOCAL_TIMEOUT_MS);
  const group = network && process.platform !== 'win32';
  return new Promise<GitResult>((resolve, reject) => {
    if (signal?.aborted) {
      reject(interruption(command, 'aborted', signal.reason));
      return;
    }
    const child = start(binary, command, group);
    const stdout = new Collector();
    const stderr = new Collector();
    let ended: 'aborted' | 'timeout' | 'overflow' | null = null;
    const timers: NodeJS.Timeout[] = [];
    const end = (why: typeof ended): void => {
      if (ended !== null) return;
      ended = why;
      endProcess(child, group, 'SIGTERM');
      timers.push(setTimeout(() => endProcess(child, group, 'SIGKILL'), KILL_GRACE_MS));
    };
    const onAbort = (): void => end('aborted');
    signal?.addEventListener('abort', onAbort, { once: true });
    timers.push(setTimeout(() => end('timeout'), timeoutMs));
    const cleanUp = (): void => {
      signal?.removeEventListener('abort', onAbort);
      for (const timer of timers) clearTimeout(timer);
    };

    child.stdout?.on('data', (chunk: Buffer) => {
      if (ended !== 'overflow' && !stdout.push(chunk, maxOutputBytes)) end('overflow');
    });
    child.stderr?.on('data', (chunk: Buffer) => stderr.pushTail(chunk, STDERR_BYTES));
    // A process that ends before it has read everything closes the pipe; its exit code tells the story.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(command.stdin);
    child.on('error', (cause) => {
      cleanUp();
      reject(startFailure(command, binary, cause));
    });
    child.on('exit', () => {
      // A helper left behind may hold the pipes open for ever.
      timers.push(
        setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, KILL_GRACE_MS),
      );
    });
    child.on('close', (code) => {
      cleanUp();
      const truncated = ended === 'overflow';
      if (ended !== null && !(truncated && overflow === 'truncate')) {
        reject(interruption(command, ended, signal?.reason));
        return;
      }
      const exitCode = truncated ? 0 : (code ?? -1);
      const result = { exitCode, stdout: stdout.bytes(), stderr: stderr.bytes().toString(), truncated };
      const accepted = command.okExitCodes ?? [0];
      if (accepted === 'any' || accepted.includes(exitCode)) resolve(result);
      else reject(gitFailure(command, result));
    });
  });
}

/** The executor. Starts one process a call; any number may run at the same time. */
export function createGit(gitBinary = 'git'): Git {
  return (command) => runOnce(gitBinary, command);
}

/** Standard output as text without the final line end. */
export async function gitText(git: Git, command: GitCommand): Promise<string> {
  const { stdout } = await git(command);
  return stdout.toString().replace(/\r?\n$/, '');
}
