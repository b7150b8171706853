import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Input for processes that stay: files in a folder of our own, made when it is first needed. */
export interface ScratchFiles {
  /** Calls back with a file of that content, and removes it. */
  use<T>(content: string | Buffer, run: (file: string) => Promise<T>): Promise<T>;
  /** Removes the folder. Idempotent. */
  close(): Promise<void>;
}

export function createScratchFiles(): ScratchFiles {
  let folder: Promise<string> | null = null;
  let count = 0;
  return {
    async use(content, run) {
      folder ??= mkdtemp(path.join(tmpdir(), 'orchestrator-git-'));
      count += 1;
      const name = String(count);
      const file = path.join(await folder, name);
      await writeFile(file, content, { mode: 0o600 });
      try {
        return await run(file);
      } finally {
        rm(file, { force: true }).catch(() => undefined);
      }
    },
    async close() {
      const made = folder;
      folder = null;
      if (made !== null) await rm(await made, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
