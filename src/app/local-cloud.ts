import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AppError } from '../protocol/errors.ts';
import { type CloudFile, readCloudFile } from '../sandbox/cloud-file.ts';
import { isAlive } from '../sandbox/cloud-lock.ts';
import { SECRET_VARIABLES } from './config-values.ts';

/** Finds, starts and stops the background process of the local cloud. */

export type RunningCloud = CloudFile & { pid: number; controlUrl: string; startedAt: string };

export interface LocalCloudOptions {
  stateDir: string;
  signal?: AbortSignal;
  /** The Node that runs it; default the running program. */
  nodePath?: string;
  /** Time without a request after which a cloud started now ends; default 30 minutes. */
  idleMs?: number;
  /** Default 20,000. */
  startLimitMs?: number;
}

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;
const HEALTH_LIMIT_MS = 2_000;
const POLL_MS = 50;
const EXIT_BUSY = 75;
const LOG_TAIL_LINES = 15;

export function localCloudDir(stateDir: string): string {
  return join(stateDir, 'local-cloud');
}

/** The running cloud of this state folder, or null. */
export async function localCloudStatus(options: LocalCloudOptions): Promise<RunningCloud | null> {
  const file = await readCloudFile(localCloudDir(options.stateDir));
  if (file === null || file.pid === null || file.controlUrl === null || file.startedAt === null) return null;
  if (!isAlive(file.pid) || !(await isHealthy(file.controlUrl, file.controlToken, file.pid))) return null;
  return { ...file, pid: file.pid, controlUrl: file.controlUrl, startedAt: file.startedAt };
}

async function isHealthy(controlUrl: string, token: string, pid: number): Promise<boolean> {
  try {
    const response = await fetch(`${controlUrl}/health`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(HEALTH_LIMIT_MS),
    });
    const body: unknown = await response.json();
    return response.ok && typeof body === 'object' && body !== null && 'pid' in body && body.pid === pid;
  } catch {
    return false;
  }
}

/**
 * The running cloud, started in the background when there is none, and started anew (on its data and ports) when the one
 * that runs is of another build. Starts at the same time end with one cloud: the
 * processes themselves settle which of them serves. Throws `configuration` with the end of its log when it does not come up.
 */
export async function ensureLocalCloud(options: LocalCloudOptions): Promise<RunningCloud> {
  const running = await localCloudStatus(options);
  if (running?.build === (await buildName())) return running;
  if (running !== null) await stopLocalCloud(options);
  const limitMs = options.startLimitMs ?? START_LIMIT_MS;
  const deadline = performance.now() + limitMs;
  let child = await spawnCloud(options);
  let cloud: RunningCloud | null = null;
  try {
    while (cloud === null) {
      options.signal?.throwIfAborted();
      if (performance.now() > deadline) {
        throw await startFailure(options.stateDir, `was not ready after ${Math.round(limitMs / 1000)} seconds`);
      }
      if (child.exitCode !== null || child.signalCode !== null) {
        if (child.exitCode !== EXIT_BUSY) throw await startFailure(options.stateDir, 'ended while it started');
        // Another one is starting, or was ending just now; in the second case it is our turn.
        await delay(POLL_MS * 4, undefined, { signal: options.signal });
        if ((await localCloudStatus(options)) === null) child = await spawnCloud(options);
      }
      await delay(POLL_MS, undefined, { signal: options.signal });
      cloud = await localCloudStatus(options);
    }
    return cloud;
  } finally {
    // One that lost, or that nobody waits for any more, must not come up after the winner has been stopped.
    if (cloud?.pid !== child.pid) child.kill('SIGTERM');
  }
}

async function spawnCloud(options: LocalCloudOptions): Promise<ChildProcess> {
  const dataDir = localCloudDir(options.stateDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const logFile = await open(join(dataDir, 'cloud.log'), 'a', 0o600);
  try {
    const idle = options.idleMs === undefined ? [] : ['--idle-ms', String(options.idleMs)];
    const build = await buildName();
    const child = spawn(
      options.nodePath ?? process.execPath,
      ['--no-warnings', cloudEntry(), '--data-dir', dataDir, '--build', build, ...idle],
      {
        cwd: dataDir,
        detached: true,
        stdio: ['ignore', logFile.fd, logFile.fd],
        env: cloudEnvironment(),
        windowsHide: true,
      },
    );
    await once(child, 'spawn');
    child.unref();
    return child;
  } finally {
    await logFile.close();
  }
}

/** Beside the bundle, or the source when the program runs from source. */
function cloudEntry(): string {
  const bundled = fileURLToPath(new URL('./local-cloud.js', import.meta.url));
  return existsSync(bundled) ? bundled : fileURLToPath(new URL('../sandbox/cloud-process.ts', import.meta.url));
}

/** Changes whenever the program of the cloud does. */
async function buildName(): Promise<string> {
  const entry = cloudEntry();
  const { mtimeMs, size } = await stat(entry);
  return `${entry} ${size} ${Math.round(mtimeMs)}`;
}

/** Without real keys: nothing in the local cloud has a use for them. */
function cloudEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRET_VARIABLES.includes(name)));
}

async function startFailure(stateDir: string, what: string): Promise<AppError> {
  const logPath = join(localCloudDir(stateDir), 'cloud.log');
  const text = await readFile(logPath, 'utf8').catch(() => '');
  const tail = text.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  return new AppError({
    code: 'configuration',
    message: `the local cloud ${what}`,
    userMessage: `The local cloud ${what}. The end of its log (${logPath}):\n${tail}`,
  });
}

/** Stops the running cloud and waits for its end. False when none was running. */
export async function stopLocalCloud(options: LocalCloudOptions): Promise<boolean> {
  const cloud = await localCloudStatus(options);
  if (cloud === null) return false;
  await fetch(`${cloud.controlUrl}/stop`, {
    method: 'POST',
    headers: { authorization: `Bearer ${cloud.controlToken}` },
    signal: AbortSignal.timeout(HEALTH_LIMIT_MS),
  }).catch(() => undefined);
  const deadline = performance.now() + STOP_LIMIT_MS;
  while (isAlive(cloud.pid)) {
    if (performance.now() > deadline) {
      process.kill(cloud.pid, 'SIGKILL');
      return true;
    }
    await delay(POLL_MS, undefined, { signal: options.signal });
  }
  return true;
}
