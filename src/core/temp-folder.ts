import { existsSync, lstatSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { currentProcess, hasEnded } from './engine/processes.ts';
import type { Log } from './ports.ts';

/**
 * The temporary folder of one program, in the system's: a state folder's path would be too long for the sockets that commands
 * make below it.
 *
 * 1. It is made when it is first asked for, and goes with `close` or the end of the process.
 * 2. It names its owner. What a killed process left is removed when the next program opens; that of a live one never.
 */
export interface TempFolder {
  /** Absolute, without symbolic links. */
  path(): string;
  /** Idempotent. */
  close(): Promise<void>;
}

interface TempFolderOptions {
  log: Log;
  /** Default: the system's folder for temporary files. */
  parentDir?: string;
}

const PREFIX = 'orchestrator-';
/** Without it a folder is somebody else's and stays. */
const OWNER_FILE = '.owner.json';

/** How long a program that ends goes on removing what others left; the rest is for the next one. */
const SWEEP_LIMIT_MS = 5_000;

const Owner = z.object({ host: z.string(), pid: z.int().positive(), processStart: z.string() });

export function openTempFolder({ log, parentDir = tmpdir() }: TempFolderOptions): TempFolder {
  let folder: string | null = null;
  const stop = new AbortController();
  const sweeping = sweep(parentDir, log, stop.signal);

  const removeNow = (): void => {
    if (folder !== null) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const make = (): string => {
    const owner = JSON.stringify(currentProcess());
    const made = mkdtempSync(join(realpathSync(parentDir), PREFIX));
    writeFileSync(join(made, OWNER_FILE), owner, { mode: 0o600 });
    if (folder === null) process.once('exit', removeNow);
    return made;
  };
  return {
    path() {
      // Programs that tidy temporary files up may have taken it from a program that runs for days.
      if (folder === null || !existsSync(folder)) folder = make();
      return folder;
    },
    async close() {
      const left = folder;
      const limit = setTimeout(() => stop.abort(), SWEEP_LIMIT_MS);
      await sweeping;
      clearTimeout(limit);
      if (left === null) return;
      // What still runs may be writing there; the end of the process tries once more.
      await remove(left, log);
      if (folder !== left || existsSync(left)) return;
      folder = null;
      process.off('exit', removeNow);
    },
  };
}

/** Removes the folders of processes that have ended. Never rejects. */
async function sweep(parentDir: string, log: Log, signal: AbortSignal): Promise<void> {
  const names = await readdir(parentDir).catch(() => []);
  const { host } = currentProcess();
  for (const name of names.filter((candidate) => candidate.startsWith(PREFIX))) {
    if (signal.aborted) return;
    const dir = join(parentDir, name);
    const owner = ownerOf(dir);
    if (owner !== null && owner.host === host && hasEnded(owner)) await remove(dir, log);
  }
}

/** The owner's name goes last: whoever is interrupted here leaves a folder that the next one knows. Never rejects. */
async function remove(dir: string, log: Log): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 3 };
  try {
    const names = await readdir(dir);
    for (const name of names.filter((entry) => entry !== OWNER_FILE)) await rm(join(dir, name), options);
    await rm(dir, options);
  } catch (error) {
    if (existsSync(dir)) log.warn('temporary folder was left', { folder: dir, error: String(error) });
  }
}

/** Null for what is not such a folder, or another user's: theirs may hold anything. */
function ownerOf(dir: string): z.infer<typeof Owner> | null {
  try {
    const info = lstatSync(dir);
    if (!info.isDirectory() || (process.getuid !== undefined && info.uid !== process.getuid())) return null;
    return Owner.parse(JSON.parse(readFileSync(join(dir, OWNER_FILE), 'utf8')));
  } catch {
    return null;
  }
}
