import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

/** Nothing else of the host's environment reaches builds and functions: it holds keys. */
const PASSED = ['LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'ComSpec', 'PATHEXT'];

export function childEnv(homeDir: string, extra: Record<string, string>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of PASSED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  env.PATH = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  env.HOME = homeDir;
  env.USERPROFILE = homeDir;
  // Inside an editor the executable is Electron, which is Node only when told so.
  if (process.versions.electron !== undefined) env.ELECTRON_RUN_AS_NODE = '1';
  return { ...env, ...extra };
}

/** Ends a process that leads its own group, with everything it started. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}

export interface ShellRun {
  command: string;
  cwd: string;
  env: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
  onOutput(text: string): void;
}

/** Runs a command line in its own group; resolves with its exit code, or null when it was ended by a limit or a signal. */
export function runShell(run: ShellRun): Promise<number | null> {
  return new Promise((resolve) => {
    if (run.signal.aborted) return resolve(null);
    const child = spawn(run.command, {
      cwd: run.cwd,
      env: run.env,
      shell: true,
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const stop = () => killGroup(child);
    const timer = setTimeout(stop, run.timeoutMs);
    run.signal.addEventListener('abort', stop, { once: true });
    child.stdout.setEncoding('utf8').on('data', run.onOutput);
    child.stderr.setEncoding('utf8').on('data', run.onOutput);
    child.once('error', (error) => run.onOutput(`${error.message}\n`));
    child.once('exit', stop);
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      run.signal.removeEventListener('abort', stop);
      resolve(exitCode);
    });
  });
}
