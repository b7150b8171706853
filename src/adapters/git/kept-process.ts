import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** A process that answers one question after the other. */
export interface KeptProcess {
  readonly isAlive: boolean;
  /** Null when the process ended, or gave more than `limitBytes`, before the answer was complete. */
  ask(question: Question): Promise<Buffer | null>;
  /** Ends it when what was asked has been answered. Idempotent. */
  end(): void;
}

interface Question {
  input: string | Buffer;
  /** How many bytes the answer lacks at least; 0 when it is complete. */
  missing(answer: Buffer): number;
  limitBytes: number;
  timeoutMs: number;
}

/** This program may end while the process waits, not while it works. */
function keepAlive(child: ChildProcess, isWorking: boolean): void {
  const pipes = [child.stdin, child.stdout] as (Socket | null)[];
  for (const part of [child, ...pipes]) {
    if (isWorking) part?.ref();
    else part?.unref();
  }
}

function answerTo(child: ChildProcess, { input, missing, limitBytes, timeoutMs }: Question): Promise<Buffer | null> {
  return new Promise((resolve) => {
    // Twice as large each time: a long answer is copied a few times, not once a chunk.
    let room: Buffer = Buffer.alloc(0);
    let size = 0;
    let wanted = 1;
    const settle = (answer: Buffer | null): void => {
      clearTimeout(timer);
      child.stdout?.off('data', onData);
      child.off('close', onEnd);
      // What is left in the pipes belongs to nobody's question any more.
      if (answer === null) child.kill('SIGTERM');
      resolve(answer);
    };
    const onData = (chunk: Buffer): void => {
      if (size + chunk.length > limitBytes) {
        settle(null);
        return;
      }
      if (size === 0) room = chunk;
      else if (size + chunk.length > room.length)
        room = Buffer.concat([room.subarray(0, size), chunk], 2 * (size + chunk.length));
      else chunk.copy(room, size);
      size += chunk.length;
      if (size < wanted) return;
      const all = room.subarray(0, size);
      const lacks = missing(all);
      wanted = size + lacks;
      if (lacks === 0) settle(all);
    };
    const onEnd = (): void => settle(null);
    const timer = setTimeout(onEnd, timeoutMs);
    child.stdout?.on('data', onData);
    child.on('close', onEnd);
    child.stdin?.write(input);
  });
}

/** Starts it; whoever asks learns when that failed. */
export function keepProcess(
  binary: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): KeptProcess | null {
  let child: ChildProcess;
  try {
    // A group of its own: an interrupt from the terminal is for this program to handle.
    child = spawn(binary, args, { ...options, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  } catch {
    return null;
  }
  let isAlive = child.pid !== undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const die = (): void => {
    isAlive = false;
  };
  child.on('error', die);
  child.on('exit', die);
  child.stdin?.on('error', die);
  keepAlive(child, false);
  return {
    get isAlive() {
      return isAlive;
    },
    ask(question) {
      waiting += 1;
      keepAlive(child, true);
      const answer = last.then(() => (isAlive ? answerTo(child, question) : null));
      last = answer.then((given) => {
        waiting -= 1;
        if (given === null) isAlive = false;
        if (waiting === 0) keepAlive(child, false);
      });
      return answer;
    },
    end() {
      last = last.then(() => child.stdin?.end());
    },
  };
}
