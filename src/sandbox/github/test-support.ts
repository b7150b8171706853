import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** For tests only: real git as a person's machine would run it. */

export interface TemporaryFolder {
  path: string;
  remove(): Promise<void>;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'github-stand-in-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export interface GitRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** git with a header for every HTTP request, given through the environment. */
export function runGit(cwd: string, args: readonly string[], authorization: string | null): Promise<GitRun> {
  const header = authorization === null ? [] : [['http.extraHeader', `Authorization: ${authorization}`]];
  const settings = [['user.name', 'Tester'], ['user.email', 'tester@example.invalid'], ...header];
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [at, [key = '', value = '']] of settings.entries()) {
    env[`GIT_CONFIG_KEY_${at}`] = key;
    env[`GIT_CONFIG_VALUE_${at}`] = value;
  }
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, stdout: stdout.trim(), stderr }));
  });
}

export function createGitPusher(folder: TemporaryFolder, authorization: string | null) {
  const must = async (cwd: string, ...args: string[]): Promise<string> => {
    const done = await runGit(cwd, args, authorization);
    if (done.exitCode !== 0) throw new Error(`git ${args.join(' ')} ended with ${done.exitCode}: ${done.stderr}`);
    return done.stdout;
  };
  const clone = async (url: string): Promise<string> => {
    const dir = await mkdtemp(join(folder.path, 'clone-'));
    await must(folder.path, 'clone', '--quiet', url, dir);
    return dir;
  };
  return {
    /** Commits files on `from` (null: an orphan), pushes that to the branch, and returns the commit. */
    async push(
      url: string,
      branch: string,
      from: string | null,
      files: Record<string, string>,
      removed: readonly string[] = [],
    ): Promise<string> {
      const dir = await clone(url);
      if (from === null) await must(dir, 'checkout', '--quiet', '--orphan', 'work');
      else await must(dir, 'checkout', '--quiet', '--detach', `origin/${from}`);
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        await writeFile(join(dir, path), content);
      }
      for (const path of removed) await rm(join(dir, path));
      await must(dir, 'add', '--all');
      await must(dir, 'commit', '--quiet', '--message', `Change ${Object.keys(files).join(', ')}`);
      await must(dir, 'push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${branch}`);
      return must(dir, 'rev-parse', 'HEAD');
    },
    async deleteBranch(url: string, branch: string): Promise<void> {
      await must(await clone(url), 'push', '--quiet', '--delete', 'origin', branch);
    },
    async tip(url: string, branch: string): Promise<{ commit: string; parents: string[]; paths: string[] }> {
      const dir = await clone(url);
      const commit = await must(dir, 'rev-parse', `origin/${branch}`);
      const parents = await must(dir, 'log', '-1', '--format=%P', commit);
      const paths = await must(dir, 'ls-tree', '-r', '--name-only', commit);
      return { commit, parents: parents === '' ? [] : parents.split(' '), paths: paths.split('\n').sort() };
    },
  };
}

export interface ApiAnswer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface ErrorJson {
  message: string;
  documentation_url: string;
  status: string;
  errors?: { resource: string; field?: string; code: string; message?: string }[];
}

/** Requests to the API. The body is taken for what the caller says it is: the tests are there to find out. */
export function apiClient(apiUrl: string, token: string) {
  const call = async <T = ErrorJson>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer<T>> => {
    const answer = await fetch(apiUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
  };
  return {
    call,
    /** Throws when the answer has another status. */
    async must<T = unknown>(status: number, method: string, path: string, body?: unknown): Promise<ApiAnswer<T>> {
      const answer = await call<T>(method, path, body);
      if (answer.status === status) return answer;
      throw new Error(`${method} ${path}: ${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
    },
  };
}

/** The first value of `look` that is not null; asks again every 20 ms, for at most 20 s. */
export async function until<T>(look: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await look();
    if (value !== null) return value;
    if (Date.now() > deadline) throw new Error('The condition was not met within 20 s.');
    await wait(20);
  }
}
