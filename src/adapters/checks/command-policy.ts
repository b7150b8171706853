import { parseShellLine, type SimpleCommand } from './shell-words.ts';

export interface CommandPolicy {
  /** Prefixes by words, such as `npm test`. Empty allows whatever is not denied; otherwise each command must match one. */
  allow: readonly string[];
  /** Further prefixes by words that are refused; denial wins over allowance. */
  deny: readonly string[];
}

/** Programs that no check and no agent needs, with the reason. */
const DENIED_PROGRAMS: Record<string, string> = {
  ...many('it changes who runs the command', ['sudo', 'su', 'doas', 'pkexec', 'chroot', 'chown', 'passwd']),
  ...many('it changes the machine', ['shutdown', 'reboot', 'halt', 'poweroff', 'mount', 'umount', 'dd', 'systemctl']),
  ...many('it changes the machine', ['service', 'launchctl', 'crontab', 'at', 'fdisk', 'apt', 'apt-get', 'brew']),
  ...many('it ends processes that are not its own', ['killall', 'pkill']),
  ...many('it reaches other machines', ['ssh', 'scp', 'sftp', 'rsync', 'nc', 'ncat', 'socat', 'telnet', 'ftp']),
  ...many('publishing and deploying are the orchestrator’s part', ['gh', 'hub', 'appwrite', 'vercel', 'netlify']),
  ...many('publishing and deploying are the orchestrator’s part', ['firebase', 'wrangler', 'flyctl', 'heroku']),
  ...many('publishing and deploying are the orchestrator’s part', ['aws', 'gcloud', 'az', 'kubectl', 'terraform']),
  ...many('it leaves the sandbox', ['docker', 'podman', 'bwrap', 'unshare', 'nsenter']),
  ...many('what it runs cannot be judged', ['eval', 'source', '.', 'exec']),
};

const PUBLISHING_WORDS = new Set([
  ...[
    'publish',
    'unpublish',
    'login',
    'adduser',
    'logout',
    'token',
    'owner',
    'access',
    'dist-tag',
    'deprecate',
    'team',
  ],
  ...['hook', 'profile', 'star', 'config', 'set'],
]);
const PACKAGE_MANAGERS = new Set(['npm', 'pnpm', 'yarn', 'bun']);

/** Subcommands that only read. The orchestrator alone commits, switches and pushes. */
const GIT_READS = new Set([
  ...['status', 'diff', 'log', 'show', 'ls-files', 'ls-tree', 'grep', 'rev-parse', 'blame', 'cat-file', 'describe'],
  ...['shortlog', 'merge-base', 'check-ignore', 'version', 'help'],
]);

const SHELLS = new Set(['sh', 'bash', 'zsh', 'dash', 'ksh', 'fish', 'cmd', 'cmd.exe', 'powershell', 'pwsh']);
const INTERPRETERS = new Set([...SHELLS, 'node', 'python', 'python3', 'perl', 'ruby', 'deno', 'bun', 'php']);
/** Programs that run the command behind their own options. */
const WRAPPERS = new Set([
  'env',
  'time',
  'nice',
  'nohup',
  'timeout',
  'command',
  'builtin',
  'xargs',
  'stdbuf',
  'setsid',
]);
/** Commands that an allow list need not name: they change nothing by themselves. Of git only reading passes anyway. */
const HARMLESS = new Set([
  ...['cd', 'echo', 'printf', 'true', 'false', 'test', '[', 'exit', 'export', 'sleep', 'wait', 'pwd', 'git'],
  ...['grep', 'head', 'tail', 'wc', 'sort', 'uniq', 'cut', 'tr', 'diff', 'mkdir'],
]);
/** Programs that name .git mostly to leave it out. */
const EXCLUDERS = new Set(['find', 'grep', 'rg', 'tree', 'fd', 'du', 'ls']);

function many(reason: string, programs: readonly string[]): Record<string, string> {
  return Object.fromEntries(programs.map((program) => [program, reason]));
}

const MAX_DEPTH = 4;

/**
 * Why a command line may not run, or null when it may. Judges every simple command of the line. A guard against mistakes
 * and careless models; the sandbox is what contains a command that means harm.
 */
export function refuseCommand(command: string, policy: CommandPolicy): string | null {
  return refuseLine(command, policy, 0);
}

function refuseLine(line: string, policy: CommandPolicy, depth: number): string | null {
  if (depth > MAX_DEPTH) return 'Commands are nested too deep to be judged.';
  const parsed = parseShellLine(line);
  if (!parsed.ok) return `The line holds ${parsed.unreadable}, which cannot be judged. Write it as plain commands.`;
  if (parsed.commands.length === 0) return 'The command line is empty.';
  for (const simple of parsed.commands) {
    const reason = refuseSimple(simple, policy, depth);
    if (reason !== null) return reason;
  }
  return null;
}

const basename = (word: string): string => word.replace(/^.*[/\\]/, '');

function refuseSimple(simple: SimpleCommand, policy: CommandPolicy, depth: number): string | null {
  for (const target of simple.writesTo) {
    if (escapes(target) && !/^\/dev\/(null|stdout|stderr|fd\/\d+)$/.test(target)) {
      return `"> ${target}" is refused: only files of the project may be written.`;
    }
  }
  const words = unwrap(simple.words);
  const [first, ...rest] = words;
  if (first === undefined) return null;
  const program = basename(first).toLowerCase();
  const shown = `"${words.slice(0, 3).join(' ')}"`;
  const denied = DENIED_PROGRAMS[program] ?? (program.startsWith('mkfs') ? 'it changes the machine' : undefined);
  if (denied !== undefined) return `${shown} is refused: ${denied}.`;
  const own = policy.deny.find((prefix) => startsWith(words, prefix));
  if (own !== undefined) return `${shown} is refused by the project's rule "${own}".`;
  const reason = refuseArguments(program, rest, simple);
  if (reason !== null) return `${shown} is refused: ${reason}.`;
  if (SHELLS.has(program)) {
    const flag = rest.findIndex((word) => /^-[a-z]*c$/.test(word) || /^\/c$/i.test(word));
    const inner = rest[flag + 1];
    if (flag >= 0 && inner !== undefined) return refuseLine(inner, policy, depth + 1);
  }
  if (policy.allow.length === 0 || HARMLESS.has(program)) return null;
  if (policy.allow.some((prefix) => startsWith(words, prefix))) return null;
  return `${shown} is refused: allowed here are ${policy.allow.map((prefix) => `"${prefix}"`).join(', ')}.`;
}

function refuseArguments(program: string, args: readonly string[], simple: SimpleCommand): string | null {
  if (simple.readsPipe && INTERPRETERS.has(program) && args.every((word) => word.startsWith('-'))) {
    return 'it runs whatever comes through the pipe';
  }
  if (program === 'git') return refuseGit(args);
  if (!EXCLUDERS.has(program) && args.some(namesGit)) return '.git belongs to the orchestrator';
  if (PACKAGE_MANAGERS.has(program)) {
    const verb = args.find((word) => !word.startsWith('-'));
    if (verb !== undefined && PUBLISHING_WORDS.has(verb)) return 'it changes the registry or the package manager';
    if (args.some((word) => word === '-g' || word === '--global')) return 'it installs outside the project';
  }
  if (program === 'cargo' || program === 'twine' || program === 'gem') {
    if (args.some((word) => word === 'publish' || word === 'upload' || word === 'push'))
      return 'publishing is not its part';
  }
  if (program === 'kill' && args.some((word) => /^(-1|0)$/.test(word) && word !== args[0])) {
    return 'it ends processes that are not its own';
  }
  if (program === 'rm' || program === 'rmdir' || program === 'mv' || program === 'mkdir') {
    const target = args.find((word) => !word.startsWith('-') && (escapes(word) || /^\.?\/?$/.test(word)));
    if (target !== undefined) return `"${target}" is outside the project, or all of it`;
  }
  if (program === 'cd' && args.some((word) => escapes(word) && !word.startsWith('..'))) {
    return 'commands stay in the project';
  }
  return null;
}

function refuseGit(args: readonly string[]): string | null {
  let at = 0;
  for (; args[at]?.startsWith('-'); at += 1) {
    const option = args[at] ?? '';
    if (option === '-C') at += 1;
    else if (!/^--(no-pager|version|help|literal-pathspecs|no-optional-locks)$/.test(option)) {
      return `git's option "${option}" can change what git runs`;
    }
  }
  const verb = args[at];
  if (verb === undefined || GIT_READS.has(verb)) return null;
  if (verb === 'branch' && args.slice(at + 1).every((word) => /^(-a|-r|-v|-vv|--list|--show-current)$/.test(word))) {
    return null;
  }
  return 'agents and checks may only read with git; the orchestrator commits and merges';
}

/** True for paths that lead out of the folder, and for .git. */
function escapes(path: string): boolean {
  return /^([/~]|[A-Za-z]:[\\/]|\$\{?HOME)/.test(path) || /(^|[/\\])\.\.([/\\]|$)/.test(path) || namesGit(path);
}

function namesGit(word: string): boolean {
  return /(^|[/\\])\.git([/\\]|$)/i.test(word);
}

function startsWith(words: readonly string[], prefix: string): boolean {
  const wanted = prefix.trim().split(/\s+/);
  return wanted.length <= words.length && wanted.every((word, index) => word === words[index]);
}

/** Words of the command that a wrapper such as `env A=b` or `timeout 5` runs. */
function unwrap(words: readonly string[]): string[] {
  let rest = [...words];
  while (rest.length > 1 && WRAPPERS.has(basename(rest[0] ?? ''))) {
    rest = rest.slice(1);
    while (rest.length > 0 && /^(-|[A-Za-z_][A-Za-z0-9_]*=|[\d.]+[smhd]?$)/.test(rest[0] ?? '')) rest = rest.slice(1);
  }
  return rest;
}
