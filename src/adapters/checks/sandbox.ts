import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

export interface SandboxProbe {
  kind: 'bwrap' | 'none';
  /** For a person: the version in use, or why there is none. */
  detail: string;
}

/** What a confined command may reach. All paths absolute. */
export interface Confinement {
  cwd: string;
  /** The Node of the commands. */
  nodePath: string;
  /** Writable besides cwd. */
  writableDirs: readonly string[];
  network: boolean;
}

/** Relative to the home folder: keys, tokens, and the state of other tools. */
const SECRET_PATHS = [
  '.ssh',
  '.aws',
  '.azure',
  '.gnupg',
  '.kube',
  '.docker',
  '.config/gh',
  '.config/gcloud',
  '.config/git/credentials',
  '.config/Code',
  '.config/BraveSoftware',
  '.config/chromium',
  '.config/google-chrome',
  '.mozilla',
  '.local/share/keyrings',
  '.password-store',
  '.claude',
  '.claude.json',
  '.codex',
  '.appwrite',
  '.netrc',
  '.npmrc',
  '.yarnrc.yml',
  '.pypirc',
  '.git-credentials',
  '.bash_history',
  '.zsh_history',
  '.node_repl_history',
];

/** A read-only mount does not keep anybody from talking to a socket in it: agents of keys, containers and sessions. */
const SOCKET_PATHS = [
  '/run/user',
  '/run/dbus',
  '/run/docker.sock',
  '/run/containerd',
  '/run/podman',
  '/run/libvirt',
  '/run/systemd/private',
  '/var/lib/docker',
];

/**
 * Arguments of bubblewrap: the whole file system read-only, secrets hidden, a fresh /tmp, no other processes visible, and
 * only cwd and the given folders writable. Loopback works inside a cut network too.
 */
export function bwrapArguments(confinement: Confinement): string[] {
  const { cwd, nodePath, writableDirs, network } = confinement;
  const args = ['--die-with-parent', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'];
  const temp = realpath(tmpdir());
  if (temp !== '/tmp' && existsSync(temp)) args.push('--tmpfs', temp);
  const home = homedir();
  args.push(...hidden([...SECRET_PATHS.map((path) => join(home, path)), ...SOCKET_PATHS]));
  for (const dir of writableDirs) args.push('--bind', dir, dir);
  // The Node of the commands is first in their PATH; it may live below the /tmp that was just replaced.
  for (const dir of new Set([dirname(realpath(nodePath)), dirname(nodePath)])) args.push('--ro-bind-try', dir, dir);
  const gitDir = commonGitDir(cwd);
  if (gitDir !== null) args.push('--ro-bind-try', gitDir, gitDir);
  args.push('--bind', cwd, cwd);
  // A rewritten .git would make the next git command of this program run somebody else's configuration.
  const dotGit = join(cwd, '.git');
  if (existsSync(dotGit)) args.push('--ro-bind', dotGit, dotGit);
  args.push('--chdir', cwd, '--unshare-pid', '--unshare-ipc');
  if (!network) args.push('--unshare-net');
  return args;
}

function hidden(paths: readonly string[]): string[] {
  const args: string[] = [];
  for (const path of paths) {
    try {
      const real = realpathSync(path);
      if (statSync(real).isDirectory()) args.push('--tmpfs', real);
      else args.push('--ro-bind', '/dev/null', real);
    } catch {
      // Not there: nothing to hide.
    }
  }
  return args;
}

function realpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The repository of a linked worktree: git in the worktree needs it even where /tmp is replaced. Null for no worktree. */
function commonGitDir(cwd: string): string | null {
  try {
    const [, target] = /^gitdir: (.+)$/m.exec(readFileSync(join(cwd, '.git'), 'utf8')) ?? [];
    if (target === undefined) return null;
    // <repository>/.git/worktrees/<name>
    const worktreeDir = isAbsolute(target) ? target : resolve(cwd, target);
    return dirname(dirname(worktreeDir));
  } catch {
    return null;
  }
}

/** Name of the program, looked up in PATH. */
export const BWRAP = 'bwrap';

const PROBE_TIMEOUT_MS = 5_000;

/** Tries once whether commands can be confined here: bubblewrap may be installed and yet not be allowed to. */
export function probeSandbox(nodePath = process.execPath): Promise<SandboxProbe> {
  if (process.platform !== 'linux') {
    return Promise.resolve({ kind: 'none', detail: `there is no command sandbox for ${process.platform}` });
  }
  const args = bwrapArguments({ cwd: realpath(tmpdir()), nodePath, writableDirs: [], network: false });
  return new Promise((done) => {
    execFile(BWRAP, [...args, '/bin/sh', '-c', 'exit 0'], { timeout: PROBE_TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error === null) return done({ kind: 'bwrap', detail: 'bubblewrap works' });
      if (error.code === 'ENOENT') {
        return done({ kind: 'none', detail: 'bubblewrap (bwrap) is not installed' });
      }
      const [reason] = stderr.trim().split('\n');
      done({ kind: 'none', detail: `bubblewrap does not work here: ${reason || error.message}` });
    });
  });
}
