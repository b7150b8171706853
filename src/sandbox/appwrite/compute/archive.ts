import { chmod, mkdir, open, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const BLOCK = 512;
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
const gunzipAsync = promisify(gunzip);

/** Something in an archive that must not be unpacked, or that is not an archive at all. */
export class ArchiveError extends Error {}

interface Entry {
  path: string;
  type: string;
  mode: number;
  linkTarget: string;
  data: Buffer;
}

/**
 * Unpacks a .tar.gz of files, folders and symbolic links. Every path and every link stays inside `targetDir`; devices
 * and hard links are refused. Links are made last, so that no file is written through one. Returns the unpacked bytes.
 */
export async function unpackTarGz(archivePath: string, targetDir: string): Promise<number> {
  let tar: Buffer;
  try {
    tar = await gunzipAsync(await readFile(archivePath), { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    throw new ArchiveError(
      `The archive is not valid gzip data: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  await mkdir(targetDir, { recursive: true });
  const links: Entry[] = [];
  let sizeBytes = 0;
  for (const entry of readEntries(tar)) {
    const path = safePath(entry.path);
    if (path === null) continue;
    const target = join(targetDir, path);
    if (entry.type === '5') {
      await mkdir(target, { recursive: true });
    } else if (entry.type === '2') {
      links.push({ ...entry, path });
    } else {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, entry.data);
      if ((entry.mode & 0o111) !== 0) await chmod(target, 0o755);
      sizeBytes += entry.data.length;
    }
  }
  for (const link of links) await makeLink(targetDir, link);
  return sizeBytes;
}

/** The text of a link can lie when it goes through another link, so what it really leads to is checked too. */
async function makeLink(targetDir: string, link: Entry): Promise<void> {
  checkLink(link);
  const at = join(targetDir, link.path);
  await mkdir(dirname(at), { recursive: true });
  await symlink(link.linkTarget, at);
  const real = await realpath(at).catch(() => null);
  if (real === null || insideDir(await realpath(targetDir), real) === null) {
    await rm(at, { force: true });
    throw new ArchiveError(`The archive holds a link that leads nowhere inside: ${link.path} -> ${link.linkTarget}`);
  }
}

/** Writes one part of an upload at its place. */
export async function writePart(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // 'a+' would ignore the position, 'r+' needs the file; this makes it first when it is missing.
  await (await open(path, 'a')).close();
  const handle = await open(path, 'r+');
  try {
    await handle.write(bytes, 0, bytes.length, offset);
  } finally {
    await handle.close();
  }
}

function safePath(raw: string): string | null {
  const path = posix.normalize(raw.replaceAll('\\', '/')).replace(/\/+$/, '');
  if (path === '.' || path === '') return null;
  if (
    path.startsWith('/') ||
    path === '..' ||
    path.startsWith('../') ||
    /^[A-Za-z]:/.test(path) ||
    path.includes('\0')
  ) {
    throw new ArchiveError(`The archive holds a path outside its folder: ${raw}`);
  }
  return path;
}

function checkLink(link: Entry): void {
  const resolved = posix.normalize(posix.join(posix.dirname(link.path), link.linkTarget));
  if (link.linkTarget.startsWith('/') || resolved === '..' || resolved.startsWith('../')) {
    throw new ArchiveError(`The archive holds a link that leaves its folder: ${link.path} -> ${link.linkTarget}`);
  }
}

function* readEntries(tar: Buffer): Generator<Entry> {
  let offset = 0;
  let extended: Record<string, string> = {};
  while (offset + BLOCK <= tar.length) {
    const header = tar.subarray(offset, offset + BLOCK);
    offset += BLOCK;
    if (header.every((byte) => byte === 0)) return;
    checkHeader(header);
    const sizeBytes = octal(header, 124, 12);
    if (offset + sizeBytes > tar.length) throw new ArchiveError('The archive is cut off.');
    const data = tar.subarray(offset, offset + sizeBytes);
    offset += Math.ceil(sizeBytes / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'x') extended = { ...extended, ...readPax(data) };
    else if (type === 'L') extended.path = text(data, 0, data.length);
    else if (type === 'K') extended.linkpath = text(data, 0, data.length);
    else if (type !== 'g') {
      if (!['0', '\0', '2', '5', '7'].includes(type))
        throw new ArchiveError(`The archive holds an entry of type ${type}.`);
      const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
      const name = text(header, 0, 100);
      yield {
        path: extended.path ?? (prefix === '' ? name : `${prefix}/${name}`),
        linkTarget: extended.linkpath ?? text(header, 157, 100),
        mode: octal(header, 100, 8),
        type,
        data,
      };
      extended = {};
    }
  }
}

function checkHeader(header: Buffer): void {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 32 : byte;
  if (sum !== octal(header, 148, 8)) throw new ArchiveError('The archive is not a valid tar file.');
}

function text(bytes: Buffer, start: number, length: number): string {
  const part = bytes.subarray(start, start + length);
  const end = part.indexOf(0);
  return part.subarray(0, end < 0 ? part.length : end).toString('utf8');
}

function octal(bytes: Buffer, start: number, length: number): number {
  const value = Number.parseInt(text(bytes, start, length).trim() || '0', 8);
  if (!Number.isSafeInteger(value) || value < 0) throw new ArchiveError('The archive is not a valid tar file.');
  return value;
}

/** Records of the form `<length> <key>=<value>\n`. */
function readPax(data: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  let offset = 0;
  while (offset < data.length) {
    const length = Number.parseInt(data.subarray(offset, offset + 20).toString('latin1'), 10);
    if (!(length > 0)) break;
    const record = data.subarray(offset, offset + length - 1).toString('utf8');
    const match = /^\d+ ([^=]+)=([\s\S]*)$/.exec(record);
    if (match?.[1] !== undefined) fields[match[1]] = match[2] ?? '';
    offset += length;
  }
  return fields;
}

/** `path` (relative to `rootDir`, or absolute) when it is `rootDir` or below it, else null. */
export function insideDir(rootDir: string, path: string): string | null {
  const target = resolve(rootDir, path);
  const way = relative(rootDir, target);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? null : target;
}
