import type { CommitId, NewEntry } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Git } from './git-command.ts';
import { expectCommit, readObjects } from './objects.ts';

/** What a tree holds under a name: a file, a link or a repository inside the repository. */
interface Entry {
  mode: string;
  id: string;
}

/** More names than this are not handed over as arguments (a command line has at most 32 KiB on Windows). */
const MAX_PATH_ARGUMENTS = 50;

export function requireRepositoryPath(file: string): void {
  const parts = file.split('/');
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git');
  if (!bad && !file.includes('\0')) return;
  throw new AppError({
    code: 'git_failed',
    message: `not a path inside the repository: ${JSON.stringify(file)}`,
    userMessage: `The path ${JSON.stringify(file)} cannot be committed: it must be relative, inside the project and not in .git.`,
  });
}

/** Entries of a commit by path, folders left out; at least those of the paths asked for that are there. */
export async function entriesAt(
  git: Git,
  repoDir: string,
  commit: CommitId,
  paths: readonly string[],
): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  if (paths.length === 0) return entries;
  const selection = paths.length > MAX_PATH_ARGUMENTS ? ['-r', commit] : [commit, '--', ...paths];
  const { stdout } = await git({ args: ['ls-tree', '-z', '--full-tree', ...selection], cwd: repoDir });
  for (const line of stdout.toString().split('\0')) {
    const tab = line.indexOf('\t');
    const [mode = '', type, id = ''] = line.slice(0, Math.max(0, tab)).split(' ');
    if (type === 'blob' || type === 'commit') entries.set(line.slice(tab + 1), { mode, id });
  }
  return entries;
}

/** What the entries with `from` are in their commits, by path; those that are not there are left out. */
export async function entriesTaken(
  git: Git,
  repoDir: string,
  files: readonly NewEntry[],
): Promise<ReadonlyMap<string, Entry>> {
  const byCommit = new Map<CommitId, string[]>();
  for (const file of files) {
    if ('from' in file) byCommit.set(file.from, [...(byCommit.get(file.from) ?? []), file.path]);
  }
  const taken = new Map<string, Entry>();
  for (const [commit, paths] of byCommit) {
    expectCommit((await readObjects(git, repoDir, [commit]))[0], commit);
    const there = await entriesAt(git, repoDir, commit, paths);
    for (const path of paths) {
      const entry = there.get(path);
      if (entry !== undefined) taken.set(path, entry);
    }
  }
  return taken;
}
