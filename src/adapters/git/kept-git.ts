import { statSync } from 'node:fs';
import { type GitCommand, type GitResult, gitArguments } from './git-command.ts';
import { gitEnvironment } from './git-env.ts';
import { limitsOf } from './git-output.ts';
import { type KeptProcess, keepProcess } from './kept-process.ts';
import { type Asking, questionOf } from './kept-questions.ts';
import type { ScratchFiles } from './scratch-files.ts';

/**
 * Git commands that one long-lived process answers one after the other, as far as git has a mode for it.
 *
 * 1. An answer is what the command by itself would have printed. Whatever the process does not answer, an error for one, is
 *    left to the caller, who asks git itself.
 * 2. A process ends with its input, so also when this program is killed; and after IDLE_MS without, and MAX_AGE_MS with work,
 *    because it keeps what it has read of attributes and configuration.
 */
interface KeptGit {
  /** Null: not answered; the caller has to start the process. */
  run(command: GitCommand): Promise<GitResult | null>;
  /** Idempotent. */
  close(): void;
}

const IDLE_MS = 20_000;
const MAX_AGE_MS = 60_000;
const MAX_PROCESSES = 24;

interface Entry {
  process: KeptProcess;
  /** The folder that it stands in: it would follow one that is moved, and miss one that is put in its place. */
  folder: string;
  startedMs: number;
  timer: NodeJS.Timeout;
}

function folderAt(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}

export function createKeptGit(binary: string, scratch: ScratchFiles): KeptGit {
  const entries = new Map<string, Entry>();
  let closed = false;

  const end = ({ process: kept, timer }: Entry): void => {
    clearTimeout(timer);
    kept.end();
  };

  const drop = (key: string): void => {
    const entry = entries.get(key);
    entries.delete(key);
    if (entry !== undefined) end(entry);
  };

  const processFor = (command: GitCommand, args: readonly string[]): KeptProcess | null => {
    const env = gitEnvironment(process.env, command.env);
    const words = gitArguments({ ...command, args });
    const key = JSON.stringify([words, command.cwd, env]);
    const folder = folderAt(command.cwd);
    const known = entries.get(key);
    // The one that was asked last is the last to go.
    entries.delete(key);
    if (known?.process.isAlive && known.folder === folder && performance.now() - known.startedMs < MAX_AGE_MS) {
      known.timer.refresh();
      entries.set(key, known);
      return known.process;
    }
    if (known !== undefined) end(known);
    const [oldest] = entries.keys();
    if (entries.size >= MAX_PROCESSES && oldest !== undefined) drop(oldest);
    const made = folder === null ? null : keepProcess(binary, words, { cwd: command.cwd, env });
    if (folder === null || made === null) return null;
    const timer = setTimeout(() => drop(key), IDLE_MS).unref();
    entries.set(key, { process: made, folder, startedMs: performance.now(), timer });
    return made;
  };

  const ask = (command: GitCommand): Asking => {
    const { maxOutputBytes, timeoutMs } = limitsOf(command);
    return async ({ args, input, missing }) => {
      if (closed) return null;
      return (await processFor(command, args)?.ask({ input, missing, limitBytes: maxOutputBytes, timeoutMs })) ?? null;
    };
  };

  return {
    async run(command) {
      const isPlain = command.signal === undefined && command.network !== true && process.platform !== 'win32';
      const question = isPlain && !closed ? questionOf(command, scratch) : null;
      const stdout = question === null ? null : await question(ask(command));
      return stdout === null ? null : { exitCode: 0, stdout, stderr: '', truncated: false };
    },
    close() {
      closed = true;
      for (const key of [...entries.keys()]) drop(key);
    },
  };
}
