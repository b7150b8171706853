import type { Git } from './git.ts';

export interface FileDiff {
  path: string;
  previousPath: string | null;
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed';
  /** Blob after the change; null when removed. */
  blob: string | null;
  additions: number;
  deletions: number;
  /** Hunks as GitHub shows them, or null (binary, mode only). */
  patch: string | null;
}

const STATUS: Record<string, FileDiff['status']> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
};

/** Files that differ between two commits, renames found. */
export async function diffFiles(git: Git, repoDir: string, from: string, to: string): Promise<FileDiff[]> {
  const text = await git.text(repoDir, ['diff', '-z', '--raw', '--numstat', '--no-abbrev', '-M', from, to, '--']);
  const files = parseRawAndNumstat(text.split('\0'));
  const patchText = await git.text(repoDir, ['diff', '-M', from, to, '--']);
  // A line of a file begins with a blank, + or - inside a patch, so this line can only be a header.
  const patches = patchText.split(/^diff --git .*\n/m).slice(1);
  for (const [at, file] of files.entries()) {
    const patch = patches[at] ?? '';
    const hunk = patch.search(/^@@ /m);
    file.patch = hunk < 0 ? null : patch.slice(hunk).replace(/\n$/, '');
  }
  return files;
}

function parseRawAndNumstat(fields: readonly string[]): FileDiff[] {
  const files: FileDiff[] = [];
  let at = 0;
  const next = (): string => fields[at++] ?? '';
  while (fields[at]?.startsWith(':')) {
    const [, , , blob = '', letter = 'M'] = next().split(' ');
    const status = STATUS[letter.charAt(0)] ?? 'changed';
    const previousPath = status === 'renamed' || status === 'copied' ? next() : null;
    const path = next();
    files.push({
      path,
      previousPath,
      status,
      blob: status === 'removed' ? null : blob,
      additions: 0,
      deletions: 0,
      patch: null,
    });
  }
  for (const file of files) {
    const [additions = '', deletions = ''] = next().split('\t');
    if (file.previousPath !== null) at += 2;
    // Binary files have a dash for both.
    file.additions = Number.parseInt(additions, 10) || 0;
    file.deletions = Number.parseInt(deletions, 10) || 0;
  }
  return files;
}
