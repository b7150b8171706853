import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Log } from '../core/ports.ts';
import { startAppwriteStandIn } from './appwrite/stand-in.ts';
import { type CloudFile, newToken, readCloudFile, writeCloudFile } from './cloud-file.ts';
import { startGithubStandIn } from './github/stand-in.ts';
import { startModelStandIn } from './models/stand-in.ts';

const HOST = '127.0.0.1';
const PROJECT_ID = 'local';

export interface CloudOptions {
  /** Holds repositories, tables, sites and `cloud.json`; made when it does not exist. */
  dataDir: string;
  /** Default: those of the last start in this folder when they are free, else any. */
  ports?: Partial<CloudFile['ports']>;
  /** Pace of the models; default that of the stand-in. */
  latency?: { latencyMs?: number; chunkMs?: number };
  log?: Log;
}

export interface Cloud {
  xaiBaseUrl: string;
  anthropicBaseUrl: string;
  githubUrl: string;
  githubApiUrl: string;
  githubToken: string;
  appwriteEndpoint: string;
  appwriteProjectId: string;
  appwriteApiKey: string;
  /** Closes all three and every process they started. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts models, GitHub and Appwrite on the loopback interface. Tokens are random per data folder, and ports are kept from
 * start to start where they are free, so that links and remotes of earlier runs stay valid. Starts all or nothing.
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { dataDir, log } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const last = await readCloudFile(dataDir);
  const port = (name: keyof CloudFile['ports']) => freePort(options.ports?.[name] ?? last?.ports[name] ?? 0);
  const githubToken = last?.githubToken ?? newToken('ghp');
  const appwriteApiKey = last?.appwriteApiKey ?? newToken('standard');
  const logged = log === undefined ? {} : { log };
  const closers: (() => Promise<void>)[] = [];
  const close = closeOnce(closers);
  try {
    const models = await startModelStandIn({
      ...options.latency,
      port: await port('models'),
      journal: ({ kind, key }) => log?.info('model asked', { kind, key }),
    });
    closers.push(() => models.close());
    const github = await startGithubStandIn({
      ...logged,
      dataDir: join(dataDir, 'github'),
      port: await port('github'),
      tokens: [githubToken],
    });
    closers.push(() => github.close());
    const appwrite = await startAppwriteStandIn({
      ...logged,
      dataDir: join(dataDir, 'appwrite'),
      port: await port('appwrite'),
      projectId: PROJECT_ID,
      apiKey: appwriteApiKey,
    });
    closers.push(() => appwrite.close());
    const access = {
      xaiBaseUrl: `${models.url}/v1`,
      anthropicBaseUrl: models.url,
      githubUrl: github.url,
      githubApiUrl: github.apiUrl,
      githubToken,
      appwriteEndpoint: appwrite.endpoint,
      appwriteProjectId: PROJECT_ID,
      appwriteApiKey,
    };
    await writeCloudFile(dataDir, {
      v: 1,
      pid: null,
      startedAt: null,
      controlUrl: null,
      build: null,
      controlToken: last?.controlToken ?? newToken('control'),
      ports: { models: portOf(models.url), github: portOf(github.url), appwrite: portOf(appwrite.url) },
      ...access,
    });
    return { ...access, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function closeOnce(closers: (() => Promise<void>)[]): () => Promise<void> {
  let closing: Promise<void> | null = null;
  const closeAll = async () => {
    const outcomes: PromiseSettledResult<void>[] = [];
    for (const closer of closers.toReversed()) outcomes.push(...(await Promise.allSettled([closer()])));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
  return () => {
    closing ??= closeAll();
    return closing;
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** The port itself when it can be listened on, else 0 (any). */
async function freePort(wanted: number): Promise<number> {
  if (wanted === 0) return 0;
  const probe = createServer();
  const isFree = await new Promise<boolean>((settle) => {
    probe.once('error', () => settle(false));
    probe.listen(wanted, HOST, () => settle(true));
  });
  if (!isFree) return 0;
  await new Promise<void>((done) => probe.close(() => done()));
  return wanted;
}
