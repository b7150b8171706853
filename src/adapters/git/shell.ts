import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { Collector, KILL_GRACE_MS, type Limits, Tail } from './git-output.ts';

type Interruption = 'aborted' | 'timeout' | 'overflow';

type ShellEnd =
  | { kind: 'done'; exitCode: number; stdout: Buffer; stderr: Buffer }
  /** `overflow`: the first maxOutputBytes. */
  | { kind: Interruption; stdout: Buffer; stderr: Buffer }
  | { kind: 'died' };

/** A shell that waits for the next line; one at a time. */
export interface Shell {
  readonly isAlive: boolean;
  /** Runs a line in a subshell; it must not read the shell's own input. An interruption ends the shell too. */
  run(line: string, limits: Limits, signal: AbortSignal | undefined): Promise<ShellEnd>;
  /** Closes its input: it ends by itself. Idempotent. */
  end(): void;
}

/** Longest mark that ends the output of a line. */
const MARK_BYTES = 64;

/** Output up to a mark, which comes at the very end; holds back what may be the mark's beginning. */
class Marked {
  exitCode: number | null = null;
  private tail: Buffer = Buffer.alloc(0);
  private readonly mark: RegExp;
  private readonly take: (chunk: Buffer) => void;

  constructor(token: string, take: (chunk: Buffer) => void) {
    this.mark = new RegExp(`\n${token} (\\d+)\n$`);
    this.take = take;
  }

  push(chunk: Buffer): void {
    const all = this.tail.length === 0 ? chunk : Buffer.concat([this.tail, chunk]);
    const from = Math.max(0, all.length - MARK_BYTES);
    const found = this.mark.exec(all.subarray(from).toString('latin1'));
    const end = found === null ? from : from + found.index;
    if (end > 0) this.take(all.subarray(0, end));
    this.tail = all.subarray(end);
    if (found !== null) this.exitCode = Number(found[1]);
  }

  /** What was held back of output that no mark ended. */
  flush(): void {
    if (this.tail.length > 0) this.take(this.tail);
  }
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It ended in the meantime.
  }
}

/** This program may end while a shell waits, not while it works. */
function keepAlive(child: ChildProcess, isWorking: boolean): void {
  const pipes = [child.stdin, child.stdout, child.stderr] as (Socket | null)[];
  for (const part of [child, ...pipes]) {
    if (isWorking) part?.ref();
    else part?.unref();
  }
}

function runLine(child: ChildProcess, line: string, limits: Limits, signal?: AbortSignal): Promise<ShellEnd> {
  const token = randomUUID();
  const stdout = new Collector();
  const stderr = new Tail();
  const timers: NodeJS.Timeout[] = [];
  return new Promise<ShellEnd>((resolve) => {
    let why: Interruption | null = null;
    const interrupt = (kind: Interruption): void => {
      if (why !== null) return;
      why = kind;
      endGroup(child, 'SIGTERM');
      timers.push(setTimeout(() => endGroup(child, 'SIGKILL'), KILL_GRACE_MS));
    };
    const output = new Marked(token, (chunk) => {
      if (why !== 'overflow' && !stdout.push(chunk, limits.maxOutputBytes)) interrupt('overflow');
    });
    const words = new Marked(token, (chunk) => stderr.push(chunk));
    const settle = (end: ShellEnd): void => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      child.stdout?.off('data', onOutput);
      child.stderr?.off('data', onWords);
      child.off('close', onClose);
      child.off('error', onClose);
      resolve(end);
    };
    const settleWhenDone = (): void => {
      const { exitCode } = output;
      if (exitCode === null || words.exitCode === null || why !== null) return;
      settle({ kind: 'done', exitCode, stdout: stdout.bytes(), stderr: stderr.bytes() });
    };
    const onOutput = (chunk: Buffer): void => {
      output.push(chunk);
      settleWhenDone();
    };
    const onWords = (chunk: Buffer): void => {
      words.push(chunk);
      settleWhenDone();
    };
    const onAbort = (): void => interrupt('aborted');
    const onClose = (): void => {
      if (why === null) endGroup(child, 'SIGKILL');
      words.flush();
      settle(why === null ? { kind: 'died' } : { kind: why, stdout: stdout.bytes(), stderr: stderr.bytes() });
    };
    child.stdout?.on('data', onOutput);
    child.stderr?.on('data', onWords);
    child.on('close', onClose);
    child.on('error', onClose);
    signal?.addEventListener('abort', onAbort, { once: true });
    timers.push(setTimeout(() => interrupt('timeout'), limits.timeoutMs));
    const mark = `printf '\\n%s %s\\n' ${token} "$s"`;
    child.stdin?.write(`(${line}); s=$?; ${mark}; ${mark} >&2\n`);
  });
}

/** Starts a shell; null when there is none here. */
export function openShell(env: Record<string, string>): Shell | null {
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', [], { cwd: '/', env, stdio: 'pipe', detached: true });
  } catch {
    return null;
  }
  let isAlive = child.pid !== undefined;
  const die = (): void => {
    isAlive = false;
  };
  child.once('exit', die);
  child.on('error', die);
  child.stdin?.on('error', die);
  keepAlive(child, false);
  return {
    get isAlive() {
      return isAlive;
    },
    async run(line, limits, signal) {
      if (!isAlive) return { kind: 'died' };
      keepAlive(child, true);
      const end = await runLine(child, line, limits, signal);
      if (end.kind !== 'done') isAlive = false;
      keepAlive(child, false);
      return end;
    },
    end() {
      isAlive = false;
      child.stdin?.end();
    },
  };
}
