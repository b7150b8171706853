import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { AppError } from '../../protocol/errors.ts';

const BLOCK = 512;
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git']);
const gzipAsync = promisify(gzip);

interface Entry {
  path: string;
  type: '0' | '2';
  executable: boolean;
  linkTarget: string;
  data: Buffer;
}

export interface Packed {
  archive: Buffer;
  /** Of what is in it: the same for the same content, whichever library compressed it. Hexadecimal. */
  digest: string;
}

/**
 * The folder's files as a .tar.gz with the files at its root. The same content gives the same bytes: sorted, no times,
 * no owners. `node_modules` and `.git` stay out; a link that leaves the folder is refused with `deployment_failed`.
 */
export async function packSource(sourceDir: string): Promise<Packed> {
  const parts: Buffer[] = [];
  for (const path of await listFiles(sourceDir, '')) {
    const entry = await readEntry(sourceDir, path);
    parts.push(...writeEntry(entry));
  }
  if (parts.length === 0) {
    throw new AppError({
      code: 'deployment_failed',
      message: `nothing to pack in ${sourceDir}`,
      userMessage: `There is nothing to deploy: the folder ${posix.basename(sourceDir.replaceAll('\\', '/'))} holds no files. Check the "path" of the function or site in the plan.`,
    });
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  const tar = Buffer.concat(parts);
  return { archive: await gzipAsync(tar, { level: 9 }), digest: createHash('sha256').update(tar).digest('hex') };
}

/** The archive alone. */
export async function packFolder(sourceDir: string): Promise<Buffer> {
  return (await packSource(sourceDir)).archive;
}

async function listFiles(rootDir: string, below: string): Promise<string[]> {
  const entries = await readdir(join(rootDir, below), { withFileTypes: true }).catch((cause: unknown) => {
    throw new AppError({
      code: 'deployment_failed',
      message: `cannot read ${join(rootDir, below)}`,
      userMessage: `The folder to deploy cannot be read: ${below === '' ? rootDir : below}. Check the "path" of the function or site in the plan.`,
      cause,
    });
  });
  const paths: string[] = [];
  for (const entry of entries) {
    if (SKIPPED.has(entry.name)) continue;
    const path = posix.join(below, entry.name);
    if (entry.isDirectory()) paths.push(...(await listFiles(rootDir, path)));
    else if (entry.isFile() || entry.isSymbolicLink()) paths.push(path);
  }
  return paths.sort();
}

async function readEntry(rootDir: string, path: string): Promise<Entry> {
  const file = join(rootDir, path);
  const info = await lstat(file);
  if (!info.isSymbolicLink()) {
    return { path, type: '0', executable: (info.mode & 0o100) !== 0, linkTarget: '', data: await readFile(file) };
  }
  const linkTarget = (await readlink(file)).replaceAll('\\', '/');
  const resolved = posix.normalize(posix.join(posix.dirname(path), linkTarget));
  if (posix.isAbsolute(linkTarget) || resolved === '..' || resolved.startsWith('../')) {
    throw new AppError({
      code: 'deployment_failed',
      message: `link leaves the folder: ${path} -> ${linkTarget}`,
      userMessage: `${path} is a link to something outside the folder that is deployed. Replace it with the file itself.`,
    });
  }
  return { path, type: '2', executable: false, linkTarget, data: Buffer.alloc(0) };
}

function writeEntry(entry: Entry): Buffer[] {
  const fields: string[] = [];
  if (!fits(entry.path)) fields.push(paxRecord('path', entry.path));
  if (!fits(entry.linkTarget)) fields.push(paxRecord('linkpath', entry.linkTarget));
  const extended = Buffer.from(fields.join(''), 'utf8');
  const parts: Buffer[] = [];
  if (extended.length > 0) parts.push(header('PaxHeader', 'x', 0o644, extended.length, ''), ...padded(extended));
  const mode = entry.type === '2' ? 0o777 : entry.executable ? 0o755 : 0o644;
  parts.push(header(entry.path, entry.type, mode, entry.data.length, entry.linkTarget), ...padded(entry.data));
  return parts;
}

/** Longer or other than ASCII goes into an extended header. */
function fits(text: string): boolean {
  return text.length <= 100 && /^[\x20-\x7e]*$/.test(text);
}

function paxRecord(key: string, value: string): string {
  const bodyBytes = Buffer.byteLength(` ${key}=${value}\n`);
  let length = bodyBytes + String(bodyBytes).length;
  if (String(length).length !== String(bodyBytes).length) length = bodyBytes + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function header(path: string, type: string, mode: number, sizeBytes: number, linkTarget: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  Buffer.from(path, 'utf8').copy(block, 0, 0, 100);
  block.write(octal(mode, 8), 100, 'latin1');
  block.write(octal(0, 8), 108, 'latin1');
  block.write(octal(0, 8), 116, 'latin1');
  block.write(octal(sizeBytes, 12), 124, 'latin1');
  block.write(octal(0, 12), 136, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  Buffer.from(linkTarget, 'utf8').copy(block, 157, 0, 100);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function padded(data: Buffer): Buffer[] {
  const rest = data.length % BLOCK;
  return rest === 0 ? [data] : [data, Buffer.alloc(BLOCK - rest)];
}
