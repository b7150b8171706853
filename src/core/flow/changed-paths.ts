import type { ChangedFile } from '../../protocol/work.ts';
import type { Repository } from '../ports.ts';
import { renamedFrom } from './test-guard.ts';

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

/** A rename stands in the diff's headers only; beyond this size one may be missed and counts as an added file. */
const MAX_PATCH_BYTES = 8 * 1024 * 1024;

export async function changesBetween(
  repository: Pick<Repository, 'changedFiles' | 'patch'>,
  repoDir: string,
  from: string,
  to: string,
): Promise<Changes> {
  const files = await repository.changedFiles(repoDir, from, to);
  const isRenamed = files.some((file) => file.status === 'renamed');
  const renames = isRenamed
    ? renamedFrom(await repository.patch(repoDir, from, to, MAX_PATCH_BYTES))
    : new Map<string, string>();
  return {
    files,
    renames,
    paths: new Set([...files.map((file) => file.path), ...renames.values()]),
    hasMoves: files.some((file) => file.status === 'renamed' || file.status === 'deleted'),
  };
}
