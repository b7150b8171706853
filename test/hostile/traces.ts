import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below a folder, one line an entry: what a run may not change is compared before and after. */
export function fingerprint(dir: string, leaveOut: (path: string) => boolean = () => false): string[] {
  const lines: string[] = [];
  const visit = (path: string, shown: string): void => {
    if (leaveOut(shown)) return;
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) lines.push(`${shown} -> ${readlinkSync(path)}`);
    else if (stat.isDirectory()) {
      lines.push(`${shown}/`);
      for (const name of readdirSync(path).sort()) visit(join(path, name), shown === '' ? name : `${shown}/${name}`);
    } else if (stat.isFile()) lines.push(`${shown} ${createHash('sha1').update(readFileSync(path)).digest('hex')}`);
    else lines.push(`${shown} (special)`);
  };
  visit(dir, '');
  return lines;
}

const git = (cwd: string, ...args: string[]): string => execFileSync('git', args, { cwd, encoding: 'utf8' });

/** A repository with one commit, one uncommitted change and one untracked file. */
export function makeWorkspace(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const commit = (...args: string[]) => git(dir, '-c', 'user.name=U', '-c', 'user.email=u@x', ...args);
  commit('init', '-q', '-b', 'main');
  writeFileSync(join(dir, 'kept.txt'), 'committed\n');
  writeFileSync(join(dir, 'package.json'), '{"scripts":{"test":"test -f kept.txt"}}\n');
  commit('add', '-A');
  commit('commit', '-q', '-m', 'first');
  writeFileSync(join(dir, 'kept.txt'), 'my own change\n');
  writeFileSync(join(dir, 'new.txt'), 'untracked\n');
}

/** The part of a repository that belongs to its user: files, index, branches, configuration, hooks. */
export function userState(workspaceDir: string): string[] {
  const own = fingerprint(workspaceDir, (path) => /^\.git(?:\/|$)/.test(path));
  const gitFiles = ['HEAD', 'index', 'config', 'info/exclude', 'packed-refs'].map((name) => {
    const file = join(workspaceDir, '.git', name);
    return `${name} ${existsSync(file) ? createHash('sha1').update(readFileSync(file)).digest('hex') : 'absent'}`;
  });
  const refs = git(workspaceDir, 'for-each-ref', '--format=%(refname) %(objectname)')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('refs/orchestrator/'));
  return [...own, ...gitFiles, ...refs, ...fingerprint(join(workspaceDir, '.git', 'hooks'))];
}

/** Commits that some ref of the run holds. */
export function keptCommits(workspaceDir: string, runId: string): Set<string> {
  const glob = `--glob=refs/orchestrator/${runId}/*`;
  return new Set(git(workspaceDir, 'rev-list', glob).split('\n'));
}

/** Null where processes cannot be looked at: only Linux has /proc. */
export function processesOf(dir: string): string[] | null {
  if (process.platform !== 'linux') return null;
  const found: string[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    try {
      const isZombie = /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      const where = readlinkSync(`/proc/${pid}/cwd`);
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (isZombie || !(where.startsWith(dir) || environment.includes(dir))) continue;
      found.push(`${pid} in ${where}: ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`);
    } catch {
      // It has ended, or belongs to somebody else.
    }
  }
  return found;
}
