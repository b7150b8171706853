import type { GitCommand, GitResult } from './git-command.ts';
import { gitFailure } from './git-errors.ts';

const DEFAULT_OUTPUT_BYTES = 64 * 1024 * 1024;
const STDERR_BYTES = 64 * 1024;
const LOCAL_TIMEOUT_MS = 5 * 60_000;
const NETWORK_TIMEOUT_MS = 15 * 60_000;
/** Time between asking a process to end and ending it: git removes its lock files in between. */
export const KILL_GRACE_MS = 2_000;

export interface Limits {
  maxOutputBytes: number;
  timeoutMs: number;
}

export function limitsOf({ network, maxOutputBytes, timeoutMs }: GitCommand): Limits {
  return {
    maxOutputBytes: maxOutputBytes ?? DEFAULT_OUTPUT_BYTES,
    timeoutMs: timeoutMs ?? (network === true ? NETWORK_TIMEOUT_MS : LOCAL_TIMEOUT_MS),
  };
}

/** Standard error: its last 64 KiB count. */
export class Tail {
  private text: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.text = Buffer.concat([this.text, chunk]).subarray(-2 * STDERR_BYTES);
  }

  bytes(): Buffer {
    return this.text.subarray(-STDERR_BYTES);
  }
}

/** Collects a stream; `push` says false when the limit is passed. */
export class Collector {
  private readonly chunks: Buffer[] = [];
  private sizeBytes = 0;

  push(chunk: Buffer, limitBytes: number): boolean {
    const room = limitBytes - this.sizeBytes;
    this.chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.sizeBytes += Math.min(chunk.length, room);
    return chunk.length <= room;
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** The result when its exit code is one of the answers that the command expects; throws `git_failed` otherwise. */
export function accept(command: GitCommand, result: GitResult): GitResult {
  const accepted = command.okExitCodes ?? [0];
  if (accepted === 'any' || accepted.includes(result.exitCode)) return result;
  throw gitFailure(command, result);
}
