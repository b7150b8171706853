import { type ChildProcess, spawn } from 'node:child_process';
import { type Git, type GitCommand, type GitResult, gitArguments } from './git-command.ts';
import { gitEnvironment } from './git-env.ts';
import { interruption, startFailure } from './git-errors.ts';
import { accept, Collector, KILL_GRACE_MS, limitsOf, Tail } from './git-output.ts';
import { createGitShells } from './git-shells.ts';
import { createKeptGit } from './kept-git.ts';
import { createScratchFiles } from './scratch-files.ts';

function endProcess(child: ChildProcess, group: boolean, signal: NodeJS.Signals): void {
  try {
    if (group && child.pid !== undefined) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It ended in the meantime.
  }
}

/** `spawn` throws, rather than emit an error, for arguments that no process can take. */
function start(binary: string, command: GitCommand, group: boolean): ChildProcess {
  try {
    return spawn(binary, gitArguments(command), {
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
  const { maxOutputBytes, timeoutMs } = limitsOf(command);
  const group = network && process.platform !== 'win32';
  return new Promise<GitResult>((resolve, reject) => {
    if (signal?.aborted) {
      reject(interruption(command, 'aborted', signal.reason));
      return;
    }
    const child = start(binary, command, group);
    const stdout = new Collector();
    const stderr = new Tail();
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
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
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
      try {
        resolve(accept(command, result));
      } catch (error) {
        reject(error);
      }
    });
  });
}

async function runDirectly(binary: string, { followedBy, ...command }: GitCommand): Promise<GitResult> {
  if (followedBy === undefined) return runOnce(binary, command);
  const first = await runOnce(binary, { ...command, okExitCodes: 'any' });
  return first.exitCode === 0 ? runOnce(binary, { ...command, args: followedBy }) : accept(command, first);
}

/** The executor. Starts one process a call; any number may run at the same time. */
export function createGit(gitBinary = 'git'): Git {
  return (command) => runDirectly(gitBinary, command);
}

/**
 * The executor for many calls: the same, but processes that stay do the work, or start it, where that is possible. Starting
 * one from this program takes the longer the more memory it holds, and stops everything else meanwhile. Needs no `close`
 * to let this program end; after it, processes are started directly.
 */
export function openGit(tempDir: () => string, gitBinary = 'git'): { git: Git; close(): void } {
  const scratch = createScratchFiles(tempDir);
  const kept = createKeptGit(gitBinary, scratch);
  const shells = createGitShells(gitBinary, scratch);
  const git: Git = async (command) =>
    (await kept.run(command)) ?? (await shells.run(command)) ?? runDirectly(gitBinary, command);
  return {
    git,
    close() {
      kept.close();
      shells.close();
      scratch.close();
    },
  };
}
