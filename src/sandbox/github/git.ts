import { devNull } from 'node:os';
import { AppError } from '../../protocol/errors.ts';
import type { Children } from './children.ts';

interface GitResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

interface GitOptions {
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs git in a bare repository, away from the person's own configuration. */
export interface Git {
  /** Any exit code comes back as a value. */
  run(repoDir: string | null, args: readonly string[], options?: GitOptions): Promise<GitResult>;
  /** stdout without the last line break; another exit code than 0 throws `git_failed`. */
  text(repoDir: string | null, args: readonly string[], options?: GitOptions): Promise<string>;
  /** stdout as base64, for what is no text. Another exit code than 0 throws `git_failed`. */
  base64(repoDir: string, args: readonly string[]): Promise<string>;
  readonly env: Record<string, string>;
}

const GIT_LIMIT_MS = 60_000;

/** What processes need from the environment to run at all; nothing of it is a secret. */
export function baseEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ['PATH', 'Path', 'SystemRoot', 'SYSTEMROOT', 'ComSpec', 'PATHEXT', 'TEMP', 'TMP', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

export function createGit(children: Children, homeDir: string): Git {
  const env: Record<string, string> = {
    ...baseEnvironment(),
    HOME: homeDir,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_TERMINAL_PROMPT: '0',
  };

  const runRaw = (
    repoDir: string | null,
    args: readonly string[],
    options: GitOptions,
  ): Promise<{ exitCode: number; stdout: Buffer; stderr: string }> =>
    new Promise((resolve, reject) => {
      const place = repoDir === null ? [] : ['--git-dir', repoDir];
      const child = children.spawn('git', [...place, ...args], {
        cwd: options.cwd ?? homeDir,
        env: { ...env, ...options.env },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
      child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
      const limit = setTimeout(() => children.kill(child), GIT_LIMIT_MS);
      child.once('error', (cause) => {
        clearTimeout(limit);
        reject(
          new AppError({
            code: 'git_failed',
            message: `git could not be started: ${cause.message}`,
            userMessage: 'The GitHub stand-in needs git on the PATH, and could not start it.',
            cause,
          }),
        );
      });
      child.once('close', (exitCode) => {
        clearTimeout(limit);
        resolve({
          exitCode: exitCode ?? -1,
          stdout: Buffer.concat(out),
          stderr: Buffer.concat(err).toString('utf8'),
        });
      });
      // git may end before it has read its input (EPIPE); its exit code tells what happened.
      child.stdin?.on('error', () => {});
      child.stdin?.end(options.input ?? '');
    });

  const run = async (repoDir: string | null, args: readonly string[], options: GitOptions = {}): Promise<GitResult> => {
    const result = await runRaw(repoDir, args, options);
    return { ...result, stdout: result.stdout.toString('utf8') };
  };
  const failed = (args: readonly string[], result: { exitCode: number; stderr: string }): AppError =>
    new AppError({
      code: 'git_failed',
      message: `git ${args[0] ?? ''} ended with ${result.exitCode}: ${result.stderr.trim()}`,
    });

  return {
    env,
    run,
    async base64(repoDir, args) {
      const result = await runRaw(repoDir, args, {});
      if (result.exitCode === 0) return result.stdout.toString('base64');
      throw failed(args, result);
    },
    async text(repoDir, args, options) {
      const result = await run(repoDir, args, options);
      if (result.exitCode === 0) return result.stdout.replace(/\n$/, '');
      throw failed(args, result);
    },
  };
}

/** Null when there is no such branch. */
export async function branchTip(git: Git, repoDir: string, branch: string): Promise<string | null> {
  const result = await git.run(repoDir, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`]);
  return result.exitCode === 0 ? result.stdout.trim() : null;
}

/** Resolves a commit id (4 to 40 digits), branch or tag, as GitHub's `{ref}` does. Null when there is none. */
export async function resolveCommit(git: Git, repoDir: string, ref: string): Promise<string | null> {
  const candidates = [`refs/heads/${ref}`, `refs/tags/${ref}`, ref.startsWith('refs/') ? ref : `refs/${ref}`];
  if (/^[0-9a-f]{4,40}$/i.test(ref)) candidates.unshift(ref);
  for (const candidate of candidates) {
    const result = await git.run(repoDir, ['rev-parse', '--verify', '--quiet', `${candidate}^{commit}`]);
    if (result.exitCode === 0) return result.stdout.trim();
  }
  return null;
}

export interface RefEntry {
  ref: string;
  sha: string;
  type: string;
}

export async function listRefs(git: Git, repoDir: string, prefix: string): Promise<RefEntry[]> {
  const format = '--format=%(refname)%09%(objectname)%09%(objecttype)';
  const text = await git.text(repoDir, ['for-each-ref', format, prefix]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [ref = '', sha = '', type = ''] = line.split('\t');
      return { ref, sha, type };
    });
}

export async function isAncestor(git: Git, repoDir: string, ancestor: string, of: string): Promise<boolean> {
  const result = await git.run(repoDir, ['merge-base', '--is-ancestor', ancestor, of]);
  return result.exitCode === 0;
}

export async function mergeBase(git: Git, repoDir: string, a: string, b: string): Promise<string | null> {
  const result = await git.run(repoDir, ['merge-base', a, b]);
  return result.exitCode === 0 ? result.stdout.trim() : null;
}

export interface CommitInfo {
  sha: string;
  tree: string;
  parents: string[];
  author: { name: string; email: string; date: string };
  committer: { name: string; email: string; date: string };
  message: string;
}

const COMMIT_FORMAT = '--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B';

/** `range` as git log takes it: `a..b`, or `-1 sha`. */
export async function readCommits(git: Git, repoDir: string, range: readonly string[]): Promise<CommitInfo[]> {
  const text = await git.text(repoDir, ['log', '-z', COMMIT_FORMAT, ...range, '--']);
  return text
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [sha = '', tree = '', parents = '', an = '', ae = '', ad = '', cn = '', ce = '', cd = '', ...message] =
        entry.split('\x1f');
      return {
        sha,
        tree,
        parents: parents === '' ? [] : parents.split(' '),
        author: { name: an, email: ae, date: utc(ad) },
        committer: { name: cn, email: ce, date: utc(cd) },
        message: message.join('\x1f').replace(/\n+$/, ''),
      };
    });
}

export async function readCommit(git: Git, repoDir: string, sha: string): Promise<CommitInfo> {
  const [commit] = await readCommits(git, repoDir, ['-1', sha]);
  if (commit === undefined) throw new AppError({ code: 'git_failed', message: `No commit ${sha}.` });
  return commit;
}

/** GitHub writes times in UTC without milliseconds. */
function utc(date: string): string {
  return new Date(date).toISOString().replace(/\.\d+Z$/, 'Z');
}
