import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../core/ports.ts';
import { acceptedPermission, acceptedScopes, guard } from './access.ts';
import type { Account } from './accounts.ts';
import { answerGit } from './answer-git.ts';
import { type FaultKind, type FaultSource, faultError, happensAfter } from './faults.ts';
import { type createGitBackend, parseGitPath } from './git-http.ts';
import {
  ApiError,
  errorReply,
  matchRoute,
  notFound,
  type Prepared,
  prepare,
  type Reply,
  type Route,
  readJson,
} from './http.ts';
import { renderPage } from './pages.ts';
import type { Rate } from './rate.ts';
import { movedReply, pathById } from './renames.ts';
import type { createRequestLog } from './request-log.ts';
import { jobLogText } from './routes-jobs.ts';
import { presentedToken } from './token.ts';
import type { World } from './world.ts';

export const API_PREFIX = '/api/v3';
/** Beside the REST API of a server of one's own, and as on github.com. */
const GRAPHQL_PATHS: ReadonlySet<string> = new Set(['/api/graphql', '/graphql']);

export interface Site {
  world: World;
  routes: readonly Route[];
  rate: Rate;
  backend: ReturnType<typeof createGitBackend>;
  faults: FaultSource;
  requests: ReturnType<typeof createRequestLog>;
}

/** One request to the stand-in, by what its path names: the API, git, the log of a job, or a page. */
export async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', site.world.webUrl);
  // A page of another origin must not reach this server by a name of its own that resolves to 127.0.0.1.
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (host !== '127.0.0.1' && host !== 'localhost') {
    response.writeHead(421, { 'content-type': 'text/plain' }).end('Only 127.0.0.1 is served here.\n');
    return;
  }
  if (GRAPHQL_PATHS.has(url.pathname)) {
    await answerApi(site, request, response, url, '/graphql');
    return;
  }
  if (url.pathname === API_PREFIX || url.pathname.startsWith(`${API_PREFIX}/`)) {
    await answerApi(site, request, response, url, url.pathname.slice(API_PREFIX.length));
    return;
  }
  const gitPath = parseGitPath(url.pathname);
  if (gitPath !== null) {
    const fault = site.faults.take(request.method ?? 'GET', url.pathname);
    await answerGit({ ...site, fault }, request, response, { ...gitPath, query: url.search.slice(1) });
    return;
  }
  const log = request.method === 'GET' ? jobLogText(site.world, url) : null;
  if (log !== null) {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(log);
    return;
  }
  const html = request.method === 'GET' ? await renderPage(site.world, url.pathname) : null;
  response.writeHead(html === null ? 404 : 200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'x-content-type-options': 'nosniff',
  });
  response.end(html ?? '<!doctype html><title>Not found</title><p>Not found.</p>\n');
}

async function answerApi(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  path: string,
): Promise<void> {
  const method = request.method ?? 'GET';
  const fault = site.faults.take(method, path);
  const token = presentedToken(request);
  const user = token === null ? null : site.world.accounts.byToken(token);
  const prepared = await prepareAnswer(site, { request, url, path, fault, user, anonymous: token === null });
  const { notModified, free } = { notModified: prepared?.status === 304, free: path === '/rate_limit' };
  const rate = site.rate.take(free || notModified, path === '/graphql' ? 'graphql' : 'core');
  site.requests.add({ method, path, status: prepared?.status ?? 0, login: user?.login ?? null });
  if (prepared === null) {
    response.destroy();
    return;
  }
  response.writeHead(prepared.status, { ...rate, ...prepared.headers });
  response.end(prepared.text ?? undefined);
}

interface Asked {
  request: IncomingMessage;
  url: URL;
  path: string;
  fault: FaultKind | null;
  user: Account | null;
  anonymous: boolean;
}

/** Null: the connection is to be cut. */
async function prepareAnswer(site: Site, asked: Asked): Promise<Prepared | null> {
  const { request, fault, user } = asked;
  // A fine-grained token has no scopes to tell of.
  const scopes = user === null || user.permissions !== null ? {} : { 'x-oauth-scopes': user.scopes.join(', ') };
  let result: Reply;
  if (fault === null || happensAfter(fault)) {
    result = await handle(site, asked).catch((error: unknown) => {
      if (error instanceof ApiError) return errorReply(error);
      throw error;
    });
  } else {
    const error = faultError(fault, site.world.clock.now());
    if (error === null) return null;
    result = errorReply(error);
  }
  if (fault !== null && happensAfter(fault)) {
    const error = faultError(fault, site.world.clock.now());
    if (error === null) return null;
    result = errorReply(error);
  }
  return prepare(request, { ...result, headers: { ...scopes, ...result.headers } });
}

async function handle(site: Site, asked: Asked): Promise<Reply> {
  const { request, url, user } = asked;
  const method = request.method ?? 'GET';
  const path = pathById(site.world, asked.path);
  if (user === null && !asked.anonymous) throw new ApiError(401, 'Bad credentials');
  const matched = matchRoute(site.routes, method, path);
  if (user === null && path !== '/meta' && path !== '/rate_limit') throw new ApiError(401, 'Requires authentication');
  if (matched === null) throw notFound();
  const [route, params] = matched;
  const { owner, repo } = params;
  const known = owner === undefined || repo === undefined ? undefined : site.world.store.findRepo(owner, repo);
  const accepted = acceptedHeader(user, route, known?.private ?? true);
  const moved = known === undefined && movedReply(site.world, method, path, params);
  if (moved) return moved;
  try {
    const body = method === 'GET' ? undefined : await readJson(request);
    const call = {
      method,
      params,
      query: url.searchParams,
      address: url.origin + url.pathname,
      body,
      user: user ?? { login: '', scopes: [], permissions: null },
    };
    guard(site.world, route, call);
    const result = await route.handle(call);
    return { ...result, headers: { ...accepted, ...result.headers } };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ApiError(error.status, error.message, error.errors, { ...accepted, ...error.headers });
  }
}

function acceptedHeader(user: Account | null, route: Route, isPrivate: boolean): Record<string, string> {
  if (user === null || user.permissions === null)
    return { 'x-accepted-oauth-scopes': acceptedScopes(route, isPrivate) };
  const { name, level } = acceptedPermission(route);
  return { 'x-accepted-github-permissions': `${name}=${level}` };
}

/** Ends a request whose handling threw. */
export function fail(log: Log, response: ServerResponse, error: unknown): void {
  // Of a request that the client or `close` has ended, nobody wants to hear.
  if (response.destroyed || response.writableEnded) return;
  log.warn('request failed', { error: error instanceof Error ? error.message : String(error) });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ message: 'Server Error', documentation_url: '', status: '500' }));
}
