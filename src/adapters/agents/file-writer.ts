import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AppError, toAppError } from '../../protocol/errors.ts';

/**
 * The tools that change files. The vendor's own bring every file to the disk before they answer, which takes many times as long
 * as the writing when several agents work; here a worktree that the power takes is made again from its last commit.
 *
 * 1. A file is replaced as a whole, so nobody sees half of one; one that was there keeps its permissions.
 * 2. All of it is done at once: for a text that a model writes, ways to other threads take longer than the work.
 * 3. Paths have been resolved and judged before (`path-guard.ts`). What is thrown is for the model to read, except an AppError.
 */
const MAX_EDIT_BYTES = 256 * 1024;
/** Less what the user's umask takes away. */
const NEW_FILE_MODE = 0o666;

export interface Edit {
  old_string: string;
  new_string: string;
  replace_all?: boolean | undefined;
}

/** Writes a file, with its folders. `shown` is the path as the model named it. */
export function writeWhole(file: string, shown: string, content: string): string {
  told('write', file, shown, () => replaceFile(file, content));
  return `wrote ${Buffer.byteLength(content)} bytes to ${shown}`;
}

/** Replaces a text that must be unique in the file, or with `replace_all` each one. */
export function editText(file: string, shown: string, edit: Edit): string {
  const found = told('edit', file, shown, () => statSync(file));
  // Opening a pipe that nobody writes to would wait for ever.
  if (!found.isFile()) throw new Error(`edit: ${shown} is not a regular file`);
  if (found.size > MAX_EDIT_BYTES) {
    throw new Error(`edit: ${shown} is ${found.size} bytes, more than the ${MAX_EDIT_BYTES} that can be edited.`);
  }
  const before = told('edit', file, shown, () => readFileSync(file, 'utf8'));
  const { old_string: old, new_string: text, replace_all: isEach = false } = edit;
  const pieces = before.split(old);
  const count = pieces.length - 1;
  if (count === 0) throw new Error(`edit: old_string not found in ${shown}`);
  if (count > 1 && !isEach) throw new Error(`edit: old_string appears ${count} times in ${shown} (must be unique)`);
  told('edit', file, shown, () => replaceFile(file, pieces.join(text)));
  return `edited ${shown} (${count} replacement(s))`;
}

function replaceFile(file: string, content: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  const before = statSync(file, { throwIfNoEntry: false });
  if (before?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
  const aside = join(folder, `.tmp-${process.pid}-${randomUUID()}`);
  try {
    writeFileSync(aside, content, { flag: 'wx', mode: NEW_FILE_MODE });
    if (before !== undefined) chmodSync(aside, before.mode & 0o777);
    renameSync(aside, file);
  } catch (thrown) {
    rmSync(aside, { force: true });
    throw thrown;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'not a directory',
  EEXIST: 'not a directory',
  EISDIR: 'is a directory',
  ENAMETOOLONG: 'file name too long',
};

function diskFault(thrown: unknown, folder: string): AppError | null {
  if (!(thrown instanceof Error)) return null;
  // The system names the file when it is opened, and nothing when it is written.
  if (!thrown.message.includes(folder)) thrown.message += ` in ${folder}`;
  const error = toAppError(thrown);
  return error.code === 'storage_failed' ? error : null;
}

/**
 * Throws in words for the model, without the host's own, which name its folders. What only a person can mend, a full disk for
 * one, is `storage_failed` instead: a model that is told of it would only go on asking, and paying.
 */
function told<T>(tool: string, file: string, shown: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    const fault = diskFault(thrown, dirname(file));
    if (fault !== null) throw fault;
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
    throw new Error(`${tool}: ${shown}: ${REASONS[code] ?? `i/o error (${code})`}`);
  }
}
