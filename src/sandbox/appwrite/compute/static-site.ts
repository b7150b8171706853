import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { insideDir } from './archive.ts';

const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.xml': 'application/xml',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.pdf': 'application/pdf',
  '.mp4': 'video/mp4',
  '.mp3': 'audio/mpeg',
};
/** Answers with a file below `rootDir`; `fallbackFile` ('' for none) stands in for what is missing. */
export async function serveFiles(
  rootDir: string,
  fallbackFile: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const [rawPath = '/', query] = (request.url ?? '/').split('?');
  const path = decodePath(rawPath);
  const found = path === null ? null : await findFile(rootDir, path);
  if (found === 'folder') {
    response.writeHead(308, { location: `${rawPath}/${query === undefined ? '' : `?${query}`}` }).end();
    return;
  }
  if (found !== null) return sendFile(found, 200, request, response);
  const fallback = fallbackFile === '' ? null : await findFile(rootDir, fallbackFile);
  if (fallback !== null && fallback !== 'folder') return sendFile(fallback, 200, request, response);
  const own404 = await findFile(rootDir, '404.html');
  if (own404 !== null && own404 !== 'folder') return sendFile(own404, 404, request, response);
  response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' });
  response.end('<!doctype html><title>404</title><h1>Page not found</h1>');
}

function decodePath(rawPath: string): string | null {
  try {
    const path = decodeURIComponent(rawPath);
    return path.includes('\0') ? null : path;
  } catch {
    return null;
  }
}

/** The file of a path, `folder` when a slash is missing at the end, or null; never anything outside the folder. */
async function findFile(rootDir: string, path: string): Promise<string | 'folder' | null> {
  const inside = insideDir(rootDir, `./${path}`);
  const real = inside === null ? null : await realpath(inside).catch(() => null);
  if (real === null || insideDir(await realpath(rootDir), real) === null) return null;
  const info = await stat(real);
  if (info.isFile()) return path.endsWith('/') ? null : real;
  const index = await findIndex(real);
  return index !== null && !path.endsWith('/') && path !== '' ? 'folder' : index;
}

async function findIndex(dir: string): Promise<string | null> {
  const index = join(dir, 'index.html');
  const info = await stat(index).catch(() => null);
  return info?.isFile() === true ? realpath(index) : null;
}

async function sendFile(
  path: string,
  status: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size } = await stat(path);
  response.writeHead(status, {
    'content-type': CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
    'content-length': size,
  });
  if (request.method === 'HEAD') return void response.end();
  await pipeline(createReadStream(path), response);
}
