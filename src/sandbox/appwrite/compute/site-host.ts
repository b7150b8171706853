import { type ChildProcess, spawn } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../../core/ports.ts';
import { childEnv, killGroup } from './child-process.ts';

const DEFAULT_IDLE_MS = 60_000;
const LOOPBACK = '127.0.0.1';
const MAX_OUTPUT_CHARS = 4000;

interface SiteRequest {
  deploymentId: string;
  /** Folder of the finished build; the server runs in it. */
  dir: string;
  /** Shell line that starts the server; it listens at `PORT`. */
  command: string;
  env: Record<string, string>;
  /** For the start and the answer together. */
  timeoutMs: number;
  method: string;
  path: string;
  headers: NodeJS.Dict<string | string[]>;
  body: Uint8Array;
}

/** Why a server that renders a site gave no answer; the message is for its log. */
export class SiteFailure extends Error {}

export interface SiteHost {
  /** Starts the deployment's server when it is not warm, and gives its answer. Throws SiteFailure. */
  forward(request: SiteRequest): Promise<IncomingMessage>;
  stop(deploymentId: string): void;
  /** Ends every server and waits for that. */
  close(): Promise<void>;
}

interface Worker {
  child: ChildProcess;
  port: number;
  output: string;
  inUse: number;
  idleTimer: NodeJS.Timeout | null;
  ready: Promise<void>;
  exited: Promise<void>;
  hasExited: boolean;
}

/** One server process per deployment of a server-rendered site, kept warm until it was idle for `idleMs`. */
export function createSiteHost(homeDir: string, log: Log | undefined, idleMs = DEFAULT_IDLE_MS): SiteHost {
  const workers = new Map<string, Promise<Worker>>();
  const ending = new Set<Promise<void>>();
  const end = async (started: Promise<Worker>): Promise<void> => {
    const worker = await started.catch(() => undefined);
    if (worker === undefined) return;
    if (worker.idleTimer !== null) clearTimeout(worker.idleTimer);
    killGroup(worker.child);
    await worker.exited;
  };
  /** The next request starts another server; `only` spares one that has taken its place already. */
  const stop = (deploymentId: string, only?: Promise<Worker>): void => {
    const started = workers.get(deploymentId);
    if (started === undefined || (only !== undefined && started !== only)) return;
    workers.delete(deploymentId);
    const ended = end(started).finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const warm = (request: SiteRequest): Promise<Worker> => {
    const existing = workers.get(request.deploymentId);
    if (existing !== undefined) return existing;
    const started = startWorker(request, homeDir).then((worker) => {
      void worker.exited.then(() => {
        if (workers.get(request.deploymentId) === started) workers.delete(request.deploymentId);
        log?.info('site process ended', { deploymentId: request.deploymentId });
      });
      return worker;
    });
    workers.set(request.deploymentId, started);
    // What could not be started is tried again by the next request.
    started.catch(() => workers.delete(request.deploymentId));
    return started;
  };
  return {
    forward: async (request) => {
      const signal = AbortSignal.timeout(request.timeoutMs);
      const started = warm(request);
      const worker = await started;
      if (worker.idleTimer !== null) clearTimeout(worker.idleTimer);
      worker.inUse += 1;
      try {
        await untilAborted(worker.ready, signal);
        return await ask(worker.port, request, signal);
      } catch (error) {
        // It hangs or is ending.
        stop(request.deploymentId, started);
        const reason = error instanceof Error ? error.message : String(error);
        throw new SiteFailure(`${signal.aborted ? 'Execution timed out.' : reason}\n${worker.output}`.trim());
      } finally {
        worker.inUse -= 1;
        if (worker.inUse === 0)
          worker.idleTimer = setTimeout(() => stop(request.deploymentId, started), idleMs).unref();
      }
    },
    stop: (deploymentId) => stop(deploymentId),
    close: async () => {
      for (const deploymentId of [...workers.keys()]) stop(deploymentId);
      await Promise.all(ending);
    },
  };
}

async function startWorker(request: SiteRequest, homeDir: string): Promise<Worker> {
  const port = await freePort();
  const address = { PORT: String(port), HOST: LOOPBACK, HOSTNAME: LOOPBACK };
  const child = spawn(request.command, {
    cwd: request.dir,
    env: childEnv(homeDir, { ...request.env, ...address, NODE_ENV: 'production' }),
    shell: true,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  const ready = Promise.resolve();
  const worker: Worker = { child, port, output: '', inUse: 0, idleTimer: null, ready, exited, hasExited: false };
  const keep = (text: string): void => {
    worker.output = (worker.output + text).slice(-MAX_OUTPUT_CHARS);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  child.once('error', (error) => keep(error.message));
  // What the shell started would outlive it.
  child.once('exit', () => killGroup(child));
  void exited.then(() => {
    worker.hasExited = true;
  });
  worker.ready = listening(worker);
  // Whoever asks next sees the failure; nobody may be asking now.
  worker.ready.catch(() => undefined);
  return worker;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, LOOPBACK, resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Resolves when something listens at the worker's port; throws when the process ends before. */
async function listening(worker: Worker): Promise<void> {
  while (!worker.hasExited) {
    if (await accepts(worker.port)) return;
    await Promise.race([delay(20, undefined, { ref: false }), worker.exited]);
  }
  throw new SiteFailure('The server of the site has ended before it answered.');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new SiteFailure('Execution timed out.'));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function ask(port: number, request: SiteRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, path, headers } = request;
    const { connection: _connection, 'transfer-encoding': _encoding, ...passed } = headers;
    const length = { 'content-length': String(request.body.length) };
    const sent = httpRequest({
      host: LOOPBACK,
      port,
      method,
      path,
      headers: { ...passed, ...length },
      signal,
      agent: false,
    });
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end(request.body);
  });
}
