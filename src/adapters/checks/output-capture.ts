import { once } from 'node:events';
import { createWriteStream, mkdirSync, rmSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Keeps the last part of a command's output in memory and, up to ten times as much, the first part in a file, which is made
 * with the first output: a command that says nothing leaves none, nor that of an earlier one.
 */
export interface OutputCapture {
  add(chunk: Buffer): void;
  /** Ends the file; the capture takes nothing more. */
  close(): Promise<{ output: string; outputBytes: number }>;
}

const FILE_FACTOR = 10;

export function createOutputCapture(maxOutputBytes: number, outputFile: string | null): OutputCapture {
  if (outputFile !== null) {
    mkdirSync(dirname(outputFile), { recursive: true });
    rmSync(outputFile, { force: true });
  }
  let file: WriteStream | null = null;
  const tail: Buffer[] = [];
  let tailBytes = 0;
  let totalBytes = 0;
  let fileBytes = 0;
  let open = true;

  const toFile = (stream: WriteStream, chunk: Buffer): void => {
    const room = maxOutputBytes * FILE_FACTOR - fileBytes;
    if (room <= 0) return;
    fileBytes += chunk.length;
    stream.write(chunk.length <= room ? chunk : chunk.subarray(0, room));
    if (chunk.length > room) stream.write(`\n[the output went on; only its first ${fileLimit()} bytes are kept]\n`);
  };
  const fileLimit = (): number => maxOutputBytes * FILE_FACTOR;

  return {
    add(chunk) {
      if (!open) return;
      totalBytes += chunk.length;
      if (outputFile !== null) {
        file ??= openFile(outputFile);
        toFile(file, chunk);
      }
      tail.push(chunk);
      tailBytes += chunk.length;
      for (let first = tail[0]; first !== undefined && tailBytes - first.length >= maxOutputBytes; first = tail[0]) {
        tail.shift();
        tailBytes -= first.length;
      }
    },
    async close() {
      open = false;
      if (file !== null && !file.closed) {
        file.end();
        await once(file, 'close').catch(() => {});
      }
      const all = Buffer.concat(tail);
      return {
        output: all.subarray(Math.max(0, all.length - maxOutputBytes)).toString('utf8'),
        outputBytes: totalBytes,
      };
    },
  };
}

function openFile(path: string): WriteStream {
  const stream = createWriteStream(path);
  // A full disk must not end the command: its result is still worth having without the file.
  stream.on('error', () => {});
  return stream;
}
