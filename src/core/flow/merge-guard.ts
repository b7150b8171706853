import type { Check } from '../../protocol/plan.ts';
import type { Finding } from '../../protocol/work.ts';
import type { Repository } from '../ports.ts';
import type { Loss } from './file-losses.ts';
import type { MergeCommits } from './merge-losses.ts';
import { findWeakenedTests } from './test-guard.ts';

/**
 * Tests and checks that the agent weakened who joined two sides: what the merge shows against each of them, so that neither
 * side had done it. No reviewer sees a merge, so a change to a check's file counts too, where both sides had left the file
 * alone.
 */
export async function weakenedByMerge(
  repository: Pick<Repository, 'changedFiles' | 'readFile'>,
  repoDir: string,
  { ours, theirs, merged }: Pick<MergeCommits, 'ours' | 'theirs' | 'merged'>,
  checks: readonly Check[],
): Promise<Loss[]> {
  const against = async (side: string) =>
    findWeakenedTests(await repository.changedFiles(repoDir, side, merged), checks, (at, path) =>
      repository.readFile(repoDir, at === 'before' ? side : merged, path),
    );
  const [one, other, between] = await Promise.all([
    against(ours),
    against(theirs),
    repository.changedFiles(repoDir, ours, theirs),
  ]);
  const apart = new Set(between.flatMap((file) => [file.path, ...(file.oldPath === undefined ? [] : [file.oldPath])]));
  const isSame = (a: Finding) => (b: Finding) => a.id === b.id && a.message === b.message;
  return one
    .filter((found) => other.some(isSame(found)))
    .filter((found) => found.severity === 'blocker' || (found.severity === 'major' && !apart.has(found.file)))
    .map((found) => ({ text: `${found.file}:${found.line} ${found.message}`, needsPerson: false }));
}
