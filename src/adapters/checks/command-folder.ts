import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A command's own folder, for its home and its temporary files. Made and, where nothing was left in it, removed without a
 * way to another thread: the result of every check waits for both.
 */
export interface CommandFolder {
  dir: string;
  home: string;
  temp: string;
}

export function makeCommandFolder(parent: string): CommandFolder {
  const dir = mkdtempSync(join(realpathSync(parent), 'c-'));
  const folder = { dir, home: join(dir, 'home'), temp: join(dir, 'tmp') };
  try {
    mkdirSync(folder.home);
    mkdirSync(folder.temp);
    return folder;
  } catch (thrown) {
    rmSync(dir, { recursive: true, force: true });
    throw thrown;
  }
}

export async function removeCommandFolder({ dir }: CommandFolder): Promise<void> {
  try {
    for (const name of readdirSync(dir)) rmdirSync(join(dir, name));
    rmdirSync(dir);
  } catch {
    // Something was left; and a process that left its group may still write here.
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}
