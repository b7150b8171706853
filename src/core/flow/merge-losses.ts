import type { Repository } from '../ports.ts';
import { type Changes, changesBetween } from './changed-paths.ts';
import { fileLosses, type Loss, type MergedFile, type SideFile } from './file-losses.ts';
import { OURS, type TakenWords, THEIRS, wordsTaken } from './preserved.ts';

/** The commits that a merge is held against. */
export interface MergeCommits {
  base: string;
  /** The head of the integration. */
  ours: string;
  /** The approved commit of the subtask. */
  theirs: string;
  /** What git made of both by itself; where it stopped, with conflict markers. */
  clean: string;
  merged: string;
}

export interface MergeLosses {
  losses: Loss[];
  /** Files that differ from what git made by itself. */
  paths: string[];
}

const MAX_PATCH_BYTES = 8 * 1024 * 1024;
/** Files that only the merge has, in which moved content is looked for. */
const MAX_NEW_FILES = 30;

interface Merge {
  read(commit: string, path: string): Promise<string | null>;
  commits: MergeCommits;
  ours: Changes;
  theirs: Changes;
  /** What the agent made different from git's own merge. */
  touched: Changes;
  /** Where the merge differs from each side. */
  besides: { ours: ReadonlySet<string>; theirs: ReadonlySet<string> };
  conflicts: ReadonlySet<string>;
  taken: TakenWords;
}

/**
 * What a merge that an agent worked on lost of either side, in all files that either side changed. Files in which git's own
 * merge stands unchanged hold both sides already and are not read.
 */
export async function mergeLosses(
  repository: Repository,
  repoDir: string,
  commits: MergeCommits,
  conflicts: readonly string[],
): Promise<MergeLosses> {
  const { base, ours, theirs, clean, merged } = commits;
  const between = (from: string, to: string) => changesBetween(repository, repoDir, from, to);
  const patch = (from: string, to: string) => repository.patch(repoDir, from, to, MAX_PATCH_BYTES);
  const merge: Merge = {
    read: (commit, path) => repository.readFile(repoDir, commit, path),
    commits,
    ours: await between(base, ours),
    theirs: await between(base, theirs),
    touched: await between(clean, merged),
    besides: { ours: (await between(ours, merged)).paths, theirs: (await between(theirs, merged)).paths },
    conflicts: new Set(conflicts),
    taken: { ours: wordsTaken(await patch(base, ours)), theirs: wordsTaken(await patch(base, theirs)) },
  };
  const losses = [
    ...(await contentLosses(merge)),
    ...(await strayLosses(merge, await between(base, clean))),
    ...modeLosses(merge, await patch(clean, merged)),
  ];
  return { losses, paths: [...new Set([...conflicts, ...merge.touched.paths])].sort() };
}

/** New name of a file on a side, when that side renamed it. */
function newName(changes: Changes, path: string): string | null {
  for (const [to, from] of changes.renames) if (from === path) return to;
  return null;
}

async function contentLosses(merge: Merge): Promise<Loss[]> {
  const { ours, theirs, touched, conflicts } = merge;
  const sidePaths = new Set([...ours.paths, ...theirs.paths]);
  const created = touched.files
    .filter(({ path, status }) => (status === 'added' || status === 'renamed') && !sidePaths.has(path))
    .slice(0, MAX_NEW_FILES);
  const elsewhere: string[] = [];
  for (const { path } of created) elsewhere.push((await merge.read(merge.commits.merged, path)) ?? '');
  const losses: Loss[] = [];
  for (const path of [...sidePaths].sort()) {
    const names = { ours: newName(ours, path), theirs: newName(theirs, path) };
    const all = [path, names.ours, names.theirs].filter((name) => name !== null);
    if (!all.some((name) => touched.paths.has(name) || conflicts.has(name))) continue;
    // A new name is looked at together with the old one, unless the other side made a file of its own there.
    if (isTargetOnly(ours, theirs, path) || isTargetOnly(theirs, ours, path)) continue;
    losses.push(...(await lossesAt(merge, path, names, elsewhere)));
  }
  return losses;
}

function isTargetOnly(side: Changes, other: Changes, path: string): boolean {
  const from = side.renames.get(path);
  return from !== undefined && (!other.paths.has(path) || other.renames.get(path) === from);
}

async function lossesAt(
  merge: Merge,
  path: string,
  names: { ours: string | null; theirs: string | null },
  elsewhere: string[],
): Promise<Loss[]> {
  const { read, commits } = merge;
  const side = async (which: 'ours' | 'theirs'): Promise<SideFile> => {
    const name = names[which] ?? path;
    // The new name of another file: this side's text belongs to that one.
    const isForeign = merge[which].renames.has(path) && names[which] === null;
    if (isForeign || !merge[which].paths.has(path)) {
      return { text: await read(commits.base, path), isChanged: false, isKept: true };
    }
    return { text: await read(commits[which], name), isChanged: true, isKept: !merge.besides[which].has(name) };
  };
  const mergedAt = async (): Promise<{ name: string; text: string } | null> => {
    for (const name of [names.ours, names.theirs, path]) {
      const text = name === null ? null : await read(commits.merged, name);
      if (name !== null && text !== null) return { name, text };
    }
    return null;
  };
  const found = await mergedAt();
  const file: MergedFile = {
    path,
    base: await read(commits.base, path),
    ours: await side('ours'),
    theirs: await side('theirs'),
    merged: found?.text ?? null,
    elsewhere,
  };
  const losses = fileLosses(file, merge.taken);
  if (found === null) return losses;
  return [...losses, ...(await nameLosses(merge, path, names, found.name))];
}

/** A side that renamed a file wants it under the new name, and only there. */
async function nameLosses(
  merge: Merge,
  path: string,
  names: { ours: string | null; theirs: string | null },
  mergedName: string,
): Promise<Loss[]> {
  const losses: Loss[] = [];
  const isTwice = names.ours !== null && names.theirs !== null && names.ours !== names.theirs;
  for (const [who, name] of [
    [OURS, names.ours],
    [THEIRS, names.theirs],
  ] as const) {
    if (name === null) continue;
    const isThere = (await merge.read(merge.commits.merged, name)) !== null;
    if (!isThere) {
      losses.push({
        text: `${who} had moved ${path} to ${name}; the merge has it as ${mergedName}.`,
        needsPerson: isTwice,
      });
    } else if (mergedName !== path && (await merge.read(merge.commits.merged, path)) !== null) {
      losses.push({ text: `${path} is back; ${who} had moved it to ${name}.`, needsPerson: false });
    }
  }
  return losses;
}

/** Files of neither side: those that git put beside a conflict and that stayed, and those that the agent took away. */
async function strayLosses(merge: Merge, clean: Changes): Promise<Loss[]> {
  const { read, commits, ours, theirs, touched } = merge;
  const losses: Loss[] = [];
  for (const { path, status } of clean.files) {
    if (status === 'deleted' || ours.paths.has(path) || theirs.paths.has(path)) continue;
    if (!(await isNew(merge, path)) || (await read(commits.merged, path)) === null) continue;
    losses.push({
      text: `${path} was left by the conflict; its content belongs into a file of the project.`,
      needsPerson: false,
    });
  }
  for (const { path, status } of touched.files) {
    if (status !== 'deleted' || ours.paths.has(path) || theirs.paths.has(path)) continue;
    if (await isNew(merge, path)) continue;
    losses.push({ text: `${path} is gone, and neither side had deleted it.`, needsPerson: false });
  }
  return losses;
}

/** True for a path that git's merge made and neither side has. */
async function isNew({ read, commits }: Merge, path: string): Promise<boolean> {
  return (await read(commits.ours, path)) === null && (await read(commits.theirs, path)) === null;
}

const MODE = /^diff --git a\/(.+) b\/\1\nold mode (\d+)\nnew mode (\d+)$/gm;

function modeLosses({ ours, theirs }: Merge, patch: string): Loss[] {
  return [...patch.matchAll(MODE)]
    .filter(([, path = '']) => ours.paths.has(path) || theirs.paths.has(path))
    .map(([, path = '', from = '', to = '']) => ({
      text: `${path} has mode ${to} now; both sides together gave it ${from}.`,
      needsPerson: false,
    }));
}
