import type { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../protocol/errors.ts';

type Sqlite = typeof import('node:sqlite');
export type Database = DatabaseSync;

const MIN_NODE = '22.14';

/**
 * Loads node:sqlite at first use, so that start-up does not pay for it. Node 22 announces the module as experimental; that
 * one warning is dropped, all others pass.
 */
export function loadSqlite(): Sqlite {
  const original = process.emitWarning;
  const passOthers = (warning: string | Error, ...rest: unknown[]) => {
    const text = warning instanceof Error ? warning.message : warning;
    if (rest[0] === 'ExperimentalWarning' && text.startsWith('SQLite ')) return;
    Reflect.apply(original, process, [warning, ...rest]);
  };
  process.emitWarning = passOthers;
  try {
    const sqlite = process.getBuiltinModule('node:sqlite');
    if (sqlite === undefined) throw missingModule();
    return sqlite;
  } finally {
    process.emitWarning = original;
  }
}

function missingModule(): AppError {
  return new AppError({
    code: 'configuration',
    message: `node:sqlite is missing in Node ${process.version}`,
    userMessage: `This Node (${process.version}) has no built-in SQLite. Use Node ${MIN_NODE} or newer.`,
  });
}

/** Primary SQLite result codes, https://sqlite.org/rescode.html */
const CODE = { busy: 5, locked: 6, readOnly: 8, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;

function primaryCode(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number') return null;
  return thrown.errcode & 0xff;
}

export const isBusy = (thrown: unknown): boolean => {
  const code = primaryCode(thrown);
  return code === CODE.busy || code === CODE.locked;
};

function advice(code: number, file: string): string {
  switch (code) {
    case CODE.busy:
    case CODE.locked:
      return `Another program has kept ${file} locked for over 5 seconds. Close other windows that use it, then try again.`;
    case CODE.readOnly:
    case CODE.cannotOpen:
      return `${file} cannot be opened for writing. Check that the folder exists and that you may write to it.`;
    case CODE.corrupt:
    case CODE.notADatabase:
      return `${file} is damaged and cannot be read. Move it away (keep it for rescue) and start again.`;
    case CODE.full:
      return `The disk that holds ${file} is full. Free some space, then resume.`;
    default:
      return `Reading or writing ${file} failed. Check the disk, then resume.`;
  }
}

/** SQLite's errors as `storage_failed`; everything else unchanged. */
export function toStorageError(thrown: unknown, file: string): unknown {
  const code = primaryCode(thrown);
  if (code === null || thrown instanceof AppError || !(thrown instanceof Error)) return thrown;
  return new AppError({
    code: 'storage_failed',
    message: `SQLite error ${code} on ${file}: ${thrown.message}`,
    userMessage: advice(code, file),
    retry: isBusy(thrown),
    cause: thrown,
  });
}
