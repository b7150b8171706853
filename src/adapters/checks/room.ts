import { statfs } from 'node:fs/promises';
import { AppError } from '../../protocol/errors.ts';

/** With less, in bytes, a disk takes none of the files that commands write. */
const LEAST_BYTES = 64 * 1024;

async function isFull(dir: string): Promise<boolean> {
  try {
    const { blocks, bavail, bsize } = await statfs(dir);
    // Some network file systems know nothing about their size.
    return blocks > 0 && bavail * bsize < LEAST_BYTES;
  } catch {
    return false;
  }
}

/**
 * Throws `storage_failed` when the disk of one of the folders is full: what failed there says nothing about the work, and an
 * agent that is told of it would only go on asking, and paying.
 */
export async function requireRoom(dirs: readonly string[]): Promise<void> {
  for (const dir of dirs) {
    if (!(await isFull(dir))) continue;
    throw new AppError({
      code: 'storage_failed',
      message: `no room on the disk of ${dir}`,
      userMessage: `The disk that holds ${dir} is full. Free some space, then resume the run.`,
    });
  }
}
