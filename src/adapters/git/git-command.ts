/** A git command is data; `createGit` makes the one function that runs it, and `openGit` one that keeps processes. */
export interface GitCommand {
  /** Verb and arguments, handed to the process as they are: no shell. */
  args: readonly string[];
  /** Verb and arguments of a second command at the same place, run when the first exited with 0: its output is the result. */
  followedBy?: readonly string[];
  cwd: string;
  /** Settings for this command, as `name=value`. Never secrets: they are visible in the process list. */
  config?: readonly string[];
  /** Added to the cleaned environment. */
  env?: Readonly<Record<string, string>>;
  stdin?: string | Buffer;
  /** Exit codes that are an answer, default only 0; `any` leaves the judgement to the caller. */
  okExitCodes?: readonly number[] | 'any';
  /** Default 64 MiB. */
  maxOutputBytes?: number;
  /** What happens above maxOutputBytes: `fail` (default) throws; `truncate` ends the process and keeps what came. */
  overflow?: 'fail' | 'truncate';
  /** Own process group, so that helpers (ssh, git-remote-https) end with it and have no terminal to ask on. */
  network?: boolean;
  signal?: AbortSignal;
  /** Default 5 minutes; 15 with `network`. */
  timeoutMs?: number;
}

/** Where a command finds its repository: from a folder, or told by variables. */
export type GitPlace = Pick<GitCommand, 'cwd' | 'env'>;

export interface GitResult {
  exitCode: number;
  stdout: Buffer;
  /** Last 64 KiB. */
  stderr: string;
  truncated: boolean;
}

export type Git = (command: GitCommand) => Promise<GitResult>;

/** Settings of every command: nothing of the user's runs, nothing is signed, nothing is tidied up behind their back. */
const SAFE_CONFIG = [
  `core.hooksPath=${process.platform === 'win32' ? 'NUL' : '/dev/null'}`,
  'core.fsmonitor=false',
  'core.quotePath=false',
  'core.longpaths=true',
  'core.filesRefLockTimeout=1000',
  'core.packedRefsTimeout=1000',
  'gc.auto=0',
  'maintenance.auto=false',
  'commit.gpgSign=false',
  'push.gpgSign=false',
  'submodule.recurse=false',
  'i18n.commitEncoding=UTF-8',
  'credential.helper=',
].flatMap((setting) => ['-c', setting]);

export function placeOf(at: string | GitPlace): GitPlace {
  return typeof at === 'string' ? { cwd: at } : at;
}

/** Everything after the program's name. */
export function gitArguments(command: GitCommand): string[] {
  return [...SAFE_CONFIG, ...(command.config ?? []).flatMap((setting) => ['-c', setting]), ...command.args];
}

/** Standard output as text without the final line end. */
export async function gitText(git: Git, command: GitCommand): Promise<string> {
  const { stdout } = await git(command);
  return stdout.toString().replace(/\r?\n$/, '');
}
