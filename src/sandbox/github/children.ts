import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** Owns every process that the stand-in starts: each in its own group, all of them dead when `close` resolves. */
export interface Children {
  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess;
  kill(child: ChildProcess): void;
  close(): Promise<void>;
}

export function createChildren(): Children {
  const running = new Map<ChildProcess, Promise<void>>();
  let closed = false;

  const start = (command: string, args: readonly string[], options: SpawnOptions): ChildProcess => {
    if (closed) throw new Error(`The GitHub stand-in is closed: ${command} was not started.`);
    const child = spawn(command, args, { ...options, detached: process.platform !== 'win32', windowsHide: true });
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => {
        // A process that could not be started never exits; one that could goes on to its exit event.
        if (child.pid === undefined) resolve();
      });
    }).finally(() => running.delete(child));
    running.set(child, gone);
    return child;
  };

  return {
    spawn: start,
    kill: killGroup,
    async close() {
      closed = true;
      for (const child of running.keys()) killGroup(child);
      await Promise.all(running.values());
    },
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    const killer = spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
    killer.once('error', () => child.kill('SIGKILL'));
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The whole group has ended already.
  }
}
