export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with an `aborted` AppError when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The few things that the core does with plain files, below the state folder. Paths are absolute. */
export interface Files {
  join(...parts: string[]): string;
  writeText(path: string, text: string): Promise<void>;
  /** Copies files of `fromDir` that match the patterns (relative globs) to the same places in `toDir`. */
  copyMatching(fromDir: string, toDir: string, patterns: string[]): Promise<string[]>;
  /** Makes the folder, empty. */
  emptyDir(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}
