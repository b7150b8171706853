import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EventRecord } from '../../src/protocol/events.ts';
import { monotonicMs } from './mock-protocol.ts';
import type { Place } from './place.ts';

/** What the process used, as it saw itself when it exited. */
export interface Usage {
  peakRssMb: number;
  ownCpuS: number;
  /** Of the processes that it started and waited for; null where the system does not tell. */
  childrenCpuS: number | null;
}

export interface FinishedRun {
  /** Monotonic milliseconds just before the process was started. */
  startedMs: number;
  endedMs: number;
  events: EventRecord[];
  usage: Usage | null;
}

export interface RunOptions {
  mockUrl: string;
  until: 'plan' | 'build';
  concurrency?: number;
  /** Costs a few milliseconds at the start; default false. */
  withUsage?: boolean;
  /** Where Node keeps compiled code between starts; default: a folder of this run's own, so that every start is a first one. */
  compileCacheDir?: string;
  /** Ends the run early when it says true. */
  stopAt?: (record: EventRecord) => boolean;
  /** For the whole run; default 180,000. */
  limitMs?: number;
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Variables of the surroundings that the program needs; nothing that could point it at a real provider. */
function environment(place: Place, { mockUrl, compileCacheDir }: RunOptions, usageFile: string): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, SystemRoot } = process.env;
  return {
    PATH,
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
    ...(SystemRoot === undefined ? {} : { SystemRoot }),
    HOME: place.dir,
    ...(compileCacheDir === undefined ? {} : { NODE_COMPILE_CACHE: compileCacheDir }),
    ORCHESTRATOR_HOME: place.stateDir,
    XAI_BASE_URL: `${mockUrl}/v1`,
    ANTHROPIC_BASE_URL: mockUrl,
    BENCH_USAGE_FILE: usageFile,
    GIT_CONFIG_NOSYSTEM: '1',
  };
}

/** Runs the built command line once, as a person would. Throws with its last words when it fails. */
export async function runOrchestrator(place: Place, options: RunOptions): Promise<FinishedRun> {
  const { until, concurrency = 4, withUsage = false } = options;
  const usageFile = join(place.dir, 'usage.json');
  const hook = withUsage ? ['--import', new URL('./usage-hook.mjs', import.meta.url).href] : [];
  const startedMs = monotonicMs();
  const child = spawn(
    process.execPath,
    [
      ...hook,
      ...[file('../../bin/orchestrator.mjs'), 'run', place.briefFile, '--workspace', place.workspaceDir],
      ...['--yes', '--json', '--until', until, '--budget', '1000', '--concurrency', String(concurrency)],
    ],
    { env: environment(place, options, usageFile), cwd: place.dir, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const limit = setTimeout(() => child.kill('SIGKILL'), options.limitMs ?? 180_000);
  try {
    const { events, code, words } = await follow(child, options.stopAt ?? (() => false));
    if (code !== 0 && options.stopAt === undefined) throw new Error(`the run ended with ${code}:\n${words}`);
    const endedMs = monotonicMs();
    return {
      startedMs,
      endedMs,
      events,
      usage: withUsage ? (JSON.parse(readFileSync(usageFile, 'utf8')) as Usage) : null,
    };
  } finally {
    clearTimeout(limit);
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}

async function follow(child: ChildProcess, stopAt: (record: EventRecord) => boolean) {
  const events: EventRecord[] = [];
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4_000);
  });
  if (child.stdout === null) throw new Error('the process has no output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const record = JSON.parse(line) as EventRecord;
    events.push(record);
    if (stopAt(record)) child.kill('SIGINT');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { events, code, words };
}
