import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../core/ports.ts';
import { type createGitBackend, parseGitPath } from './git-http.ts';
import { ApiError, errorReply, matchRoute, notFound, type Route, readJson, sendJson } from './http.ts';
import { renderPage } from './pages.ts';
import { refreshRepository } from './pulls.ts';
import type { Rate } from './rate.ts';
import { USER_LOGIN } from './state.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

export const API_PREFIX = '/api/v3';

export interface Site {
  world: World;
  routes: readonly Route[];
  rate: Rate;
  tokens: ReadonlySet<string>;
  backend: ReturnType<typeof createGitBackend>;
}

/** One request to the stand-in, by what its path names: the API, git, or a page. */
export async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', site.world.webUrl);
  // A page of another origin must not reach this server by a name of its own that resolves to 127.0.0.1.
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (host !== '127.0.0.1' && host !== 'localhost') {
    response.writeHead(421, { 'content-type': 'text/plain' }).end('Only 127.0.0.1 is served here.\n');
    return;
  }
  if (url.pathname === API_PREFIX || url.pathname.startsWith(`${API_PREFIX}/`)) {
    await answerApi(site, request, response, url);
    return;
  }
  const gitPath = parseGitPath(url.pathname);
  if (gitPath !== null) {
    await answerGit(site, request, response, { ...gitPath, query: url.search.slice(1) });
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

async function answerApi(site: Site, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const path = url.pathname.slice(API_PREFIX.length);
  const method = request.method ?? 'GET';
  const headers = { ...site.rate.take(path === '/rate_limit'), 'x-oauth-scopes': 'repo, workflow' };
  try {
    const presented = presentedToken(request);
    if (presented !== null && !site.tokens.has(presented)) throw new ApiError(401, 'Bad credentials');
    const matched = matchRoute(site.routes, method, path);
    if (presented === null && path !== '/meta' && path !== '/rate_limit')
      throw new ApiError(401, 'Requires authentication');
    if (matched === null) throw notFound();
    const [route, params] = matched;
    const body = method === 'GET' ? undefined : await readJson(request);
    const address = url.origin + url.pathname;
    const result = await route.handle({ method, params, query: url.searchParams, address, body });
    sendJson(request, response, { ...result, headers: { ...headers, ...result.headers } });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    sendJson(request, response, { ...errorReply(error), headers });
  }
}

async function answerGit(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
  call: { owner: string; name: string; service: string; query: string },
): Promise<void> {
  const { world } = site;
  const token = presentedToken(request);
  if (token === null || !site.tokens.has(token)) {
    request.resume();
    const headers = { 'content-type': 'text/plain', 'www-authenticate': 'Basic realm="GitHub"' };
    response.writeHead(401, headers).end('Invalid username or token.\n');
    return;
  }
  const repo = world.store.findRepo(call.owner, call.name);
  if (repo === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Repository not found.\n');
    return;
  }
  const isPush = call.service === 'git-receive-pack';
  const run = () => site.backend(request, response, { ...call, repoDir: world.store.repoDir(repo), login: USER_LOGIN });
  if (!isPush) await run();
  else {
    await world.serially(repo, async () => {
      await run();
      repo.pushedAt = timestamp(world.clock);
      repo.updatedAt = repo.pushedAt;
      // The pusher learns that the push is done when pull requests and checks know of it.
      await refreshRepository(world, repo);
    });
  }
  response.end();
}

/** `Bearer TOKEN`, `token TOKEN`, or Basic with the token as password (`x-access-token:TOKEN`) or user name. */
function presentedToken(request: IncomingMessage): string | null {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  if (value === '') return null;
  if (scheme.toLowerCase() !== 'basic') return value;
  const [user = '', ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  const secret = password.join(':');
  return secret === '' || secret === 'x-oauth-basic' ? user : secret;
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
