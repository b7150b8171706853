import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Input for processes that stay: small files in a folder of our own, made when it is first needed. */
export interface ScratchFiles {
  /** Calls back with a file of that content, and removes it. */
  use<T>(content: string | Buffer, run: (file: string) => Promise<T>): Promise<T>;
  /** Removes the folder. Idempotent. */
  close(): void;
}

/** `tempDir` gives the folder that theirs is made in. */
export function createScratchFiles(tempDir: () => string): ScratchFiles {
  let folder: string | null = null;
  let count = 0;
  const remove = (): void => {
    if (folder !== null) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    folder = null;
  };
  return {
    async use(content, run) {
      if (folder === null || !existsSync(folder)) folder = mkdtempSync(path.join(tempDir(), 'git-'));
      count += 1;
      const file = path.join(folder, String(count));
      // At once: a way to another thread and back takes longer than so small a file, and a commit waits for it.
      writeFileSync(file, content, { mode: 0o600 });
      try {
        return await run(file);
      } finally {
        rmSync(file, { force: true });
      }
    },
    close: remove,
  };
}
