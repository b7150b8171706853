import { type GitCommand, type GitResult, gitArguments } from './git-command.ts';
import { gitEnvironment } from './git-env.ts';
import { interruption } from './git-errors.ts';
import { accept, limitsOf } from './git-output.ts';
import type { ScratchFiles } from './scratch-files.ts';
import { openShell, type Shell } from './shell.ts';

/**
 * Git commands run by shells that stay, as many at a time as there are shells.
 *
 * 1. A command is words in single quotes, of which a shell changes nothing; what a shell cannot take (NUL bytes, the
 *    network's own process group) is left to the caller.
 * 2. A shell lives in a process group of its own and ends when its input does: also when this program is killed.
 * 3. A shell that has died is replaced. What it was running is done again by the caller, as after a crash.
 */
interface GitShells {
  /** Null: not run, or not to its end; the caller has to start the process. */
  run(command: GitCommand): Promise<GitResult | null>;
  /** Idempotent. Commands that are running come to their end. */
  close(): void;
}

const MAX_SHELLS = 6;
/** A shell that had nothing to do for so long is ended. */
const IDLE_MS = 60_000;
/** No folder to stand in; git itself never ends with it. Nor with 126 and 127, a shell's words for "cannot start". */
const NO_FOLDER = 125;

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function lineOf(binary: string, command: GitCommand): string | null {
  const { cwd, env = {} } = command;
  if (command.network === true || process.platform === 'win32') return null;
  if (!Object.keys(env).every((name) => /^[A-Z_][A-Z0-9_]*$/.test(name))) return null;
  const settings = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`);
  const exports = settings.length === 0 ? '' : `export ${settings.join(' ')} && `;
  const words = (args: readonly string[]) => [binary, ...gitArguments({ ...command, args })].map(quote).join(' ');
  const first = command.followedBy === undefined ? '' : `${words(command.args)} >/dev/null && `;
  const last = words(command.followedBy ?? command.args);
  const line = `cd -P -- ${quote(cwd)} || exit ${NO_FOLDER}; ${exports}${first}exec ${last}`;
  return line.includes('\0') || !cwd.startsWith('/') ? null : line;
}

/** Without functions that a shell would take over from the environment. */
function shellEnvironment(): Record<string, string> {
  const entries = Object.entries(gitEnvironment(process.env));
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith('BASH_FUNC_')));
}

export function createGitShells(binary: string, scratch: ScratchFiles): GitShells {
  const free: { shell: Shell; timer: NodeJS.Timeout }[] = [];
  const all = new Set<Shell>();
  let closed = false;
  /** The environment that the shells were given; a changed one needs new shells. */
  let environment = '';

  const drop = (shell: Shell): void => {
    const at = free.findIndex((entry) => entry.shell === shell);
    if (at >= 0) clearTimeout(free.splice(at, 1)[0]?.timer);
    all.delete(shell);
    shell.end();
  };

  const take = (): Shell | null => {
    const env = shellEnvironment();
    const now = JSON.stringify(env);
    if (now !== environment) for (const { shell } of [...free]) drop(shell);
    environment = now;
    // The newest: the others may then come to be idle for long.
    for (let last = free.pop(); last !== undefined; last = free.pop()) {
      clearTimeout(last.timer);
      if (last.shell.isAlive) return last.shell;
      all.delete(last.shell);
    }
    if (closed || all.size >= MAX_SHELLS) return null;
    const shell = openShell(env);
    if (shell !== null) all.add(shell);
    return shell;
  };

  const giveBack = (shell: Shell, env: string): void => {
    if (closed || env !== environment || !shell.isAlive) drop(shell);
    else free.push({ shell, timer: setTimeout(() => drop(shell), IDLE_MS).unref() });
  };

  return {
    async run(command) {
      const { signal, overflow = 'fail' } = command;
      if (signal?.aborted) throw interruption(command, 'aborted', signal.reason);
      const line = closed ? null : lineOf(binary, command);
      const shell = line === null ? null : take();
      if (line === null || shell === null) return null;
      const env = environment;
      try {
        const work = (input: string) => shell.run(`exec <${quote(input)}; ${line}`, limitsOf(command), signal);
        const { stdin } = command;
        const end = await (stdin === undefined ? work('/dev/null') : scratch.use(stdin, work));
        if (end.kind === 'died' || (end.kind === 'done' && end.exitCode >= NO_FOLDER && end.exitCode <= 127))
          return null;
        const truncated = end.kind === 'overflow';
        if (end.kind === 'aborted' || end.kind === 'timeout' || (truncated && overflow === 'fail')) {
          throw interruption(command, end.kind, signal?.reason);
        }
        const exitCode = end.kind === 'done' ? end.exitCode : 0;
        return accept(command, { exitCode, stdout: end.stdout, stderr: end.stderr.toString(), truncated });
      } finally {
        giveBack(shell, env);
      }
    },
    close() {
      closed = true;
      for (const { shell } of [...free]) drop(shell);
    },
  };
}
