import { type Hunk, lineHunks } from './hunks.ts';
import type { Branch, Overlap, RadarRepository } from './overlap.ts';

/** Longest part of somebody else's change in a note, in characters, and files that a note shows. */
const EXCERPT_CHARS = 600;
const EXCERPT_FILES = 3;

/** What an agent is told of an overlap: who has changed what, with the beginning of that change. */
export async function noteText(
  otherId: string,
  overlap: Overlap,
  other: Branch,
  own: Branch,
  isIntegrated: boolean,
  repository: RadarRepository,
): Promise<string> {
  const who = isIntegrated ? `Subtask "${otherId}", integrated already,` : `Another agent (subtask "${otherId}")`;
  const what = overlap.kind === 'conflict' ? 'the same lines of' : 'other lines of';
  const text = `${who} has changed ${what} ${overlap.paths.join(', ')}. Keep your change there small; both will be merged.`;
  const excerpts: string[] = [];
  let left = EXCERPT_CHARS;
  for (const path of overlap.paths.slice(0, EXCERPT_FILES)) {
    const excerpt = (await changeOf(path, other, own, repository)).slice(0, left);
    if (excerpt === '') continue;
    left -= excerpt.length;
    excerpts.push(`Its change of ${path}:\n${excerpt}`);
  }
  return [text, ...excerpts].join('\n');
}

/** The other branch's hunks in a file, those nearest to the own change first. */
async function changeOf(path: string, other: Branch, own: Branch, repository: RadarRepository): Promise<string> {
  const hunksOf = async (branch: Branch): Promise<Hunk[]> => {
    const before = await repository.read(branch.baseCommit, path);
    const after = await repository.read(branch.commit, path);
    if (after === null && before !== null)
      return [{ line: 1, removed: ['(the file is deleted or renamed)'], added: [] }];
    return lineHunks(before ?? '', after ?? '');
  };
  const ownLines = (await hunksOf(own)).map((hunk) => hunk.line);
  const distance = (hunk: Hunk) => Math.min(...ownLines.map((line) => Math.abs(line - hunk.line)), Number.MAX_VALUE);
  const hunks = (await hunksOf(other)).sort((a, b) => distance(a) - distance(b));
  return hunks
    .map(({ line, removed, added }) =>
      [`line ${line}:`, ...removed.map((text) => `-${text}`), ...added.map((text) => `+${text}`)].join('\n'),
    )
    .join('\n');
}
