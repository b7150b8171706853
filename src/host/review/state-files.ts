import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReviewState } from './review-state.ts';

/** Reviews on disk, one file for each run. The newest are kept. */
export interface StateFiles {
  /** Null when there is none, or none that can be read. */
  read(runId: string): Promise<ReviewState | null>;
  /** Writes in order; a later state replaces an earlier one that has not been written yet. */
  write(state: ReviewState): Promise<void>;
  /** Takes no further states; resolves when those that came before are on disk. */
  close(): Promise<void>;
}

export interface StateFilesOptions {
  dir: string;
  onError(error: unknown): void;
}

const MAX_FILES = 40;
/** Everything that a person has written into one review. */
const MAX_BYTES = 50_000_000;

export function createStateFiles({ dir, onError }: StateFilesOptions): StateFiles {
  const pending = new Map<string, ReviewState>();
  let writing: Promise<void> = Promise.resolve();
  let isPruned = false;
  let isClosed = false;
  const fileOf = (runId: string) => join(dir, `${encodeURIComponent(runId)}.json`);

  const put = async (runId: string) => {
    const state = pending.get(runId);
    if (state === undefined) return;
    pending.delete(runId);
    const text = JSON.stringify(state);
    if (Buffer.byteLength(text) > MAX_BYTES) {
      throw new Error(
        `the review of ${runId} is larger than ${MAX_BYTES} bytes and lasts only until the window is closed`,
      );
    }
    await mkdir(dir, { recursive: true });
    const draft = `${fileOf(runId)}.${process.pid}.tmp`;
    await writeFile(draft, text);
    await rename(draft, fileOf(runId));
    if (!isPruned) {
      isPruned = true;
      await prune(dir);
    }
  };

  return {
    async read(runId) {
      await writing;
      try {
        const state = ReviewState.parse(JSON.parse(await readFile(fileOf(runId), 'utf8')));
        return state.runId === runId ? state : null;
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') onError(thrown);
        return null;
      }
    },
    write(state) {
      if (isClosed) return writing;
      pending.set(state.runId, state);
      writing = writing.then(() => put(state.runId)).catch(onError);
      return writing;
    },
    close() {
      isClosed = true;
      return writing;
    },
  };
}

async function prune(dir: string): Promise<void> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json'));
  if (names.length <= MAX_FILES) return;
  const dated = await Promise.all(
    names.map(async (name) => ({ path: join(dir, name), at: (await stat(join(dir, name))).mtimeMs })),
  );
  dated.sort((a, b) => b.at - a.at);
  await Promise.all(dated.slice(MAX_FILES).map(({ path }) => rm(path, { force: true })));
}
