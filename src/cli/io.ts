import type { Readable, Writable } from 'node:stream';
import type { AppApi } from '../app/api.ts';
import type { LocalCloudAccess, Settings } from '../app/config.ts';

/** The world of a command: replaced in tests. */
export interface Io {
  stdin: Readable;
  /** Data only. */
  stdout: Writable;
  /** Words for people. */
  stderr: Writable & { columns?: number; rows?: number };
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Somebody can be asked: stdin and stderr are terminals. */
  isInteractive: boolean;
  /** stderr is a terminal that understands cursor movement. */
  isLive: boolean;
  hasColor: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back on Ctrl-C or SIGTERM; returns the function that ends this. */
  onInterrupt(handler: () => void): () => void;
  /** Calls back when nobody reads stdout any more; returns the function that ends this. */
  onOutputClosed(handler: () => void): () => void;
}

/** What commands get from the program below them; loaded when first used. */
export interface Deps {
  /** Throws `usage` when no run can work in the folder. */
  checkWorkspace(workspaceDir: string): Promise<void>;
  openApp(settings: Settings): Promise<AppApi>;
  ensureLocalCloud(options: { stateDir: string; signal: AbortSignal }): Promise<LocalCloudAccess>;
}

export function say(io: Io, text: string): void {
  io.stderr.write(`${text}\n`);
}

export function printJson(io: Io, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value)}\n`);
}
