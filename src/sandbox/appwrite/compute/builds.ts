import { cp, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../../core/ports.ts';
import type { BuildGate } from '../faults.ts';
import { wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { ArchiveError, unpackTarGz } from './archive.ts';
import { BuildFailure, checkBuild } from './build-checks.ts';
import { childEnv, runShell } from './child-process.ts';
import type { DeploymentRecord, ResourceType } from './records.ts';
import { deploymentKind, ownerKey, patchResource, requireFunction, requireSite, variableKind } from './records.ts';
import { followActive } from './rule-records.ts';

const BUILD_TIMEOUT_MS = 900_000;
const MAX_LOG_CHARS = 1_000_000;
/** A real build takes seconds; clients must be able to see `waiting` and `building`. */
const STATE_MS = 60;
const ACTIVATION_MS = 20;

export interface BuildJob {
  resourceType: ResourceType;
  resourceId: string;
  deploymentId: string;
}

export interface Folders {
  dataDir: string;
  source(deploymentId: string): string;
  build(deploymentId: string): string;
  home: string;
}

export interface Builder {
  enqueue(job: BuildJob): void;
  /** Ends a build that is going on. */
  cancel(deploymentId: string): void;
  /** Takes up what an earlier process left unfinished. */
  resume(): void;
  close(): Promise<void>;
}

export function makeFolders(dataDir: string): Folders {
  return {
    dataDir,
    source: (deploymentId) => join(dataDir, 'sources', `${deploymentId}.tar.gz`),
    build: (deploymentId) => join(dataDir, 'builds', deploymentId),
    home: join(dataDir, 'home'),
  };
}

export function createBuilder(
  store: Store,
  folders: Folders,
  log: Log | undefined,
  gate: BuildGate = async () => null,
): Builder {
  const running = new Map<string, { abort: AbortController; done: Promise<void> }>();
  const enqueue = (job: BuildJob): void => {
    const abort = new AbortController();
    const done = build(store, folders, job, abort.signal, gate)
      .catch((error: unknown) => log?.warn('build broke', { deploymentId: job.deploymentId, error: String(error) }))
      .finally(() => running.delete(job.deploymentId));
    running.set(job.deploymentId, { abort, done });
  };
  return {
    enqueue,
    cancel: (deploymentId) => running.get(deploymentId)?.abort.abort(),
    resume: () => {
      for (const { id, value } of store.listAll(deploymentKind)) {
        const unfinished = ['waiting', 'processing', 'building'].includes(value.status);
        if (value.complete && unfinished) {
          enqueue({ resourceType: value.resourceType, resourceId: value.resourceId, deploymentId: id });
        }
      }
    },
    close: async () => {
      const builds = [...running.values()];
      for (const { abort } of builds) abort.abort();
      await Promise.all(builds.map(({ done }) => done));
    },
  };
}

async function build(
  store: Store,
  folders: Folders,
  job: BuildJob,
  signal: AbortSignal,
  gate: BuildGate,
): Promise<void> {
  const parent = ownerKey(job.resourceType, job.resourceId);
  const update = (change: Partial<DeploymentRecord>): void => {
    const current = store.get(deploymentKind, parent, job.deploymentId);
    if (current === null || current.status === 'canceled') return;
    store.put(deploymentKind, parent, job.deploymentId, { ...current, ...change, updatedAt: wireNow() });
    if (change.status !== undefined) noteLatest(store, job, change.status);
  };
  const deployment = store.get(deploymentKind, parent, job.deploymentId);
  if (deployment === null) return;
  let logs = '';
  const say = (text: string): void => {
    logs = (logs + text).slice(-MAX_LOG_CHARS);
    update({ buildLogs: logs });
  };
  const startedMs = Date.now();
  const finish = (change: Partial<DeploymentRecord>): void =>
    update({ ...change, buildDurationSeconds: Math.max(1, Math.ceil((Date.now() - startedMs) / 1000)) });
  try {
    await delay(STATE_MS, undefined, { signal });
    update({ status: 'processing' });
    await unpackSource(folders, job);
    update({ status: 'building' });
    say('[open-runtimes] Environment preparation started.\n');
    await delay(STATE_MS, undefined, { signal });
    const fault = await gate(job.resourceId, signal);
    if (fault !== null) throw new BuildFailure(fault);
    await runCommands(store, folders, job, deployment, say, signal);
    const servedDir = await checkBuild(store, deployment, folders.build(job.deploymentId), say);
    say('[open-runtimes] Build finished.\n');
    finish({ servedDir, buildSizeBytes: await dirSizeBytes(folders.build(job.deploymentId)), status: 'ready' });
  } catch (error) {
    // Cancelled, or the server stops: the first is recorded already, the second is taken up after a restart.
    if (signal.aborted) return;
    if (!(error instanceof BuildFailure || error instanceof ArchiveError)) {
      finish({ status: 'failed', buildLogs: `${logs}Internal error: ${String(error)}\n` });
      throw error;
    }
    say(`${error.message}\n`);
    finish({ status: 'failed' });
    return;
  }
  await delay(ACTIVATION_MS);
  if (store.get(deploymentKind, parent, job.deploymentId)?.activate === true) activate(store, job);
}

async function unpackSource(folders: Folders, job: BuildJob): Promise<void> {
  const buildDir = folders.build(job.deploymentId);
  await rm(buildDir, { recursive: true, force: true });
  await mkdir(folders.home, { recursive: true });
  await unpackTarGz(folders.source(job.deploymentId), buildDir);
}

async function runCommands(
  store: Store,
  folders: Folders,
  job: BuildJob,
  deployment: DeploymentRecord,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (deployment.commands.trim() === '') return;
  const variables = store.list(variableKind, ownerKey(job.resourceType, job.resourceId));
  const extra = Object.fromEntries(variables.map(({ value }) => [value.key, value.value]));
  say('[open-runtimes] Build command execution started.\n');
  const exitCode = await runShell({
    command: deployment.commands,
    cwd: folders.build(job.deploymentId),
    env: childEnv(folders.home, extra),
    timeoutMs: BUILD_TIMEOUT_MS,
    signal,
    onOutput: say,
  });
  signal.throwIfAborted();
  if (exitCode !== 0)
    throw new BuildFailure(`[open-runtimes] Build command failed with exit code ${exitCode ?? 'none (ended)'}.`);
}

async function dirSizeBytes(dir: string): Promise<number> {
  let sizeBytes = 0;
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sizeBytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return sizeBytes;
}

function noteLatest(store: Store, job: BuildJob, status: string): void {
  const record =
    job.resourceType === 'functions' ? requireFunction(store, job.resourceId) : requireSite(store, job.resourceId);
  if (record.latestDeploymentId === job.deploymentId) {
    patchResource(store, job.resourceType, job.resourceId, { latestDeploymentStatus: status });
  }
}

/** Makes a ready deployment the one that is served. */
export function activate(store: Store, job: BuildJob): void {
  const deployment = store.get(deploymentKind, ownerKey(job.resourceType, job.resourceId), job.deploymentId);
  if (deployment === null) return;
  patchResource(store, job.resourceType, job.resourceId, {
    deploymentId: job.deploymentId,
    deploymentCreatedAt: deployment.createdAt,
    live: true,
  });
  followActive(store, job.resourceType, job.resourceId, job.deploymentId);
}

/** Copies the source of one deployment to another. */
export async function copySource(folders: Folders, fromId: string, toId: string): Promise<void> {
  await cp(folders.source(fromId), folders.source(toId));
}

export async function removeFiles(folders: Folders, deploymentId: string): Promise<void> {
  await rm(folders.source(deploymentId), { force: true });
  await rm(folders.build(deploymentId), { recursive: true, force: true });
}
