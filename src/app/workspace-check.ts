import { execFile } from 'node:child_process';
import { lstat, readdir, stat } from 'node:fs/promises';
import { AppError } from '../protocol/errors.ts';

const GIT_LIMIT_MS = 10_000;

function refuse(message: string): AppError {
  return new AppError({ code: 'usage', message, userMessage: `Nothing was started: ${message}` });
}

/** What git answers in a folder: its output also when it fails; null when there is no git. */
function askGit(cwd: string, args: readonly string[]): Promise<{ ok: boolean; output: string } | null> {
  return new Promise((resolve) => {
    execFile('git', [...args], { cwd, timeout: GIT_LIMIT_MS }, (error, output) => {
      if (error?.code === 'ENOENT') resolve(null);
      else resolve({ ok: error === null, output });
    });
  });
}

const noGit = () => refuse('git was not found; install git 2.38 or newer.');

/**
 * What can be known about a workspace before a run is made: throws `usage` for one in which no run can work. A missing or
 * empty folder is fine, and so is a repository with a commit. Changes nothing.
 */
export async function checkWorkspace(workspaceDir: string): Promise<void> {
  if (!(await holdsFiles(workspaceDir))) {
    if ((await askGit('.', ['--version'])) === null) throw noGit();
    return;
  }
  const advice = 'Run there: git init && git add -A && git commit -m start';
  // Both questions in one process: a run's first model request waits for it.
  const found = await askGit(workspaceDir, ['rev-parse', '--show-toplevel', '--quiet', '--verify', 'HEAD']);
  if (found === null) throw noGit();
  if (found.ok) return;
  if (found.output === '')
    throw refuse(`the workspace ${workspaceDir} holds files but is no git repository. ${advice}`);
  throw refuse(`the repository of ${workspaceDir} has no commit yet. ${advice}`);
}

/** Whether there is anything besides `.git`. Throws `usage` for what cannot be a workspace. */
async function holdsFiles(workspaceDir: string): Promise<boolean> {
  const entry = await lstat(workspaceDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw refuse(`the workspace ${workspaceDir} cannot be used (${error.code}).`);
  });
  if (entry === null) return false;
  const target = await stat(workspaceDir).catch(() => null);
  if (target === null) throw refuse(`the workspace ${workspaceDir} is a link that leads nowhere.`);
  if (!target.isDirectory()) throw refuse(`the workspace ${workspaceDir} is not a folder.`);
  return (await readdir(workspaceDir)).some((name) => name !== '.git');
}
