import { execFile } from 'node:child_process';
import { lstat, readdir, stat } from 'node:fs/promises';
import { AppError } from '../protocol/errors.ts';

const GIT_LIMIT_MS = 10_000;

function refuse(message: string): AppError {
  return new AppError({ code: 'usage', message, userMessage: `Nothing was started: ${message}` });
}

/** Exit code of a git command in the folder; null when there is no git. */
function git(cwd: string, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    execFile('git', [...args], { cwd, timeout: GIT_LIMIT_MS }, (error) => {
      if (error === null) resolve(0);
      else resolve(error.code === 'ENOENT' ? null : typeof error.code === 'number' ? error.code : 1);
    });
  });
}

/**
 * What can be known about a workspace before a run is made: throws `usage` for one in which no run can work. A missing or
 * empty folder is fine, and so is a repository with a commit. Changes nothing.
 */
export async function checkWorkspace(workspaceDir: string): Promise<void> {
  if ((await git('.', ['--version'])) === null) throw refuse('git was not found; install git 2.38 or newer.');
  const entry = await lstat(workspaceDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw refuse(`the workspace ${workspaceDir} cannot be used (${error.code}).`);
  });
  if (entry === null) return;
  const target = await stat(workspaceDir).catch(() => null);
  if (target === null) throw refuse(`the workspace ${workspaceDir} is a link that leads nowhere.`);
  if (!target.isDirectory()) throw refuse(`the workspace ${workspaceDir} is not a folder.`);
  const names = (await readdir(workspaceDir)).filter((name) => name !== '.git');
  if (names.length === 0) return;
  const advice = 'Run there: git init && git add -A && git commit -m start';
  if ((await git(workspaceDir, ['rev-parse', '--show-toplevel'])) !== 0) {
    throw refuse(`the workspace ${workspaceDir} holds files but is no git repository. ${advice}`);
  }
  if ((await git(workspaceDir, ['rev-parse', '--quiet', '--verify', 'HEAD'])) !== 0) {
    throw refuse(`the repository of ${workspaceDir} has no commit yet. ${advice}`);
  }
}
