import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/core/clock.ts';
import { createEventLog } from '../../src/core/engine/event-log.ts';
import { openStore, type Store } from '../../src/core/engine/store.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { startAppwriteStandIn } from '../../src/sandbox/appwrite/stand-in.ts';
import { startGithubStandIn } from '../../src/sandbox/github/stand-in.ts';
import { samplesDir as defaultSamplesDir, listSamples } from '../../src/sandbox/models/samples.ts';
import { type JournalEntry, startModelStandIn } from '../../src/sandbox/models/stand-in.ts';
import { type Traffic, watchTraffic } from '../specs/traffic.ts';
import type { Order } from './order.ts';
import { temporaryFiles } from './temporary-files.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');

interface Pull {
  number: number;
  state: string;
  merged_at: string | null;
  head: { ref: string; sha: string };
}

/** The three outside systems, in the test's own process, so that what they have seen outlives every killed worker. */
export interface Outside {
  env: Record<string, string>;
  /** What the models were asked, oldest first. */
  asked: JournalEntry[];
  pullRequests(repository: string): Promise<Pull[]>;
  /** Heads of its pull requests that workflows were run for, each once. */
  checkedHeads(repository: string): Promise<string[]>;
  /** Ids of all that Appwrite has. */
  resources(kind: 'functions' | 'sites' | 'tablesdb'): Promise<string[]>;
  deployments(kind: 'functions' | 'sites', id: string): Promise<number>;
  /** What workers, functions and tests have asked the two vendors; `close` throws when any of it is not as they describe. */
  traffic: { github: Traffic; appwrite: Traffic };
  close(): Promise<void>;
}

/** `samplesDir`: what the models have recorded; default the samples. */
export async function openOutside({ samplesDir = defaultSamplesDir() } = {}): Promise<Outside> {
  const root = mkdtempSync(join(tmpdir(), 'durability-cloud-'));
  const asked: JournalEntry[] = [];
  const models = await startModelStandIn({
    samplesDir,
    latencyMs: 0,
    chunkMs: 0,
    journal: (entry) => asked.push(entry),
  });
  const github = await startGithubStandIn({ dataDir: join(root, 'github') });
  const access = { projectId: 'local', apiKey: 'standard_durability' };
  const appwrite = await startAppwriteStandIn({ dataDir: join(root, 'appwrite'), ...access });
  const traffic = {
    github: watchTraffic('github', github.apiUrl, { requests: 'all' }),
    appwrite: watchTraffic('appwrite', appwrite.endpoint, { requests: 'all' }),
  };
  const ask = async (url: string, headers: Record<string, string>): Promise<unknown> => {
    const response = await fetch(url, { headers });
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return response.json();
  };
  const onGithub = (path: string) =>
    ask(`${github.apiUrl}/repos/local-developer/${path}`, { authorization: `Bearer ${github.token}` });
  const onAppwrite = (path: string) =>
    ask(`${appwrite.endpoint}/${path}`, { 'x-appwrite-project': access.projectId, 'x-appwrite-key': access.apiKey });
  return {
    env: {
      XAI_BASE_URL: `${models.url}/v1`,
      ANTHROPIC_BASE_URL: models.url,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_TOKEN: github.token,
      APPWRITE_ENDPOINT: appwrite.endpoint,
      APPWRITE_PROJECT_ID: access.projectId,
      APPWRITE_API_KEY: access.apiKey,
    },
    asked,
    async pullRequests(repository) {
      return (await onGithub(`${repository}/pulls?state=all`)) as Pull[];
    },
    async checkedHeads(repository) {
      const runs = await onGithub(`${repository}/actions/runs?event=pull_request`);
      return [...new Set((runs as { workflow_runs: { head_sha: string }[] }).workflow_runs.map((run) => run.head_sha))];
    },
    async resources(kind) {
      const field = kind === 'tablesdb' ? 'databases' : kind;
      return ((await onAppwrite(kind)) as Record<typeof field, { $id: string }[]>)[field].map(({ $id }) => $id);
    },
    async deployments(kind, id) {
      return ((await onAppwrite(`${kind}/${id}/deployments`)) as { total: number }).total;
    },
    traffic,
    async close() {
      await appwrite.close();
      await github.close();
      await models.close();
      rmSync(root, { recursive: true, force: true });
      for (const watched of Object.values(traffic)) {
        watched.close();
        await watched.assertClean();
      }
    },
  };
}

/** One state folder with one workspace. */
export interface Place {
  root: string;
  stateDir: string;
  workspaceDir: string;
  git(...args: string[]): string;
  remove(): void;
}

export function makePlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'durability-'));
  const workspaceDir = join(root, 'workspace');
  mkdirSync(workspaceDir);
  return {
    root,
    stateDir: join(root, 'state'),
    workspaceDir,
    git: (...args) => gitIn(workspaceDir, ...args),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

export function gitIn(dir: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=U', '-c', 'user.email=u@x'];
  return execFileSync('git', [...identity, ...args], { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A repository with one commit of these files. */
export function commitFiles(dir: string, files: Record<string, string>): void {
  mkdirSync(dir, { recursive: true });
  if (!existsSync(join(dir, '.git'))) gitIn(dir, 'init', '-q', '-b', 'main');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  gitIn(dir, 'add', '-A');
  gitIn(dir, 'commit', '-q', '--no-verify', '-m', 'mine');
}

export function sampleBrief(number: number): string {
  const sample = listSamples().find((candidate) => candidate.number === number);
  if (sample === undefined) throw new Error(`no sample ${number}`);
  return sample.briefPath;
}

export type Said =
  | { type: 'ready'; runId: string }
  | { type: 'rested' }
  | { type: 'settled'; view: RunView }
  | { type: 'failed'; message: string; code: string };

interface Worker {
  child: ChildProcess;
  /** Resolves with the first line of the type; rejects when the worker ends without it. */
  said<T extends Said['type']>(type: T): Promise<Extract<Said, { type: T }>>;
  ended: Promise<{ signal: NodeJS.Signals | null; code: number | null; stderr: string; lines: Said[] }>;
}

const running = new Set<ChildProcess>();

/** Ends the workers that a failed test has left. */
export async function endWorkers(): Promise<void> {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

const cacheDir = join(tmpdir(), `durability-cache-${process.pid}`);
process.on('exit', () => rmSync(cacheDir, { recursive: true, force: true }));

/** A process of its own that carries the one run of a place on. */
export function startWorker(
  place: Pick<Place, 'stateDir' | 'workspaceDir'>,
  outside: Pick<Outside, 'env'>,
  order: Order,
): Worker {
  const { PATH = '', HOME = '' } = process.env;
  const env = {
    PATH,
    HOME,
    TMPDIR: temporaryFiles(place),
    ...outside.env,
    ORCHESTRATOR_HOME: place.stateDir,
    NODE_COMPILE_CACHE: cacheDir,
  };
  const args = [WORKER, place.workspaceDir, JSON.stringify(order)];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const lines: Said[] = [];
  const listeners = new Set<() => void>();
  let text = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const parts = text.split('\n');
    text = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Said);
    for (const listener of [...listeners]) listener();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return { code, signal, stderr, lines };
  });
  return {
    child,
    ended,
    said: (type) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((candidate) => candidate.type === type);
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found as Extract<Said, { type: typeof type }>);
        };
        listeners.add(look);
        look();
        void ended.then((end) => {
          look();
          reject(
            new Error(`the worker ended (${end.code ?? end.signal}) without "${type}": ${end.stderr.slice(-2_000)}`),
          );
        });
      }),
  };
}

/** Looks into the state folder beside whoever works on it. */
export function look<T>(place: Pick<Place, 'stateDir'>, at: (store: Store) => T): T {
  const store = openStore(place.stateDir, systemClock);
  try {
    return store.read(() => at(store));
  } finally {
    store.close();
  }
}

export function eventsOf(place: Pick<Place, 'stateDir'>, runId: string): DomainEvent[] {
  return look(place, (store) => createEventLog(store).read(runId, 0, 10_000)).map((record) => record.event);
}

/** Processes whose working folder or command line lies in a folder, as `pid command`. Linux; elsewhere none are seen. */
export function processesIn(dir: string): string[] {
  if (process.platform !== 'linux') return [];
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (Number(pid) === process.pid) continue;
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(dir) || command.includes(dir)) found.push(`${pid} ${command}`);
    } catch {
      // It ended in the meantime.
    }
  }
  return found;
}

/** Waits for a condition, looking every 20 ms; throws after limitMs with what it waited for. */
export async function eventually(what: string, isTrue: () => boolean, limitMs = 10_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(20);
  }
}

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
