import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { insideDir } from './compute/archive.ts';
import type { Folders } from './compute/builds.ts';
import { activeDeployment } from './compute/executions.ts';
import type { Executor } from './compute/executor.ts';
import { deploymentKind, ownerKey, requireFunction, requireSite } from './compute/records.ts';
import type { Rule } from './compute/rules.ts';
import { findRule } from './compute/rules.ts';
import { ApiError } from './http/api-error.ts';
import { readBody } from './http/request.ts';
import type { Store } from './store.ts';

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
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'te',
  'trailer',
]);

export interface ServeOptions {
  store: Store;
  folders: Folders;
  executor: Executor;
  port(): number;
}

/** Answers a request whose Host is not the API's own: a site or a function, by the rule of its domain. */
export async function serveDomain(
  options: ServeOptions,
  domain: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const rule = findRule(options.store, domain);
  if (rule === null || rule.status !== 'verified' || rule.type !== 'deployment') {
    throw new ApiError(404, 'rule_not_found', `Nothing is served at ${domain}.`);
  }
  if (rule.deploymentResourceType === 'function') return serveFunction(options, rule, domain, request, response);
  return serveSite(options, rule, request, response);
}

async function serveFunction(
  options: ServeOptions,
  rule: Rule,
  domain: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const functionId = rule.deploymentResourceId;
  const found = requireFunction(options.store, functionId);
  const active = activeDeployment(options.store, functionId);
  const deploymentId = rule.trigger === 'deployment' ? rule.deploymentId : active;
  if (!found.execute.includes('any') && !found.execute.includes('guests')) {
    throw new ApiError(
      401,
      'function_execute_permission_missing',
      'To execute function using domain, execute permissions must include "any" or "guests"',
    );
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !name.startsWith('x-appwrite-'))
      headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const { answer } = await options.executor.run(functionId, deploymentId, {
    trigger: 'http',
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    host: domain,
    port: options.port(),
    headers,
    body: await readBody(request, 10_485_760),
  });
  for (const [name, value] of Object.entries(answer.headers)) {
    if (!HOP_BY_HOP.has(name)) response.setHeader(name, value);
  }
  response.writeHead(answer.statusCode);
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

async function serveSite(
  options: ServeOptions,
  rule: Rule,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const site = requireSite(options.store, rule.deploymentResourceId);
  const parent = ownerKey('sites', rule.deploymentResourceId);
  const deployment = options.store.get(deploymentKind, parent, rule.deploymentId);
  if (!site.enabled || deployment === null || deployment.status !== 'ready') {
    throw new ApiError(
      404,
      'deployment_not_found',
      'This page is empty, but you can make it yours: no deployment is active.',
    );
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const rootDir = join(options.folders.build(rule.deploymentId), deployment.servedDir);
  const [rawPath = '/', query] = (request.url ?? '/').split('?');
  const path = decodePath(rawPath);
  const found = path === null ? null : await findFile(rootDir, path);
  if (found === 'folder') {
    response.writeHead(308, { location: `${rawPath}/${query === undefined ? '' : `?${query}`}` }).end();
    return;
  }
  if (found !== null) return sendFile(found, 200, request, response);
  const fallback = site.fallbackFile === '' ? null : await findFile(rootDir, site.fallbackFile);
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
