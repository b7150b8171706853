import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Repository } from '../core/ports.ts';
import { AppError } from '../protocol/errors.ts';
import { inReviewOrder } from '../protocol/file-order.ts';
import type { ChangedFile } from '../protocol/work.ts';
import { repositoryOf } from './delete-run.ts';

/** What a client may read of a run besides its events: files at commits of its repository, kept outputs of its checks. */
export interface Reader {
  readFile(run: RunPlace, commit: string, path: string): Promise<string | null>;
  changedFiles(run: RunPlace, from: string, to: string): Promise<ChangedFile[]>;
  output(run: RunPlace, outputFile: string): Promise<string>;
}

export interface RunPlace {
  runId: string;
  workspaceDir: string;
}

export interface ReaderParts {
  repository: Pick<Repository, 'open' | 'readFile' | 'changedFiles'>;
  /** Folder of a run for worktrees, outputs and exports; absolute. */
  runDir(runId: string): string;
}

const MAX_FILE_BYTES = 2_000_000;
const MAX_OUTPUT_BYTES = 1_000_000;

function refuse(message: string): AppError {
  return new AppError({ code: 'usage', message });
}

function requireCommit(commit: string): void {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return;
  throw refuse(`${JSON.stringify(commit)} is not a whole commit id; give all 40 or 64 digits of one.`);
}

export function createReader({ repository, runDir }: ReaderParts): Reader {
  const repositories = new Map<string, Promise<string | null>>();

  const repoDirOf = async ({ runId, workspaceDir }: RunPlace): Promise<string> => {
    const known = repositories.get(workspaceDir) ?? repositoryOf({ repository }, workspaceDir);
    repositories.set(workspaceDir, known);
    const repoDir = await known.catch((thrown: unknown) => {
      repositories.delete(workspaceDir);
      throw thrown;
    });
    if (repoDir !== null) return repoDir;
    repositories.delete(workspaceDir);
    throw new AppError({
      code: 'not_found',
      message: `no repository in ${workspaceDir}`,
      userMessage: `The repository of run ${runId} is not at ${workspaceDir} any more; its files cannot be shown.`,
    });
  };

  return {
    async readFile(run, commit, path) {
      requireCommit(commit);
      if (path.includes('\0')) throw refuse('A path cannot hold a NUL character.');
      const text = await repository.readFile(await repoDirOf(run), commit, path);
      if (text === null) return null;
      if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw refuse(`${path} is larger than 2 MB and is not shown.`);
      // Bytes that are no UTF-8 have become the replacement character: written back, the file would be another one.
      if (text.includes('\0') || text.includes('\uFFFD'))
        throw refuse(`${path} is not a text in UTF-8 and is not shown.`);
      return text;
    },
    async changedFiles(run, from, to) {
      requireCommit(from);
      requireCommit(to);
      return inReviewOrder(await repository.changedFiles(await repoDirOf(run), from, to));
    },
    output: (run, outputFile) => readOutput(runDir(run.runId), outputFile),
  };
}

/** The end of a file inside the folder, wherever links lead. */
async function readOutput(dir: string, outputFile: string): Promise<string> {
  const notThere = (thrown: NodeJS.ErrnoException) =>
    new AppError({
      code: 'not_found',
      message: `${outputFile}: ${thrown.message}`,
      userMessage: `The output ${outputFile} is not there any more (${thrown.code ?? 'unreadable'}).`,
      cause: thrown,
    });
  const path = resolve(dir, outputFile);
  const outside = refuse(`${outputFile} is not a file of this run and is not shown.`);
  if (!isInside(dir, path)) throw outside;
  const [realDir, realPath] = await Promise.all([realpath(dir), realpath(path)]).catch((thrown) => {
    throw notThere(thrown);
  });
  if (!isInside(realDir, realPath)) throw outside;
  // Non-blocking: a pipe of this name would never open otherwise.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(realPath, flags).catch((thrown) => {
    throw notThere(thrown);
  });
  try {
    const info = await file.stat();
    if (!info.isFile()) throw outside;
    const start = Math.max(0, info.size - MAX_OUTPUT_BYTES);
    const buffer = Buffer.alloc(info.size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    let from = 0;
    // Not from the middle of a character.
    if (start > 0) while (from < 4 && ((buffer[from] ?? 0) & 0xc0) === 0x80) from += 1;
    return buffer.toString('utf8', from, bytesRead);
  } finally {
    await file.close();
  }
}

function isInside(dir: string, path: string): boolean {
  const way = relative(dir, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way) && join(dir, way) === path;
}
