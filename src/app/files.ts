import { copyFile, glob, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Files } from '../core/ports.ts';

/** Plain files below the state folder. Links are not copied: a declared file must be a file. */
export function createFiles(): Files {
  return {
    join,
    async writeText(path, text) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    },
    async copyMatching(fromDir, toDir, patterns) {
      const copied: string[] = [];
      for (const pattern of patterns) {
        for await (const path of glob(pattern, { cwd: fromDir, exclude: (name) => name === '.git' })) {
          const from = join(fromDir, path);
          if (!(await lstat(from)).isFile()) continue;
          const to = join(toDir, path);
          await mkdir(dirname(to), { recursive: true });
          await copyFile(from, to);
          copied.push(path);
        }
      }
      return copied;
    },
    async emptyDir(path) {
      await rm(path, { recursive: true, force: true });
      await mkdir(path, { recursive: true });
    },
    async remove(path) {
      await rm(path, { recursive: true, force: true });
    },
  };
}
