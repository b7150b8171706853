import type { ChangedFile } from '../../protocol/work.ts';
import type { Repository } from '../ports.ts';

/** What differs between two commits, with both names of what was renamed. */
export interface Changes {
  files: ChangedFile[];
  /** New path -> old path. */
  renames: ReadonlyMap<string, string>;
  /** All paths that differ; a rename counts with its old and its new one. */
  paths: ReadonlySet<string>;
  /** True when something was renamed or deleted. */
  hasMoves: boolean;
}

export async function changesBetween(
  repository: Pick<Repository, 'changedFiles'>,
  repoDir: string,
  from: string,
  to: string,
): Promise<Changes> {
  return changesOf(await repository.changedFiles(repoDir, from, to));
}

export function changesOf(files: ChangedFile[]): Changes {
  const renames = new Map(
    files.flatMap(({ path, oldPath }) => (oldPath === undefined ? [] : [[path, oldPath] as const])),
  );
  return {
    files,
    renames,
    paths: new Set([...files.map((file) => file.path), ...renames.values()]),
    hasMoves: files.some((file) => file.status === 'renamed' || file.status === 'deleted'),
  };
}
