import type { ChangedFile } from '../../protocol/work.ts';
import { type Git, type GitPlace, placeOf } from './git-command.ts';

const DIFF_FLAGS = ['--no-ext-diff', '--no-textconv', '--no-color', '-M'];

export interface TreeChange extends ChangedFile {
  /** Mode before the change; `000000` when it was not there. */
  oldMode: string;
  /** Mode after the change, such as `100644`; `160000` is a repository inside the repository. */
  mode: string;
}

const STATUS: Record<string, ChangedFile['status']> = { A: 'added', D: 'deleted', R: 'renamed' };

/** Reads `diff-tree -r -z --raw --numstat`: first all raw entries, then the line counts in the same order. */
export function parseChanges(output: string): TreeChange[] {
  const fields = output.split('\0');
  const changes = new Map<string, TreeChange>();
  let at = 0;
  for (; fields[at]?.startsWith(':'); ) {
    const [oldMode = '', mode = '', , , letter = ''] = (fields[at] ?? '').slice(1).split(' ');
    const status = STATUS[letter.charAt(0)] ?? 'modified';
    const oldPath = status === 'renamed' ? { oldPath: fields[at + 1] ?? '' } : {};
    at += status === 'renamed' ? 2 : 1;
    const path = fields[at] ?? '';
    changes.set(path, { path, status, ...oldPath, addedLines: 0, removedLines: 0, oldMode, mode });
    at += 1;
  }
  for (; at < fields.length; at += 1) {
    const [added, removed, name] = (fields[at] ?? '').split('\t');
    if (name === undefined) continue;
    // A rename leaves the name empty and gives the old and the new one in the next two fields.
    if (name === '') at += 2;
    // The name may hold tabs itself.
    const path = name === '' ? (fields[at] ?? '') : (fields[at] ?? '').split('\t').slice(2).join('\t');
    const change = changes.get(path);
    if (change === undefined) continue;
    // Binary files have `-` for both counts.
    change.addedLines = Number.parseInt(added ?? '', 10) || 0;
    change.removedLines = Number.parseInt(removed ?? '', 10) || 0;
  }
  return [...changes.values()];
}

const treeOf = (commit: string): string => `${commit}^{tree}`;

/** What differs between two commits, renames found. */
export async function changedFiles(git: Git, repoDir: string, from: string, to: string): Promise<ChangedFile[]> {
  return asChangedFiles(await treeChanges(git, repoDir, treeOf(from), treeOf(to)));
}

/** What differs between two trees, renames found; each an id, or `<commit>^{tree}`. */
export async function treeChanges(git: Git, at: string | GitPlace, from: string, to: string): Promise<TreeChange[]> {
  const { stdout } = await git({
    ...placeOf(at),
    args: ['diff-tree', '-r', '-z', '--raw', '--numstat', ...DIFF_FLAGS, from, to, '--'],
  });
  return parseChanges(stdout.toString());
}

export function asChangedFiles(changes: readonly TreeChange[]): ChangedFile[] {
  return changes.map(({ oldMode: _old, mode: _new, ...file }) => file);
}

/** Unified diff between two commits; above maxBytes it ends at a line end with a line that says so. */
export async function patch(git: Git, repoDir: string, from: string, to: string, maxBytes: number): Promise<string> {
  const { stdout, truncated } = await git({
    args: ['diff-tree', '-r', '-p', ...DIFF_FLAGS, treeOf(from), treeOf(to), '--'],
    cwd: repoDir,
    maxOutputBytes: maxBytes,
    overflow: 'truncate',
  });
  if (!truncated) return stdout.toString();
  const whole = stdout.subarray(0, stdout.lastIndexOf(10) + 1).toString();
  return `${whole}[diff cut after ${maxBytes} bytes]\n`;
}
