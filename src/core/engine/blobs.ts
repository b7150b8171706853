import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { writeDurably } from '../durable-file.ts';

/**
 * Large values as files named by the hash of their content.
 *
 * 1. A file is complete and on the disk before any row names it: `durable-file.ts`.
 * 2. Files are written and removed only inside a write transaction, so that one cannot be removed while it is taken up.
 */
interface BlobFiles {
  /** Writes the text unless it is there; returns its hash. */
  put(text: string): string;
  get(hash: string): string;
  /** By file name, so that unfinished files go too. */
  remove(fileName: string): void;
}

const failed = (what: string, path: string, cause?: unknown) =>
  new AppError({
    code: 'storage_failed',
    message: `${what} ${path}: ${cause instanceof Error ? cause.message : 'content does not match its name'}`,
    userMessage: `A stored value could not be ${what === 'writing' ? 'written to' : 'read from'} ${path}. Check the disk, then resume.`,
    cause,
  });

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

export function createBlobFiles(stateDir: string): BlobFiles {
  const dir = join(stateDir, 'blobs');
  const pathOf = (hash: string) => join(dir, `${hash}.json`);
  return {
    put(text) {
      const hash = hashOf(text);
      const path = pathOf(hash);
      try {
        mkdirSync(dir, { recursive: true, mode: 0o700 });
        if (statSync(path, { throwIfNoEntry: false })?.size === Buffer.byteLength(text)) return hash;
        writeDurably(path, text);
      } catch (thrown) {
        throw failed('writing', path, thrown);
      }
      return hash;
    },
    get(hash) {
      const path = pathOf(hash);
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (thrown) {
        throw failed('reading', path, thrown);
      }
      if (hashOf(text) !== hash) throw failed('reading', path);
      return text;
    },
    remove: (fileName) => rmSync(join(dir, fileName), { force: true }),
  };
}
