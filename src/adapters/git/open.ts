import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RepositoryState } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { type Git, gitText } from './git-command.ts';
import { identityEnvironment, readIdentity } from './identity.ts';
import { workingState } from './working-state.ts';

const MAX_DIRTY_PATHS = 1_000;
const INIT_ATTEMPTS = 5;

function unusable(message: string, userMessage: string): AppError {
  return new AppError({ code: 'workspace_unusable', message, userMessage });
}

function insideGitMetadata(dir: string): boolean {
  for (let at = dir; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, '.git'))) return true;
    if (path.dirname(at) === at) return false;
  }
}

/** Top folder of the repository that holds `dir`; null when there is none. */
async function findTop(git: Git, dir: string, signal: AbortSignal): Promise<string | null> {
  const { stdout, stderr, exitCode } = await git({
    args: ['rev-parse', '--is-inside-work-tree', '--show-toplevel'],
    cwd: dir,
    okExitCodes: 'any',
    signal,
  });
  const [inside, top] = stdout.toString().split(/\r?\n/);
  if (inside === 'false') {
    throw unusable(
      `${dir} is a bare repository or a .git folder`,
      `${dir} is the inside of a git repository without working files. Open a folder with the checked-out project.`,
    );
  }
  if (exitCode === 0 && top !== undefined && top !== '') return path.resolve(top);
  if (insideGitMetadata(dir)) {
    throw unusable(
      `git refuses the repository of ${dir}: ${stderr.trim()}`,
      `git cannot use the repository of ${dir}: ${stderr.trim()}`,
    );
  }
  return null;
}

/**
 * One empty commit on the branch that HEAD names, unlike any other: by it a remote knows which project it belongs to. False
 * when somebody else made a first commit meanwhile.
 */
async function commitEmpty(git: Git, dir: string, signal: AbortSignal): Promise<boolean> {
  const tree = await gitText(git, { args: ['mktree'], cwd: dir, stdin: '', signal });
  const identity = await readIdentity(git, dir);
  const commit = await gitText(git, {
    args: ['commit-tree', tree, '-m', 'Start the repository', '-m', `Orchestrator-Key: ${randomUUID()}`],
    cwd: dir,
    env: identityEnvironment(identity, Math.floor(Date.now() / 1000)),
    signal,
  });
  const { exitCode } = await git({ args: ['update-ref', 'HEAD', commit, ''], cwd: dir, okExitCodes: 'any', signal });
  return exitCode === 0;
}

/** True for a missing or empty folder, and for one with nothing but a `.git` whose making was interrupted. */
async function needsInit(dir: string): Promise<boolean> {
  const found = await stat(dir).catch(() => null);
  if (found === null) return true;
  if (!found.isDirectory()) {
    throw unusable(`${dir} is not a folder`, `${dir} is a file. Choose a folder for the project.`);
  }
  const names = await readdir(dir);
  if (names.length === 0) return true;
  const gitDir = path.join(dir, '.git');
  if (names.length > 1 || names[0] !== '.git' || !(await stat(gitDir)).isDirectory()) return false;
  return !['HEAD', 'objects', 'refs', 'config'].every((part) => existsSync(path.join(gitDir, part)));
}

/** `git init`, tried again when another process is doing the same: both then find the same repository. */
async function init(git: Git, dir: string, signal: AbortSignal): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await git({ args: ['init', '--quiet', '-b', 'main', dir], cwd: dir, signal });
      return;
    } catch (error) {
      if (attempt === INIT_ATTEMPTS || signal.aborted) throw error;
      await wait(20 * attempt);
    }
  }
}

/**
 * Opens the repository that holds a folder. A missing or empty folder becomes a repository of its own with one empty
 * commit on `main`, also inside another repository; so does a repository with neither a commit nor a file. Throws
 * `workspace_unusable` for anything else that has no commit to build on.
 */
export async function openRepository(git: Git, workspaceDir: string, signal: AbortSignal): Promise<RepositoryState> {
  const dir = path.resolve(workspaceDir);
  if (await needsInit(dir)) await init(git, dir, signal);
  const repoDir = await findTop(git, dir, signal);
  if (repoDir === null) {
    throw unusable(
      `${dir} holds files but no repository`,
      `${dir} is not a git repository, so nothing in it could be taken back. Run \`git init && git add -A && git commit\` there first.`,
    );
  }
  let state = await workingState(git, repoDir, signal);
  let created = false;
  if (state.head === null) {
    if (state.changed.length + state.untracked.length > 0) {
      throw unusable(
        `${repoDir} has files but no commit`,
        `The repository ${repoDir} has no commit yet. Run \`git add -A && git commit\` there first.`,
      );
    }
    created = await commitEmpty(git, repoDir, signal);
    state = await workingState(git, repoDir, signal);
  }
  if (state.head === null) throw unusable(`${repoDir} has no commit`, `No first commit could be made in ${repoDir}.`);
  return {
    repoDir,
    baseCommit: state.head,
    branch: state.branch,
    dirtyPaths: [...state.changed, ...state.untracked].slice(0, MAX_DIRTY_PATHS),
    created,
  };
}
