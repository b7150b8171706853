import { readFileSync, realpathSync } from 'node:fs';
import { readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../protocol/errors.ts';
import { type Git, type GitPlace, gitText, placeOf } from './git-command.ts';
import { recently } from './recent-settings.ts';

/** Where git keeps what belongs to one worktree. */
export interface WorktreeLayout {
  /** The worktree itself, with symbolic links resolved. */
  dir: string;
  /** `<common>/worktrees/<name>`: HEAD, index and our own two files. */
  gitDir: string;
}

/** Written last: a worktree without it was never completely checked out. */
const READY_FILE = 'orchestrator-ready';
const EXCLUDE_FILE = 'orchestrator-exclude';
/** A lock that stays this long is left over: every agent's process has ended when the host uses git there. */
const STALE_LOCK_MS = 5_000;

/** With links resolved; of a file that is missing, those of its folder. */
export async function realPath(file: string): Promise<string> {
  const { dir, base } = path.parse(path.resolve(file));
  return realpath(file).catch(async () => path.join(await realpath(dir).catch(() => dir), base));
}

async function readText(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch(() => null);
}

/** Where the repositories of this program keep their `.git` folder: asked once, as long as it is there. */
const commonDirs = new WeakMap<Git, Map<string, string>>();

/** The shared `.git` folder of a repository. */
export async function commonDir(git: Git, repoDir: string): Promise<string> {
  const known = commonDirs.get(git) ?? new Map<string, string>();
  commonDirs.set(git, known);
  const before = known.get(repoDir);
  if (before !== undefined && (await stat(path.join(before, 'HEAD')).catch(() => null)) !== null) return before;
  const text = await gitText(git, { args: ['rev-parse', '--git-common-dir'], cwd: repoDir });
  const common = await realPath(path.resolve(repoDir, text));
  known.set(repoDir, common);
  return common;
}

/** Target of `<dir>/.git` when that is a file of a worktree; null otherwise. */
async function linkedGitDir(dir: string): Promise<string | null> {
  const text = await readText(path.join(dir, '.git'));
  const target = /^gitdir: (.+)$/m.exec(text ?? '')?.[1];
  return target === undefined ? null : realPath(path.resolve(dir, target));
}

async function pointsTo(gitDir: string, dir: string): Promise<boolean> {
  const back = (await readText(path.join(gitDir, 'gitdir')))?.trim();
  if (back === undefined) return false;
  const target = path.resolve(gitDir, back);
  return (await realPath(path.dirname(target))) === dir && path.basename(target) === '.git';
}

/** The registration of a folder in a repository, found even when `<dir>/.git` is gone. */
export async function findRegistration(common: string, dir: string): Promise<WorktreeLayout | null> {
  const real = await realPath(dir);
  const root = path.join(common, 'worktrees');
  const linked = await linkedGitDir(real);
  if (linked !== null && path.dirname(linked) === root && (await pointsTo(linked, real))) {
    return { dir: real, gitDir: linked };
  }
  const gitDirs = (await readdir(root).catch(() => [])).map((name) => path.join(root, name));
  const isHere = await Promise.all(gitDirs.map((gitDir) => pointsTo(gitDir, real)));
  const gitDir = gitDirs.find((_, index) => isHere[index]);
  return gitDir === undefined ? null : { dir: real, gitDir };
}

/**
 * The registration of a worktree whose folder was moved, the state folder with it: it still names the old place, where nothing
 * is any more, and gets the new one. Null when there is none, or when it belongs to a folder that is there.
 */
export async function findMoved(common: string, dir: string): Promise<WorktreeLayout | null> {
  const real = await realPath(dir);
  const gitDir = await linkedGitDir(real);
  if (gitDir === null || path.dirname(gitDir) !== path.join(common, 'worktrees')) return null;
  const file = path.join(gitDir, 'gitdir');
  const back = (await readText(file))?.trim();
  if (back === undefined || (await stat(path.dirname(path.resolve(gitDir, back))).catch(() => null)) !== null)
    return null;
  await writeFile(file, `${path.join(real, '.git')}\n`);
  return { dir: real, gitDir };
}

/** True when the folder says that it is a worktree of this repository, whether or not that is still so. */
export async function claimsToBeWorktree(common: string, dir: string): Promise<boolean> {
  const linked = await linkedGitDir(dir);
  return linked !== null && path.dirname(linked) === path.join(common, 'worktrees');
}

/** Asked before every commit: a few small files, read at once, take less than the ways to another thread and back. */
function intactLayout(dir: string): WorktreeLayout | null {
  try {
    const real = realpathSync(dir);
    const target = /^gitdir: (.+)$/m.exec(readFileSync(path.join(real, '.git'), 'utf8'))?.[1] ?? '';
    const gitDir = realpathSync(path.resolve(real, target));
    const back = path.resolve(gitDir, readFileSync(path.join(gitDir, 'gitdir'), 'utf8').trim());
    const isOurs = path.basename(path.dirname(gitDir)) === 'worktrees' && path.basename(back) === '.git';
    return isOurs && realpathSync(path.dirname(back)) === real ? { dir: real, gitDir } : null;
  } catch {
    return null;
  }
}

/**
 * The layout of a worktree that must be intact. Both directions are checked, because without `.git` git would look for
 * a repository further up and might find the user's own.
 */
export async function requireWorktree(dir: string): Promise<WorktreeLayout> {
  const layout = intactLayout(dir);
  if (layout !== null) return layout;
  const gitDir = await linkedGitDir(await realPath(dir));
  if (gitDir !== null && (await stat(gitDir).catch(() => null)) === null) {
    throw new AppError({
      code: 'git_failed',
      message: `${dir} is a worktree of ${gitDir}, which does not exist`,
      userMessage: `The repository of the working copy ${dir} is not where it was (${gitDir}). Put it back, then resume the run.`,
    });
  }
  throw new AppError({
    code: 'git_failed',
    message: `${dir} is not an intact worktree`,
    userMessage: `The working copy ${dir} is damaged: its .git file is missing or was changed. Run the subtask again.`,
  });
}

/** Variables that tie a command to a worktree, so that git looks nowhere else. */
export function worktreeEnvironment(layout: WorktreeLayout): Record<string, string> {
  return { GIT_DIR: layout.gitDir, GIT_WORK_TREE: layout.dir };
}

/** The objects of all worktrees of a repository, so that what is asked of them comes from one place. */
export function objectsOf(layout: WorktreeLayout): GitPlace {
  const common = path.dirname(path.dirname(layout.gitDir));
  return { cwd: common, env: { GIT_DIR: common } };
}

export async function isReady(layout: WorktreeLayout): Promise<boolean> {
  return (await readText(path.join(layout.gitDir, READY_FILE))) !== null;
}

export async function markReady(layout: WorktreeLayout): Promise<void> {
  await writeFile(path.join(layout.gitDir, READY_FILE), '');
}

/** Puts right what a crash or an agent may have broken in a complete worktree, without touching its files. */
export async function repairWorktree(layout: WorktreeLayout, commit: string): Promise<void> {
  if ((await linkedGitDir(layout.dir)) !== layout.gitDir) {
    await rm(path.join(layout.dir, '.git'), { recursive: true, force: true });
    await writeFile(path.join(layout.dir, '.git'), `gitdir: ${layout.gitDir}\n`);
  }
  const head = await readText(path.join(layout.gitDir, 'HEAD'));
  if (head === null || !/^([0-9a-f]{40,64}|ref: \S+)\s*$/.test(head)) {
    await writeFile(path.join(layout.gitDir, 'HEAD'), `${commit}\n`);
  }
  const index = path.join(layout.gitDir, 'index');
  // After a power cut the index may be empty, which git refuses; without one it makes it anew.
  if ((await stat(index).catch(() => null))?.size === 0) await rm(index, { force: true });
}

/** What the user has set; null when nothing. */
const excludesFile = recently(async (git, at) => {
  const args = ['config', '--type=path', '--get', 'core.excludesFile'];
  const { stdout, exitCode } = await git({ ...placeOf(at), args, okExitCodes: [0, 1] });
  return exitCode === 0 ? stdout.toString().trim() : null;
});

/** The user's own excludes and `node_modules`, which must not be committed even when no .gitignore says so. */
export async function readExcludes(git: Git, repoDir: string): Promise<string> {
  const configHome = process.env.XDG_CONFIG_HOME || path.join(homedir(), '.config');
  const file = (await excludesFile(git, repoDir)) ?? path.join(configHome, 'git', 'ignore');
  const own = (await readText(path.resolve(repoDir, file))) ?? '';
  return `${own}\nnode_modules/\n`;
}

export async function writeExcludes(layout: WorktreeLayout, excludes: string): Promise<void> {
  await writeFile(path.join(layout.gitDir, EXCLUDE_FILE), excludes);
}

/** The settings for `add` and `clean` in a worktree. */
export function excludeConfig(layout: WorktreeLayout): string {
  return `core.excludesFile=${path.join(layout.gitDir, EXCLUDE_FILE)}`;
}

/**
 * Runs a command that changes index or HEAD of a worktree; when it fails, waits until no lock is in the way and tries
 * once more. A lock that has been there for five seconds is removed. Only for worktrees of ours.
 * `clearOther` removes what else may be in the way before the second try.
 */
export async function withWorktreeLocks<T>(
  layout: WorktreeLayout,
  run: () => Promise<T>,
  clearOther: () => Promise<unknown> = async () => undefined,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    for (const lock of ['index.lock', 'HEAD.lock']) {
      if (!(await lockGone(path.join(layout.gitDir, lock)))) throw error;
    }
    await clearOther();
    return run();
  }
}

/** Waits for a lock to go, at most 20 seconds: by itself, or because it is old and is removed. */
async function lockGone(lock: string): Promise<boolean> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await stat(lock).catch(() => null);
    if (found === null) return true;
    if (Date.now() - found.mtimeMs >= STALE_LOCK_MS) {
      await rm(lock, { force: true });
      return true;
    }
    await wait(100);
  }
  return false;
}
