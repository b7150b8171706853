import { printedPath } from './diff-lines.ts';

/** What a diff says about one file. */
export interface DiffFile {
  path: string;
  /** The same, unless the file was renamed. */
  oldPath: string;
  /** From its `diff --git` line to the next one. */
  text: string;
  /** Of the text, in UTF-8. */
  bytes: number;
  addedLines: number;
  removedLines: number;
  isBinary: boolean;
  isDeleted: boolean;
}

/** The files of a diff in its order. A file whose type changed (to a link, say) comes twice, as git prints it. */
export function filesOf(patch: string): DiffFile[] {
  const files: DiffFile[] = [];
  for (let at = patch.startsWith('diff --git ') ? 0 : -1; at >= 0; ) {
    const next = patch.indexOf('\ndiff --git ', at);
    files.push(readFile(patch.slice(at, next < 0 ? undefined : next + 1)));
    at = next < 0 ? -1 : next + 1;
  }
  return files;
}

function headOf(text: string): string {
  const hunks = text.indexOf('\n@@ ');
  return hunks < 0 ? text : text.slice(0, hunks + 1);
}

function readFile(text: string): DiffFile {
  const head = headOf(text);
  let addedLines = 0;
  let removedLines = 0;
  for (let at = head.length; at < text.length; at = text.indexOf('\n', at) + 1 || text.length) {
    if (text[at] === '+') addedLines += 1;
    else if (text[at] === '-') removedLines += 1;
  }
  return {
    ...pathsOf(head),
    text,
    bytes: Buffer.byteLength(text),
    addedLines,
    removedLines,
    isBinary: head.includes('\nBinary files '),
    isDeleted: head.includes('\ndeleted file mode '),
  };
}

function pathsOf(head: string): { path: string; oldPath: string } {
  const after = (start: string): string | null => {
    const at = head.indexOf(`\n${start}`);
    return at < 0 ? null : printedPath(head.slice(at + 1 + start.length, head.indexOf('\n', at + 1)));
  };
  const from = after('rename from ');
  const to = after('rename to ');
  if (from !== null && to !== null) return { path: to, oldPath: from };
  // Both names of the first line are the same, and so are their lengths.
  const names = head.slice('diff --git '.length, head.indexOf('\n'));
  const path = printedPath(names.slice((names.length + 1) / 2)).replace(/^b\//, '');
  return { path, oldPath: path };
}

const HUNK = /^@@ -(\d+)(,0)?[,\d]* \+(\d+)(,0)?[,\d]* @@/;
/** For the line that begins a hunk; git shows at most 80 bytes of what stands around it. */
const HUNK_HEAD_BYTES = 200;

/**
 * The diff of one file in pieces of at most `maxBytes`, each with the file's header: cut between hunks, inside a hunk that is
 * larger at a line end, with line numbers that stay true, and inside a line that is larger. Nothing is left out.
 */
export function piecesOf({ text, bytes }: Pick<DiffFile, 'text' | 'bytes'>, maxBytes: number): string[] {
  if (bytes <= maxBytes) return [text];
  const head = headOf(text);
  const room = maxBytes - Buffer.byteLength(head) - HUNK_HEAD_BYTES;
  const pieces: string[] = [];
  let piece = '';
  let left = room;
  for (const hunk of hunksOf(text, head.length)) {
    const hunkBytes = Buffer.byteLength(hunk);
    for (const part of hunkBytes <= room ? [hunk] : hunkPieces(hunk, room)) {
      const size = Buffer.byteLength(part);
      if (piece !== '' && size > left) {
        pieces.push(head + piece);
        piece = '';
        left = room;
      }
      piece += part;
      left -= size;
    }
  }
  if (piece !== '') pieces.push(head + piece);
  return pieces;
}

function hunksOf(text: string, from: number): string[] {
  const hunks: string[] = [];
  for (let at = from; at < text.length; ) {
    const next = text.indexOf('\n@@ ', at);
    hunks.push(text.slice(at, next < 0 ? undefined : next + 1));
    at = next < 0 ? text.length : next + 1;
  }
  return hunks;
}

/** One hunk as several, each below `room` but for its first line. */
function hunkPieces(hunk: string, room: number): string[] {
  const end = hunk.indexOf('\n');
  const [range = '', oldStart, oldNone, newStart, newNone] = HUNK.exec(hunk) ?? [];
  const around = hunk.slice(range.length, end);
  const pieces: string[] = [];
  let lines: string[] = [];
  let size = 0;
  // Where the piece begins, and how many lines of either side it has; a side without lines is printed as the line before.
  const old = { start: Number(oldStart) + (oldNone === undefined ? 0 : 1), count: 0 };
  const now = { start: Number(newStart) + (newNone === undefined ? 0 : 1), count: 0 };
  const close = () => {
    if (lines.length === 0) return;
    const printed = ({ start, count }: typeof old) => `${count === 0 ? start - 1 : start},${count}`;
    pieces.push(`@@ -${printed(old)} +${printed(now)} @@${around}\n${lines.join('\n')}\n`);
    for (const side of [old, now]) {
      side.start += side.count;
      side.count = 0;
    }
    lines = [];
    size = 0;
  };
  for (const line of hunk.slice(end + 1, -1).split('\n')) {
    const parts = linePieces(line, room);
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.byteLength(part) + 1;
      if (size + bytes > room) close();
      lines.push(part);
      size += bytes;
      // A line that goes on in the next piece is counted where it ends.
      if (index < parts.length - 1) continue;
      if (!line.startsWith('+') && !line.startsWith('\\')) old.count += 1;
      if (!line.startsWith('-') && !line.startsWith('\\')) now.count += 1;
    }
  }
  close();
  return pieces;
}

const GOES_ON = '\n\\ The line goes on.';

/** A line that is larger than a piece, cut; each part begins with the line's sign. */
function linePieces(line: string, room: number): string[] {
  if (Buffer.byteLength(line) + 1 <= room) return [line];
  // A character takes at most 3 bytes for each unit of its length.
  const most = Math.max(2, Math.floor((room - GOES_ON.length - 2) / 3));
  const sign = line.charAt(0);
  const parts: string[] = [];
  for (let at = 1; at < line.length; ) {
    let to = Math.min(at + most, line.length);
    // Not between the halves of a character.
    if (to < line.length && /[\uDC00-\uDFFF]/.test(line.charAt(to))) to -= 1;
    parts.push(`${sign}${line.slice(at, to)}${to < line.length ? GOES_ON : ''}`);
    at = to;
  }
  return parts;
}
