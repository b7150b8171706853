import type { Git } from './git-command.ts';

export interface WorkingState {
  /** Null in a repository without a commit. */
  head: string | null;
  /** Branch name, or `HEAD` when detached. */
  branch: string;
  /** Paths that git knows and that differ from HEAD in the index or on disk. */
  changed: string[];
  untracked: string[];
}

const MAX_STATUS_BYTES = 1024 * 1024;

/** Reads `status --porcelain=v2 --branch -z --no-renames`. Every entry ends with NUL; a cut one at the end is dropped. */
export function parseStatus(output: string): WorkingState {
  const state: WorkingState = { head: null, branch: 'HEAD', changed: [], untracked: [] };
  const entries = output.split('\0');
  entries.pop();
  for (const entry of entries) {
    if (entry.startsWith('# branch.oid ')) {
      const oid = entry.slice(13);
      state.head = oid === '(initial)' ? null : oid;
    } else if (entry.startsWith('# branch.head ')) {
      const name = entry.slice(14);
      state.branch = name === '(detached)' ? 'HEAD' : name;
    } else if (entry.startsWith('? ')) {
      state.untracked.push(entry.slice(2));
    } else if (entry.startsWith('1 ') || entry.startsWith('u ')) {
      // The path is the last field and may hold spaces: 8 fields come before it, 10 when the file is unmerged.
      const before = entry.startsWith('u ') ? 10 : 8;
      state.changed.push(entry.split(' ').slice(before).join(' '));
    }
  }
  return state;
}

/** What the user has in front of them. Takes no lock and writes nothing, the index included. */
export async function workingState(git: Git, repoDir: string, signal?: AbortSignal): Promise<WorkingState> {
  const { stdout } = await git({
    args: ['status', '--porcelain=v2', '--branch', '-z', '--no-renames', '--untracked-files=all'],
    cwd: repoDir,
    maxOutputBytes: MAX_STATUS_BYTES,
    overflow: 'truncate',
    ...(signal === undefined ? {} : { signal }),
  });
  return parseStatus(stdout.toString());
}
