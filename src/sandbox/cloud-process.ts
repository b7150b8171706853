import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import type { Log } from '../core/ports.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { newToken, readCloudFile, writeCloudFile } from './cloud-file.ts';
import { takeCloudLock } from './cloud-lock.ts';

/**
 * The background process of the local cloud: `--data-dir DIR [--idle-ms N] [--build NAME]`. Writes `cloud.json` when it is ready, ends on
 * SIGTERM, on a stop request, and after `idle-ms` (default 30 minutes) without a request to any of its servers.
 * Exit codes: 0 ended, 1 failed, 75 another process runs the cloud of this folder.
 */

const HOST = '127.0.0.1';
const DEFAULT_IDLE_MS = 1_800_000;
const EXIT_BUSY = 75;
/** What cannot be closed within this is left to the end of the process. */
const CLOSE_LIMIT_MS = 8_000;

const log: Log = {
  info: (message, fields) => write('info', message, fields),
  warn: (message, fields) => write('warn', message, fields),
};

function write(level: string, message: string, fields?: Record<string, unknown>): void {
  const rest = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
  process.stderr.write(`${new Date().toISOString()} ${level} ${message}${rest}\n`);
}

interface Arguments {
  dataDir: string;
  idleMs: number;
  build: string | null;
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: { 'data-dir': { type: 'string' }, 'idle-ms': { type: 'string' }, build: { type: 'string' } },
  });
  const dataDir = values['data-dir'];
  const idleMs = Number(values['idle-ms'] ?? DEFAULT_IDLE_MS);
  if (dataDir === undefined || !Number.isFinite(idleMs) || idleMs <= 0) {
    throw new Error('usage: local-cloud --data-dir DIR [--idle-ms MILLISECONDS]');
  }
  return { dataDir, idleMs, build: values.build ?? null };
}

/** Resolves when no HTTP server of this process got a request for `idleMs`. Node reports requests of all servers here. */
function watchIdle(idleMs: number, onIdle: () => void): () => void {
  const requests = channel('http.server.request.start');
  let lastRequestAt = performance.now();
  const onRequest = () => {
    lastRequestAt = performance.now();
  };
  requests.subscribe(onRequest);
  const timer = setInterval(
    () => performance.now() - lastRequestAt >= idleMs && onIdle(),
    Math.min(idleMs / 4, 15_000),
  );
  return () => {
    clearInterval(timer);
    requests.unsubscribe(onRequest);
  };
}

async function startControl(token: string, onStop: () => void) {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end();
    } else if (request.method === 'GET' && request.url === '/health') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ pid: process.pid }));
    } else if (request.method === 'POST' && request.url === '/stop') {
      response.writeHead(202, { connection: 'close' }).end();
      onStop();
    } else {
      response.writeHead(404).end();
    }
  };
  const server = createServer(answer).listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the control address has no port');
  return {
    url: `http://${HOST}:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

async function serve({ dataDir, idleMs, build }: Arguments): Promise<number> {
  const lock = await takeCloudLock(dataDir);
  if (lock === null) return EXIT_BUSY;
  const ending = Promise.withResolvers<{ code: number; reason: string }>();
  const end = (code: number, reason: string) => ending.resolve({ code, reason });
  process.on('SIGTERM', () => end(0, 'SIGTERM'));
  process.on('SIGINT', () => end(0, 'SIGINT'));
  process.on('uncaughtException', (error) => end(1, `uncaught: ${error.stack ?? error.message}`));
  process.on('unhandledRejection', (reason) => end(1, `unhandled: ${reason instanceof Error ? reason.stack : reason}`));
  let cloud: Cloud | null = null;
  let control: Awaited<ReturnType<typeof startControl>> | null = null;
  let stopWatching = () => {};
  try {
    cloud = await startCloud({ dataDir, log });
    const file = await readCloudFile(dataDir);
    if (file === null) throw new Error('cloud.json cannot be read back');
    const controlToken = newToken('control');
    control = await startControl(controlToken, () => end(0, 'stop request'));
    stopWatching = watchIdle(idleMs, () => end(0, `no request for ${idleMs} ms`));
    const startedAt = new Date().toISOString();
    await writeCloudFile(dataDir, {
      ...file,
      pid: process.pid,
      startedAt,
      controlUrl: control.url,
      controlToken,
      build,
    });
    log.info('ready', { pid: process.pid, models: cloud.anthropicBaseUrl, github: cloud.githubUrl });
    const { code, reason } = await ending.promise;
    log.info('ending', { reason });
    return code;
  } finally {
    stopWatching();
    const limit = setTimeout(() => process.exit(1), CLOSE_LIMIT_MS);
    await Promise.allSettled([control?.close(), cloud?.close()]);
    const file = await readCloudFile(dataDir);
    if (file !== null) await writeCloudFile(dataDir, { ...file, pid: null, startedAt: null, controlUrl: null });
    await lock.release();
    clearTimeout(limit);
  }
}

try {
  process.exitCode = await serve(readArguments());
} catch (thrown) {
  write('error', thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  process.exitCode = 1;
}
// Nothing of the cloud may keep the process alive once it is closed.
process.exit();
