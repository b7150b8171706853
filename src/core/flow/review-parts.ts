import type { ChangedFile } from '../../protocol/work.ts';
import { type DiffFile, filesOf, piecesOf } from './diff-files.ts';
import { isCut } from './diff-lines.ts';
import { isLockFile } from './lock-files.ts';

/** A diff that does not fit into one request to the reviewer. Nothing of it is approved that was neither shown nor named. */

/** How much of a diff one request shows: 30,000 to 40,000 tokens, below what any model of the catalog charges more for. */
export const PART_BYTES = 120_000;
/**
 * Requests of one review: about 24,000 lines, and one US dollar a round with the default lead. What is larger is no subtask any
 * more, or holds what a tool has made.
 */
export const MOST_PARTS = 8;
/** All are named in every request, which is then about a third larger. */
export const MOST_FILES = 500;
/** How much of a diff is read, for a moment, to find out what of it has to be shown. */
export const READ_BYTES = 8 * 1024 * 1024;

/** One file of a large diff as the review has it; JSON. */
export interface ReviewFile extends DiffFile {
  /** Of the diff; of a binary file, its size. */
  bytes: number;
  /** '' when it is only named. */
  text: string;
  /** Why it is only named: `lock file`, `binary file` …; null when it is shown. */
  unshown: string | null;
}

/** What a reviewer has to look at: a diff as it is when it fits into one request, else its files. JSON, kept in the journal. */
export type ReviewDiff = string | ReviewFile[];

export interface DiffPart {
  text: string;
  paths: ReadonlySet<string>;
}

/**
 * What of a diff, read up to READ_BYTES, goes to the reviewer; `sizes` is asked for files of a large one only. Faults when it
 * is more than MOST_PARTS or MOST_FILES, or when it does not show what source code says: then there is nothing to review yet,
 * and the agent is told what to do.
 */
export async function diffToReview(
  patch: string,
  changed: readonly ChangedFile[],
  sizes: (paths: string[]) => Promise<(number | null)[]>,
): Promise<{ diff: ReviewDiff; faults: string[] }> {
  const all = filesOf(patch);
  const hidden = hiddenText(all);
  if (!isCut(patch) && Buffer.byteLength(patch) <= PART_BYTES) {
    return { diff: hidden.length === 0 ? patch : '', faults: hidden };
  }
  const diff = all.map((file): ReviewFile => {
    const unshown = whyUnshown(file);
    return { ...file, text: unshown === null ? file.text : '', unshown };
  });
  // A diff does not say how large they are.
  const binaries = diff.filter((file) => file.isBinary && !file.isDeleted);
  for (const [index, bytes] of (await sizes(binaries.map((file) => file.path))).entries()) {
    const file = binaries[index];
    if (file !== undefined && bytes !== null) file.bytes = bytes;
  }
  const isTooLarge = isCut(patch) || changed.length > MOST_FILES || partsOf(diff).length > MOST_PARTS;
  const faults = isTooLarge ? [...hidden, tooLarge(patch, diff, changed.length)] : hidden;
  return { diff: faults.length === 0 ? diff : '', faults };
}

/** How many files a fault names. */
const NAMED = 5;
/** Names of source code and text, with or without an extension. */
const TEXT =
  /(?:^|\/)\.?[^./]+$|\.(?:[cm]?[jt]sx?|vue|svelte|py|rb|go|rs|java|kt|cs|c|cc|cpp|h|hpp|swift|php|pl|lua|sh|bash|zsh|ps1|bat|s?css|less|html?|json|ya?ml|md|sql|graphql|svg|txt|toml|xml|ini|env|cfg|conf|gradle|tf)$/i;

/** One NUL byte is enough for git to show nothing of a file. What lock files hold is compared by package, not read. */
function hiddenText(files: readonly DiffFile[]): string[] {
  const hidden = files.filter(
    ({ path, isBinary, isDeleted }) => isBinary && !isDeleted && TEXT.test(path) && !isLockFile(path),
  );
  const faults = hidden
    .slice(0, NAMED)
    .map(
      ({ path }) =>
        `${oneLine(path)}: git takes it for a binary file (NUL bytes, or .gitattributes?), so nobody can review it; make it plain text.`,
    );
  const more = hidden.length - faults.length;
  return more > 0 ? [...faults, `${more} more files of source code or text are binary for git as well.`] : faults;
}

/** Below this, every text is shown: it costs little, and a few lines of a lock file say which packages came. */
const LEAST_UNSHOWN_BYTES = 10_000;
/** Formats that hold data; what is smaller may be configuration. */
const DATA = /\.(json|jsonl|ndjson|geojson|csv|tsv|xml|svg|txt|snap|lock)$/i;
const LEAST_DATA_BYTES = 50_000;
/** Lines that no person has written. */
const LONG_LINE = 1_000;
/** The headers of a diff, and what stands around such lines: a licence, the name of a source map. More may be code. */
const LEAST_READABLE_CHARS = 2_000;

function whyUnshown(file: DiffFile): string | null {
  const { path, text, bytes } = file;
  if (file.isBinary) return 'binary file';
  if (bytes < LEAST_UNSHOWN_BYTES) return null;
  if (file.isDeleted) return 'deleted file';
  if (isLockFile(path)) return 'lock file';
  if (/\.map$/i.test(path) && isSourceMap(text)) return 'source map';
  if (DATA.test(path) && bytes >= LEAST_DATA_BYTES) return 'data';
  return isMinified(text) ? 'minified or encoded: next to all of it is very long lines' : null;
}

function isMinified(text: string): boolean {
  let readable = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const next = end < 0 ? text.length : end + 1;
    if (next - at <= LONG_LINE) readable += next - at;
    at = next;
  }
  return readable < LEAST_READABLE_CHARS;
}

/** True when what a file's diff shows of its new text is a source map, all of it. */
function isSourceMap(text: string): boolean {
  const hunks = text.indexOf('\n@@ ');
  const lines = hunks < 0 ? [] : text.slice(hunks + 1).split('\n');
  const now = lines.filter((line) => /^[+ ]/.test(line)).map((line) => line.slice(1));
  try {
    const map: unknown = JSON.parse(now.join('\n'));
    return typeof map === 'object' && map !== null && 'version' in map && ('mappings' in map || 'sections' in map);
  } catch {
    return false;
  }
}

/** The shown files in parts of at most PART_BYTES, in their order; a file that is larger is cut between hunks. */
export function partsOf(files: readonly ReviewFile[]): DiffPart[] {
  const parts: { text: string; paths: Set<string> }[] = [];
  let left = 0;
  for (const file of files) {
    if (file.unshown !== null) continue;
    for (const piece of piecesOf(file, PART_BYTES)) {
      const bytes = Buffer.byteLength(piece);
      if (parts.length === 0 || bytes > left) {
        parts.push({ text: '', paths: new Set() });
        left = PART_BYTES;
      }
      const part = parts.at(-1);
      part?.paths.add(file.path);
      if (part !== undefined) part.text += piece;
      left -= bytes;
    }
  }
  return parts;
}

/** What a later round need not show again: files that are as the last review saw them, and that no finding is about. */
export function onlyNews(
  files: readonly ReviewFile[],
  isNews: (file: Pick<ReviewFile, 'path' | 'oldPath'>) => boolean,
): ReviewFile[] {
  return files.map((file) =>
    file.unshown !== null || isNews(file) ? file : { ...file, text: '', unshown: 'as the last review saw it' },
  );
}

function tooLarge(patch: string, files: readonly ReviewFile[], count: number): string {
  const sum = files.reduce((all, file) => all + (file.unshown === null ? file.bytes : 0), 0);
  const size = isCut(patch) ? `a diff of more than ${sizeOf(READ_BYTES)}` : `${sizeOf(sum)} to read`;
  const largest = files.toSorted((a, b) => b.bytes - a.bytes).slice(0, NAMED);
  const named = largest.map((file) => `${oneLine(file.path)} (${sizesOf(file)})`).join(', ');
  return `The change is too large to be reviewed: ${count} files, ${size}; a review takes ${MOST_FILES} files and ${MOST_PARTS} parts of ${sizeOf(PART_BYTES)}. The largest: ${named}. Take out what a tool has made, what is copied and what the subtask does not need (a .gitignore keeps it out). If all of it is needed, leave it: a person then takes it as it is, unreviewed, or says what to change.`;
}

/** No name looks like another line of the list. */
const oneLine = (path: string): string => path.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');

function sizeOf(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function sizesOf({ addedLines, removedLines, bytes, isBinary, isDeleted }: ReviewFile): string {
  if (isBinary) return isDeleted ? 'deleted' : sizeOf(bytes);
  return `+${addedLines} −${removedLines} lines, ${sizeOf(bytes)}`;
}

/** A line for every changed file: its size, and which part shows it or why none does. */
export function fileLines(files: readonly ReviewFile[], parts: readonly DiffPart[]): string[] {
  return files.map((file) => {
    const shownIn = parts.flatMap(({ paths }, index) => (paths.has(file.path) ? [index + 1] : []));
    const from = file.oldPath === file.path ? '' : `, was ${oneLine(file.oldPath)}`;
    const place = file.unshown === null ? `part ${shownIn.join(', ')}` : `not shown, ${file.unshown}`;
    return `${oneLine(file.path)}${from} (${sizesOf(file)}): ${place}`;
  });
}
