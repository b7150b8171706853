import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CommitMessage, Repository } from '../../src/core/ports.ts';

/** Never fires. */
export const signal = new AbortController().signal;

/** A world of its own for one test: a temporary folder with a user's repository in it. */
export interface RepositoryFixture {
  repository: Repository;
  root: string;
  repoDir: string;
  /** HEAD of the user's repository. */
  base: string;
}

export function git(cwd: string, ...args: string[]): string {
  const env = { ...process.env, LC_ALL: 'C', GIT_CONFIG_GLOBAL: path.join(cwd, 'no-such-config') };
  return execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** Whether git can keep refs in tables; 2.45 and newer can. */
export function hasReftable(): boolean {
  const { stdout, stderr } = spawnSync('git', ['init', '-h'], { encoding: 'utf8' });
  return `${stdout}${stderr}`.includes('--ref-format');
}

export function write(dir: string, file: string, content: string): void {
  mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
  writeFileSync(path.join(dir, file), content);
}

export function read(dir: string, file: string): string {
  return readFileSync(path.join(dir, file), 'utf8');
}

export function message(key: string, subject = 'Do the work'): CommitMessage {
  return { subject, body: '', trailers: { 'Orchestrator-Key': key } };
}

export const LINES = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n';

export const GONE = 'alpha\nbeta\ngamma\n';

/** Files of the user's repository at its first commit. */
const FILES: Record<string, string> = {
  'readme.md': '# Sample\n',
  'src/list.txt': LINES,
  'src/spaces and ü/ñandú file.txt': LINES,
  'gone.txt': GONE,
};

function makeRepository(dir: string): string {
  mkdirSync(dir, { recursive: true });
  git(dir, 'init', '-q', '-b', 'main');
  git(dir, 'config', 'user.name', 'Test User');
  git(dir, 'config', 'user.email', 'user@example.test');
  for (const [file, content] of Object.entries(FILES)) write(dir, file, content);
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', 'first');
  return git(dir, 'rev-parse', 'HEAD');
}

export function temporaryFolder(): string {
  return realpathSync(mkdtempSync(path.join(tmpdir(), 'repository-contract-')));
}

export function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

/** Makes a commit of a worktree that `change` has worked in. */
export async function work(fixture: RepositoryFixture, name: string, change: (dir: string) => void): Promise<string> {
  const { repository, root, repoDir, base } = fixture;
  const dir = path.join(root, 'worktrees', name);
  await repository.openWorktree(repoDir, dir, base);
  change(dir);
  const made = await repository.commitWorktree(dir, [base], `refs/orchestrator/r1/${name}`, message(name));
  assert.ok(made);
  return made.commit;
}

/** Runs a test in a fresh world and removes it. */
export async function withRepository(
  make: () => Repository,
  test: (fixture: RepositoryFixture) => Promise<void>,
): Promise<void> {
  const root = temporaryFolder();
  const repository = make();
  try {
    const repoDir = path.join(root, 'user repo');
    const base = makeRepository(repoDir);
    await test({ repository, root, repoDir, base });
  } finally {
    await repository.close();
    removeFolder(root);
  }
}

const HOOKS = [
  'pre-commit',
  'commit-msg',
  'post-commit',
  'post-checkout',
  'post-merge',
  'pre-push',
  'post-index-change',
];

/** Hooks that fail and leave a mark when they run. */
export function plantFailingHooks(repoDir: string, mark: string): void {
  for (const hook of [...HOOKS, 'reference-transaction', 'post-rewrite', 'pre-auto-gc']) {
    const file = path.join(repoDir, '.git', 'hooks', hook);
    write(path.dirname(file), hook, `#!/bin/sh\necho ${hook} >> '${mark}'\nexit 1\n`);
    chmodSync(file, 0o755);
  }
}

function hashFolder(dir: string, skip: string, hash: ReturnType<typeof createHash>): void {
  for (const name of readdirSync(dir).sort()) {
    const file = path.join(dir, name);
    if (file === skip) continue;
    const stats = lstatSync(file);
    hash.update(`${name}\0${stats.mode}\0`);
    if (stats.isDirectory()) hashFolder(file, skip, hash);
    else hash.update(readFileSync(file));
  }
}

function fileHash(file: string): string {
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'absent';
}

/** Everything that belongs to the user: files, HEAD, index, configuration, hooks, stash, branches, tags. */
export function userState(repoDir: string): Record<string, string> {
  const gitDir = path.join(repoDir, '.git');
  const files = createHash('sha256');
  hashFolder(repoDir, gitDir, files);
  const hooks = createHash('sha256');
  hashFolder(path.join(gitDir, 'hooks'), '', hooks);
  const state: Record<string, string> = { files: files.digest('hex'), hooks: hooks.digest('hex') };
  for (const file of [
    'HEAD',
    'index',
    'config',
    'logs/HEAD',
    'logs/refs/stash',
    'FETCH_HEAD',
    'ORIG_HEAD',
    'info/exclude',
  ]) {
    state[file] = fileHash(path.join(gitDir, file));
  }
  state.refs = git(repoDir, 'for-each-ref', 'refs/heads', 'refs/tags', 'refs/remotes', 'refs/stash');
  return state;
}
