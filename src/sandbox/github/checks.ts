import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import * as z from 'zod';
import type { Clock, Log } from '../../core/ports.ts';
import type { Children } from './children.ts';
import { baseEnvironment, type Git } from './git.ts';
import type { CheckRun, Repo, Store } from './state.ts';
import { timestamp } from './timestamp.ts';

/** Runs a repository's own checks, one after the other, and writes what they found into its check runs. */
export interface CheckQueue {
  /** Queues the check of a commit; nothing happens when the commit has one. */
  add(repo: Repo, sha: string, branch: string): void;
  /** Takes up what an earlier stand-in on the same data left unfinished. */
  resume(): void;
  /** Resolves when no check is running any more; nothing is started after it. */
  close(): Promise<void>;
}

const CHECK_LIMIT_MS = 120_000;
const PIPE_LIMIT_MS = 2_000;
const TAIL_CHARACTERS = 4_000;
const KEPT_CHARACTERS = 64_000;
const CHECK_NAME = 'test';

export interface CheckQueueParts {
  store: Store;
  git: Git;
  children: Children;
  clock: Clock;
  log: Log;
  /** Gives the folder that each check gets one of its own in. */
  tempDir: () => string;
  enabled: boolean;
}

interface Verdict {
  conclusion: NonNullable<CheckRun['conclusion']>;
  title: string;
  summary: string;
}

export function createCheckQueue(parts: CheckQueueParts): CheckQueue {
  const { store, clock, log } = parts;
  let closed = false;
  let tail: Promise<void> = Promise.resolve();

  const perform = async (run: CheckRun, repo: Repo): Promise<void> => {
    if (closed) return;
    run.status = 'in_progress';
    run.startedAt = timestamp(clock);
    store.save();
    const verdict = await runCheck(parts, store.repoDir(repo), run.sha).catch(
      (error: unknown): Verdict => ({
        conclusion: 'failure',
        title: 'The check could not be run',
        summary: error instanceof Error ? error.message : String(error),
      }),
    );
    // A check that was killed by the end of the stand-in stays in progress and is run again after the next start.
    if (closed) return;
    Object.assign(run, { status: 'completed', completedAt: timestamp(clock), ...verdict });
    store.save();
    log.info('check completed', { repository: `${repo.owner}/${repo.name}`, sha: run.sha, conclusion: run.conclusion });
  };

  const enqueue = (run: CheckRun): void => {
    const repo = store.state.repos.find((candidate) => candidate.id === run.repoId);
    if (repo === undefined) return;
    tail = tail
      .then(() => perform(run, repo))
      .catch((error: unknown) => log.warn('check lost', { sha: run.sha, error: String(error) }));
  };

  return {
    add(repo, sha, branch) {
      if (!parts.enabled || closed) return;
      if (store.state.checkRuns.some((run) => run.repoId === repo.id && run.sha === sha)) return;
      const run: CheckRun = {
        id: store.nextId(),
        repoId: repo.id,
        suiteId: store.nextId(),
        sha,
        branch,
        name: CHECK_NAME,
        status: 'queued',
        conclusion: null,
        title: null,
        summary: null,
        createdAt: timestamp(clock),
        startedAt: null,
        completedAt: null,
      };
      store.state.checkRuns.push(run);
      store.save();
      enqueue(run);
    },
    resume() {
      if (!parts.enabled) return;
      for (const run of store.state.checkRuns) if (run.status !== 'completed') enqueue(run);
    },
    async close() {
      closed = true;
      await tail;
    },
  };
}

async function runCheck(parts: CheckQueueParts, repoDir: string, sha: string): Promise<Verdict> {
  const folder = mkdtempSync(join(parts.tempDir(), 'check-'));
  try {
    const sourceDir = join(folder, 'source');
    const homeDir = join(folder, 'home');
    mkdirSync(sourceDir);
    mkdirSync(homeDir);
    const env = { GIT_INDEX_FILE: join(folder, 'index'), GIT_WORK_TREE: sourceDir };
    await parts.git.text(repoDir, ['read-tree', sha], { env, cwd: sourceDir });
    await parts.git.text(repoDir, ['checkout-index', '--all', '--force'], { env, cwd: sourceDir });
    if (!hasTestScript(sourceDir)) {
      return { conclusion: 'success', title: 'No checks configured', summary: 'no checks configured' };
    }
    return await runNpmTest(parts.children, sourceDir, homeDir);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const Manifest = z.object({ scripts: z.object({ test: z.string().min(1) }) });

function hasTestScript(sourceDir: string): boolean {
  const file = join(sourceDir, 'package.json');
  if (!existsSync(file)) return false;
  try {
    return Manifest.safeParse(JSON.parse(readFileSync(file, 'utf8'))).success;
  } catch {
    // A manifest that is no JSON is for npm to report.
    return true;
  }
}

/** A closed list of variables: no key and no NODE_OPTIONS or NODE_TEST_CONTEXT of this process reaches the command. */
function commandEnvironment(homeDir: string): Record<string, string> {
  const base = baseEnvironment();
  const path = base.PATH ?? base.Path ?? '';
  delete base.Path;
  return {
    ...base,
    PATH: `${dirname(process.execPath)}${delimiter}${path}`,
    HOME: homeDir,
    USERPROFILE: homeDir,
    TMPDIR: homeDir,
    CI: 'true',
    NO_COLOR: '1',
    npm_config_cache: join(homeDir, 'npm'),
    npm_config_update_notifier: 'false',
    npm_config_logs_max: '0',
  };
}

function runNpmTest(children: Children, cwd: string, homeDir: string): Promise<Verdict> {
  return new Promise((resolve) => {
    const isWindows = process.platform === 'win32';
    const child = children.spawn(isWindows ? 'npm.cmd' : 'npm', ['test'], {
      cwd,
      env: commandEnvironment(homeDir),
      stdio: ['ignore', 'pipe', 'pipe'],
      // npm is a script on Windows, which only a shell starts; the arguments are constant.
      shell: isWindows,
    });
    let output = '';
    let timedOut = false;
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    const limit = setTimeout(() => {
      timedOut = true;
      children.kill(child);
    }, CHECK_LIMIT_MS);
    const settle = (verdict: Verdict): void => {
      clearTimeout(limit);
      resolve(verdict);
    };
    // The command is over when npm ends; whatever it left behind in its group ends with it.
    child.once('exit', () => {
      children.kill(child);
      // One that left the group may hold the pipes open.
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, PIPE_LIMIT_MS).unref();
    });
    child.once('error', (cause) =>
      settle({
        conclusion: 'failure',
        title: 'npm could not be started',
        summary: `npm could not be started: ${cause.message}. It must be on the PATH of the GitHub stand-in.`,
      }),
    );
    child.once('close', (exitCode) => {
      const summary = output.slice(-TAIL_CHARACTERS);
      if (timedOut) settle({ conclusion: 'timed_out', title: `Ended after ${CHECK_LIMIT_MS / 1000} s`, summary });
      else if (exitCode === 0) settle({ conclusion: 'success', title: 'npm test passed', summary });
      else settle({ conclusion: 'failure', title: `npm test ended with ${exitCode ?? 'a signal'}`, summary });
    });
  });
}
