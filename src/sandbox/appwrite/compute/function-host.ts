import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Log } from '../../../core/ports.ts';
import { insideDir } from './archive.ts';
import { childEnv, killGroup } from './child-process.ts';
import { RUNNER_SOURCE } from './runner-source.ts';

/** Time beyond the function's own limit before its process is taken to hang. */
const GRACE_MS = 1000;
const DEFAULT_IDLE_MS = 60_000;

interface FunctionRequest {
  deploymentId: string;
  /** Folder of the finished build. */
  buildDir: string;
  entrypoint: string;
  env: Record<string, string>;
  timeoutMs: number;
  method: string;
  scheme: string;
  host: string;
  port: number;
  path: string;
  queryString: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

const Answer = z.object({
  id: z.number(),
  statusCode: z.number().int().min(100).max(599).catch(500),
  headers: z.record(z.string(), z.string()),
  body: z.instanceof(Uint8Array),
  logs: z.string(),
  errors: z.string(),
});
export type FunctionAnswer = Omit<z.infer<typeof Answer>, 'id'> & { durationMs: number };

export interface FunctionHost {
  /** Starts the deployment's process when it is not warm. Never throws: what breaks is an answer with status 500. */
  execute(request: FunctionRequest): Promise<FunctionAnswer>;
  stop(deploymentId: string): void;
  /** Ends every process and waits for that. */
  close(): Promise<void>;
}

interface Worker {
  child: ChildProcess;
  pending: Map<number, (answer: Omit<FunctionAnswer, 'durationMs'>) => void>;
  idleTimer: NodeJS.Timeout | null;
  errorTail: string;
  exited: Promise<unknown>;
}

/** One child process per deployment, kept warm until it was idle for `idleMs`. */
export function createFunctionHost(dataDir: string, log: Log | undefined, idleMs = DEFAULT_IDLE_MS): FunctionHost {
  const workers = new Map<string, Worker>();
  const homeDir = join(dataDir, 'home');
  mkdirSync(homeDir, { recursive: true });
  const runnerPath = join(dataDir, 'runner.mjs');
  writeFileSync(runnerPath, RUNNER_SOURCE);
  let nextId = 1;

  const stopWorker = (deploymentId: string, worker: Worker): void => {
    if (workers.get(deploymentId) === worker) workers.delete(deploymentId);
    if (worker.idleTimer !== null) clearTimeout(worker.idleTimer);
    killGroup(worker.child);
  };
  const warm = (request: FunctionRequest): Worker => {
    const existing = workers.get(request.deploymentId);
    if (existing !== undefined) return existing;
    const entrypoint = insideDir(request.buildDir, request.entrypoint) ?? join(request.buildDir, 'missing');
    const worker = startWorker(runnerPath, entrypoint, request.buildDir, childEnv(homeDir, request.env));
    workers.set(request.deploymentId, worker);
    worker.child.once('exit', () => {
      stopWorker(request.deploymentId, worker);
      log?.info('function process ended', { deploymentId: request.deploymentId });
    });
    return worker;
  };
  return {
    execute: async (request) => {
      const startedMs = performance.now();
      const worker = warm(request);
      if (worker.idleTimer !== null) clearTimeout(worker.idleTimer);
      const id = nextId++;
      const answer = await new Promise<Omit<FunctionAnswer, 'durationMs'>>((resolve) => {
        const hang = setTimeout(() => {
          resolve(failure('Execution timed out.'));
          stopWorker(request.deploymentId, worker);
        }, request.timeoutMs + GRACE_MS);
        worker.pending.set(id, (result) => {
          clearTimeout(hang);
          resolve(result);
        });
        const { env: _env, deploymentId: _deployment, buildDir: _dir, entrypoint: _entry, ...message } = request;
        worker.child.send({ ...message, id }, (error) => {
          if (error !== null) worker.pending.get(id)?.(failure(`The function's process has ended: ${error.message}`));
        });
      });
      worker.pending.delete(id);
      if (worker.pending.size === 0) {
        worker.idleTimer = setTimeout(() => stopWorker(request.deploymentId, worker), idleMs).unref();
      }
      return { ...answer, durationMs: performance.now() - startedMs };
    },
    stop: (deploymentId) => {
      const worker = workers.get(deploymentId);
      if (worker !== undefined) stopWorker(deploymentId, worker);
    },
    close: async () => {
      const open = [...workers];
      for (const [deploymentId, worker] of open) stopWorker(deploymentId, worker);
      await Promise.all(open.map(([, worker]) => worker.exited));
    },
  };
}

function failure(errors: string): Omit<FunctionAnswer, 'durationMs'> {
  return { statusCode: 500, headers: {}, body: new Uint8Array(), logs: '', errors };
}

function startWorker(runnerPath: string, entrypoint: string, cwd: string, env: Record<string, string>): Worker {
  const child = fork(runnerPath, [entrypoint], {
    cwd,
    env,
    execArgv: [],
    serialization: 'advanced',
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  const worker: Worker = { child, pending: new Map(), idleTimer: null, errorTail: '', exited };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    worker.errorTail = (worker.errorTail + text).slice(-4000);
  });
  child.on('message', (message) => {
    const answer = Answer.safeParse(message);
    if (answer.success) worker.pending.get(answer.data.id)?.(answer.data);
  });
  const endAll = (reason: string) => {
    for (const answer of [...worker.pending.values()]) answer(failure(`${reason}\n${worker.errorTail}`.trim()));
  };
  child.once('error', (error) => endAll(error.message));
  child.once('exit', (code, signal) => endAll(`The function's process ended (${signal ?? `exit code ${code}`}).`));
  return worker;
}
