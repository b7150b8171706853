import { type MergeSides, missingChanges, NONE_TAKEN, OURS, type TakenWords, THEIRS } from './preserved.ts';

export interface Loss {
  text: string;
  /** True when no other merge could keep it: an agent cannot mend it, a person has to decide. */
  needsPerson: boolean;
}

/** One file of a merge, under the name that it has at each place; null where it is absent. */
export interface MergedFile {
  /** The name at the base, or the only one. */
  path: string;
  base: string | null;
  /** The text of a side, whether that side changed the file, and whether the merge holds exactly the same bytes. */
  ours: SideFile;
  theirs: SideFile;
  merged: string | null;
  /** Texts of files that exist only in the merge: content may have been moved there. */
  elsewhere: readonly string[];
}

export interface SideFile {
  text: string | null;
  isChanged: boolean;
  isKept: boolean;
}

const isBinary = (text: string | null): boolean => text?.includes('\0') ?? false;

/** What a merged file lost of either side's change to it. */
export function fileLosses(file: MergedFile, taken: TakenWords = NONE_TAKEN): Loss[] {
  const { path, base, ours, theirs, merged } = file;
  const sides = [
    { who: OURS, ...ours },
    { who: THEIRS, ...theirs },
  ].filter((side) => side.isChanged);
  const deleter = sides.find((side) => side.text === null);
  const editor = sides.find((side) => side.text !== null);
  const texts = (text: string): MergeSides => ({
    base: base ?? '',
    // A deletion says nothing about the lines of the other side's edit.
    ours: ours.text ?? base ?? '',
    theirs: theirs.text ?? base ?? '',
    merged: text,
  });
  const mendable = (text: string): Loss => ({ text, needsPerson: false });
  const forPerson = (text: string): Loss => ({ text, needsPerson: true });
  if (merged === null) {
    if (editor === undefined || file.elsewhere.some((text) => missingChanges(path, texts(text), taken).length === 0))
      return [];
    if (deleter === undefined) return [mendable(`${path} is gone; ${editor.who} had changed it.`)];
    return [
      forPerson(
        `${path}: ${editor.who} changed it, ${deleter.who} deleted it; the merge leaves it deleted, without the change.`,
      ),
    ];
  }
  if (deleter !== undefined && editor === undefined) {
    return [mendable(`${path} is back; ${deleter.who} had deleted it.`)];
  }
  const losses: Loss[] = [];
  if (deleter !== undefined && editor !== undefined) {
    losses.push(
      forPerson(
        `${path}: ${deleter.who} deleted it, ${editor.who} changed it; the merge keeps it, against the deletion.`,
      ),
    );
  }
  if ([base, ours.text, theirs.text, merged].some(isBinary)) {
    const lost = sides.filter((side) => side.text !== null && !side.isKept);
    const isShared = sides.length > 1;
    for (const { who } of lost) {
      losses.push({ text: `${path} is binary; what ${who} made of it is not in the merge.`, needsPerson: isShared });
    }
    return losses;
  }
  return [...losses, ...missingChanges(path, texts(merged), taken).map(mendable)];
}
