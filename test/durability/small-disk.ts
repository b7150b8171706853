import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Fills the disk below a folder to the last block; returns the file to remove. */
export function fillDisk(dir: string): string {
  const path = join(dir, 'filler');
  const fd = openSync(path, 'w');
  try {
    for (let sizeBytes = 65_536; sizeBytes >= 1; ) {
      try {
        writeSync(fd, Buffer.alloc(sizeBytes));
      } catch {
        sizeBytes = Math.floor(sizeBytes / 2);
      }
    }
  } finally {
    closeSync(fd);
  }
  return path;
}

/** Gives a folder a file system of its own, to be unmounted by the caller. Returns null, or the reason when there can be none. */
export function mountSmallDisk(dir: string, sizeBytes: number): string | null {
  if (process.platform !== 'linux') return 'only Linux mounts small file systems';
  mkdirSync(dir, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', dir], { stdio: 'pipe' });
    return null;
  } catch (thrown) {
    return `a small file system cannot be mounted here: ${String(thrown).split('\n')[1] ?? ''}`;
  }
}

export function unmount(dir: string): void {
  execFileSync('umount', ['--lazy', dir]);
}
