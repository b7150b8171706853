import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';

/** Settings for an index that is not the user's: whole, in one file, without their sparse selection. */
export const OWN_INDEX_CONFIG = ['core.splitIndex=false', 'core.sparseCheckout=false', 'core.safecrlf=false'];

/** Runs `use` with a fresh folder below `tempDir` and an index file in it, and removes both. */
export async function withTempIndex<T>(
  tempDir: string,
  use: (dir: string, env: Record<string, string>) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(path.join(tempDir, 'index-'));
  try {
    return await use(dir, { GIT_INDEX_FILE: path.join(dir, 'index') });
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
