import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * The tools that change files. The vendor's own bring every file to the disk before they answer, which takes many times as long
 * as the writing when several agents work; here a worktree that the power takes is made again from its last commit.
 *
 * 1. A file is replaced as a whole, so nobody sees half of one; one that was there keeps its permissions.
 * 2. Paths have been resolved and judged before (`path-guard.ts`). What is thrown is for the model to read.
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
export async function writeWhole(file: string, shown: string, content: string): Promise<string> {
  await replaceFile(file, content).catch((thrown) => {
    throw new Error(`write: ${reasonOf(thrown, shown)}`);
  });
  return `wrote ${Buffer.byteLength(content)} bytes to ${shown}`;
}

/** Replaces a text that must be unique in the file, or with `replace_all` each one. */
export async function editText(file: string, shown: string, edit: Edit): Promise<string> {
  const before = await readWhole(file, shown);
  const { old_string: old, new_string: text, replace_all: isEach = false } = edit;
  const pieces = before.split(old);
  const count = pieces.length - 1;
  if (count === 0) throw new Error(`edit: old_string not found in ${shown}`);
  if (count > 1 && !isEach) throw new Error(`edit: old_string appears ${count} times in ${shown} (must be unique)`);
  await replaceFile(file, pieces.join(text)).catch((thrown) => {
    throw new Error(`edit: ${reasonOf(thrown, shown)}`);
  });
  return `edited ${shown} (${count} replacement(s))`;
}

async function readWhole(file: string, shown: string): Promise<string> {
  const found = await stat(file).catch((thrown) => {
    throw new Error(`edit: ${reasonOf(thrown, shown)}`);
  });
  // Opening a pipe that nobody writes to would wait for ever.
  if (!found.isFile()) throw new Error(`edit: ${shown} is not a regular file`);
  if (found.size > MAX_EDIT_BYTES) {
    throw new Error(`edit: ${shown} is ${found.size} bytes, more than the ${MAX_EDIT_BYTES} that can be edited.`);
  }
  return readFile(file, 'utf8').catch((thrown) => {
    throw new Error(`edit: ${reasonOf(thrown, shown)}`);
  });
}

async function replaceFile(file: string, content: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true });
  const before = await stat(file).catch(() => null);
  if (before?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
  const aside = join(folder, `.tmp-${process.pid}-${randomUUID()}`);
  try {
    const handle = await open(aside, 'wx', NEW_FILE_MODE);
    try {
      if (before !== null) await handle.chmod(before.mode & 0o777);
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (thrown) {
    await rm(aside, { force: true });
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
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
};

/** Without the host's own words, which name its folders. */
function reasonOf(thrown: unknown, shown: string): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
  return `${shown}: ${REASONS[code] ?? `i/o error (${code})`}`;
}
