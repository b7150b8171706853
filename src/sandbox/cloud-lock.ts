import { link, mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

const BEAT_MS = 5_000;
/** A holder that did not beat for this long is gone, even when its process number is in use again. */
const STALE_MS = 30_000;

export interface CloudLock {
  /** Idempotent. */
  release(): Promise<void>;
}

/**
 * Takes the data folder for this process by creating `cloud.lock` exclusively; a lock whose holder is dead is taken over.
 * Null when somebody alive holds it.
 */
export async function takeCloudLock(dataDir: string): Promise<CloudLock | null> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'cloud.lock');
  const content = `${process.pid} ${Date.now()} ${Math.random()}`;
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await create(path, content)) return holdLock(path, content);
    const seen = await read(path);
    if (seen === null) continue;
    if (seen.isFresh && isAlive(seen.pid)) return null;
    await removeStale(path, seen.content);
  }
  return null;
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(content);
    await file.close();
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

async function read(path: string): Promise<{ pid: number; content: string; isFresh: boolean } | null> {
  try {
    const [content, info] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const pid = Number(content.split(' ')[0]);
    const isFresh = Date.now() - info.mtimeMs < STALE_MS;
    // Empty for the moment between creation and writing: its maker is at work.
    return { pid: content === '' ? process.pid : pid, content, isFresh };
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}

/** Moves the file away first, so that of two takers only one removes it, and gives a newer lock back. */
async function removeStale(path: string, content: string): Promise<void> {
  const aside = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== content) await link(aside, path);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT' && codeOf(thrown) !== 'EEXIST') throw thrown;
  } finally {
    await rm(aside, { force: true });
  }
}

function holdLock(path: string, content: string): CloudLock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  let isReleased = false;
  return {
    release: async () => {
      if (isReleased) return;
      isReleased = true;
      clearInterval(beat);
      const held = await readFile(path, 'utf8').catch(() => '');
      if (held === content) await rm(path, { force: true });
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === 'EPERM';
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : null;
}
