import type { Check } from '../../protocol/plan.ts';
import type { ChangedFile, Finding } from '../../protocol/work.ts';
import type { Repository } from '../ports.ts';
import type { Loss } from './file-losses.ts';
import type { MergeCommits } from './merge-losses.ts';
import { normalisePath } from './owned-paths.ts';
import { findWeakenedTests } from './test-guard.ts';
import { isTestPath, readTestSource } from './test-source.ts';

/**
 * Tests and checks that the agent weakened who joined two sides: what the merge shows against each of them, so that neither
 * side had done it, and what both had and it has not. No reviewer sees a merge, so a change to a check's file counts too,
 * where both sides had left the file alone. `removable`: test files that the approved plan lets the subtask remove or reduce; what
 * is gone of those is no loss.
 */
export async function weakenedByMerge(
  repository: Pick<Repository, 'changedFiles' | 'readFile'>,
  repoDir: string,
  { base, ours, theirs, merged }: Pick<MergeCommits, 'base' | 'ours' | 'theirs' | 'merged'>,
  checks: readonly Check[],
  removable: readonly string[] = [],
): Promise<Loss[]> {
  const read = (commit: string, path: string) => repository.readFile(repoDir, commit, path);
  const changed = {
    ours: await repository.changedFiles(repoDir, ours, merged),
    theirs: await repository.changedFiles(repoDir, theirs, merged),
  };
  const against = (files: readonly ChangedFile[], side: string) =>
    findWeakenedTests(files, checks, (at, path) => read(at === 'before' ? side : merged, path), removable);
  const [one, other, between] = await Promise.all([
    against(changed.ours, ours),
    against(changed.theirs, theirs),
    repository.changedFiles(repoDir, ours, theirs),
  ]);
  const apart = new Set(between.flatMap((file) => [file.path, ...(file.oldPath === undefined ? [] : [file.oldPath])]));
  const isSame = (a: Finding) => (b: Finding) => a.id === b.id && a.message === b.message;
  const weakened = one
    .filter((found) => other.some(isSame(found)))
    .filter((found) => found.severity === 'blocker' || (found.severity === 'major' && !apart.has(found.file)))
    .map((found) => `${found.file}:${found.line} ${found.message}`);
  const planned = new Set(removable.map(normalisePath));
  const held = new Set([...apart].filter((path) => !planned.has(path)));
  const lost = await commonLosses(changed, held, async (which, path) =>
    sourceOf(path, await read({ base, ours, theirs, merged }[which], path)),
  );
  return [...weakened, ...lost].map((text) => ({ text, needsPerson: false }));
}

interface Source {
  titles: string[];
  asserted: string[];
}

type ReadSource = (which: 'base' | 'ours' | 'theirs' | 'merged', path: string) => Promise<Source>;

const NAMED = 5;

function sourceOf(path: string, text: string | null): Source {
  const { tests, asserted } = readTestSource(path, text ?? '');
  return { titles: tests.map(({ title }) => title).filter((title) => title !== ''), asserted };
}

/**
 * Tests that both sides have, and assertions that neither has touched, which are in no test file of the merge that it changed.
 * Of the files `held`, in which the sides differ: what each added there hides from a count what the merge lost.
 */
async function commonLosses(
  changed: Record<'ours' | 'theirs', readonly ChangedFile[]>,
  held: ReadonlySet<string>,
  sourceAt: ReadSource,
): Promise<string[]> {
  const testPaths = (files: readonly ChangedFile[]) => files.map(({ path }) => path).filter(isTestPath);
  const besidesTheirs = new Set(testPaths(changed.theirs));
  const missing: { path: string; titles: string[]; asserted: string[] }[] = [];
  for (const path of testPaths(changed.ours)) {
    if (!besidesTheirs.has(path) || !held.has(path)) continue;
    const [base, ours, theirs, merged] = [
      await sourceAt('base', path),
      await sourceAt('ours', path),
      await sourceAt('theirs', path),
      await sourceAt('merged', path),
    ];
    const titles = common([ours.titles, theirs.titles], merged.titles);
    const asserted = common([base.asserted, ours.asserted, theirs.asserted], merged.asserted);
    if (titles.length + asserted.length > 0) missing.push({ path, titles, asserted });
  }
  if (missing.length === 0) return [];
  const elsewhere = { titles: new Set<string>(), asserted: new Set<string>() };
  for (const path of new Set([...testPaths(changed.ours), ...besidesTheirs])) {
    const { titles, asserted } = await sourceAt('merged', path);
    for (const title of titles) elsewhere.titles.add(title);
    for (const line of asserted) elsewhere.asserted.add(line);
  }
  return missing.flatMap(({ path, ...lost }) => {
    const titles = lost.titles.filter((title) => !elsewhere.titles.has(title));
    const asserted = lost.asserted.filter((line) => !elsewhere.asserted.has(line));
    if (titles.length > 0)
      return [`${path}:0 Tests that both sides have are gone: ${named(titles, '"')}. Put them back.`];
    if (asserted.length === 0) return [];
    return [`${path}:0 Assertions that neither side had touched are gone: ${named(asserted, '`')}. Put them back.`];
  });
}

/** What is in all of the lists and not in the other one. */
function common(lists: string[][], other: readonly string[]): string[] {
  const [first, ...others] = lists.map((list) => new Set(list));
  const there = new Set(other);
  return [...(first ?? [])].filter((one) => !there.has(one) && others.every((list) => list.has(one)));
}

function named(texts: readonly string[], mark: string): string {
  return texts
    .slice(0, NAMED)
    .map((text) => `${mark}${text}${mark}`)
    .join(', ');
}
