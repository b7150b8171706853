import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import type { GitCommand, GitResult } from './git-command.ts';

/** Removes user names and passwords from URLs in a text. */
export function redactUrls(text: string): string {
  return text.replace(/(\w+:\/\/)[^/\s@]*@/g, '$1***@');
}

/** What git says of this computer's disk; what it says of another one it begins with `remote:`. */
const NO_ROOM = /^(?!remote:).*(No space left on device|Out of diskspace|Disk quota exceeded)/im;

/** The folder of the repository that a worktree belongs to, which may lie on another disk; null when it is the same. */
function repositoryOf(worktreeDir: string): string | null {
  try {
    const pointer = readFileSync(join(worktreeDir, '.git'), 'utf8').trim();
    return /^gitdir: (.*?)(?:[\\/]worktrees[\\/][^\\/]+)?$/.exec(pointer)?.[1] ?? null;
  } catch {
    return null;
  }
}

function noRoom({ args, cwd }: GitCommand, stderr: string): AppError {
  const folders = [cwd, repositoryOf(cwd)].filter((folder) => folder !== null);
  return new AppError({
    code: 'storage_failed',
    message: `git ${args[0] ?? ''} found no room in ${cwd}: ${stderr}`,
    userMessage: `The disk that holds ${folders.join(' or ')} is full (${stderr}). Free some space, then resume the run.`,
  });
}

/** The failure of a command as an AppError: `storage_failed` when the disk is full, else `git_failed`. */
export function gitFailure(command: GitCommand, result: Pick<GitResult, 'exitCode' | 'stderr'>): AppError {
  const verb = command.args[0] ?? '';
  const stderr = redactUrls(result.stderr.trim()).slice(-2_000);
  if (NO_ROOM.test(stderr)) return noRoom(command, stderr);
  return new AppError({
    code: 'git_failed',
    message: `git ${verb} ended with ${result.exitCode} in ${command.cwd}: ${stderr}`,
    userMessage: `git ${verb} failed in ${command.cwd}: ${stderr === '' ? `exit code ${result.exitCode}` : stderr}`,
    details: { verb, exitCode: result.exitCode },
  });
}

export function startFailure(command: GitCommand, binary: string, cause: unknown): AppError {
  if (!existsSync(command.cwd)) {
    return new AppError({
      code: 'git_failed',
      message: `folder of git ${command.args[0] ?? ''} does not exist: ${command.cwd}`,
      userMessage: `The folder ${command.cwd} does not exist any more. Put it back, then resume the run.`,
      cause,
    });
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code !== 'ENOENT' && code !== 'EACCES') {
    const busy = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'].includes(code);
    return new AppError({
      code: 'git_failed',
      message: `cannot start ${binary} ${command.args[0] ?? ''}: ${code}`,
      userMessage: `git could not be started (${code})${busy ? ': the computer has too much open. Try again' : ''}.`,
      retry: busy,
      cause,
    });
  }
  return new AppError({
    code: 'configuration',
    message: `cannot start ${binary}`,
    userMessage: `git could not be started (${binary}). Install git 2.38 or newer and make sure that it is on the PATH.`,
    cause,
  });
}

export function interruption(command: GitCommand, kind: 'aborted' | 'timeout' | 'overflow', cause?: unknown): AppError {
  const verb = command.args[0] ?? '';
  if (kind === 'aborted') {
    return new AppError({ code: 'aborted', message: `git ${verb} was cancelled`, userMessage: 'Cancelled.', cause });
  }
  if (kind === 'timeout') {
    return new AppError({
      code: 'timeout',
      message: `git ${verb} took too long in ${command.cwd}`,
      userMessage: `git ${verb} did not finish in time in ${command.cwd}.`,
    });
  }
  return new AppError({
    code: 'git_failed',
    message: `git ${verb} printed too much in ${command.cwd}`,
    userMessage: `git ${verb} gave more output than this program takes, in ${command.cwd}.`,
  });
}
