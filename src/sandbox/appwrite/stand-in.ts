import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Log } from '../../core/ports.ts';
import { createBuilder, makeFolders } from './compute/builds.ts';
import { deploymentRoutes } from './compute/deployments.ts';
import { executionRoutes } from './compute/executions.ts';
import { createExecutor } from './compute/executor.ts';
import { createFunctionHost } from './compute/function-host.ts';
import { functionRoutes, presentFunction } from './compute/functions.ts';
import { ruleRoutes } from './compute/rules.ts';
import { presentSite, siteRoutes } from './compute/sites.ts';
import type { ComputeServices } from './compute/uploads.ts';
import { variableRoutes } from './compute/variables.ts';
import { ApiError, SERVER_VERSION } from './http/api-error.ts';
import type { Credentials } from './http/credentials.ts';
import { ALL_SCOPES, identify, requireScope } from './http/credentials.ts';
import { readInput } from './http/request.ts';
import type { Route } from './http/router.ts';
import { matchRoute, route } from './http/router.ts';
import { serveDomain } from './serve.ts';
import type { Store } from './store.ts';
import { kind, openStore } from './store.ts';
import { columnRoutes, indexRoutes } from './tables/column-routes.ts';
import { legacyRoutes } from './tables/legacy-routes.ts';
import { rowRoutes } from './tables/rows.ts';
import { databaseRoutes, tableRoutes } from './tables/table-routes.ts';

const LOOPBACK = '127.0.0.1';

export interface AppwriteStandInOptions {
  /** Holds everything; the same folder again is the same server. */
  dataDir: string;
  /** Default 0: any free port. */
  port?: number;
  projectId: string;
  apiKey: string;
  /** Scopes of the API key; default all. */
  scopes?: readonly string[];
  log?: Log;
}

export interface AppwriteStandIn {
  /** `http://127.0.0.1:PORT/v1`. */
  endpoint: string;
  projectId: string;
  apiKey: string;
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** Ends builds and functions, then closes the store. Idempotent. */
  close(): Promise<void>;
}

const settingKind = kind<{ value: string }>('setting');

/** An Appwrite server for one project on loopback: stores rows, builds and serves sites, runs Node functions. */
export async function startAppwriteStandIn(options: AppwriteStandInOptions): Promise<AppwriteStandIn> {
  mkdirSync(options.dataDir, { recursive: true });
  const store = openStore(options.dataDir);
  const credentials: Credentials = {
    projectId: options.projectId,
    apiKey: options.apiKey,
    scopes: options.scopes ?? ALL_SCOPES,
    signingSecret: signingSecret(store),
  };
  const folders = makeFolders(options.dataDir);
  const builder = createBuilder(store, folders, options.log);
  const host = createFunctionHost(options.dataDir, options.log);
  let port = 0;
  const endpoint = () => `http://${LOOPBACK}:${port}/v1`;
  const executor = createExecutor({ store, host, folders, credentials, endpoint });
  const present: ComputeServices['present'] = (type, id) =>
    type === 'functions' ? presentFunction(store, id) : presentSite(store, id);
  const services: ComputeServices = { store, folders, builder, host, present };
  const routes = [
    ...healthRoutes(),
    ...databaseRoutes(store),
    ...tableRoutes(store),
    ...columnRoutes(store),
    ...indexRoutes(store),
    ...legacyRoutes([...columnRoutes(store), ...indexRoutes(store)]),
    ...rowRoutes(store),
    ...functionRoutes(services),
    ...siteRoutes(services),
    ...deploymentRoutes(services),
    ...variableRoutes(store),
    ...executionRoutes(store, executor),
    ...ruleRoutes(store),
  ];
  const inFlight = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const domain = hostName(request);
    const work = isOwnName(domain)
      ? answerApi(routes, credentials, request, response)
      : serveDomain({ store, folders, executor, port: () => port }, domain, request, response);
    const done = work
      .catch((error: unknown) => refuse(response, error, options.log))
      .finally(() => inFlight.delete(done));
    inFlight.add(done);
  });
  server.listen(options.port ?? 0, LOOPBACK);
  try {
    await once(server, 'listening');
  } catch (error) {
    store.close();
    throw error;
  }
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  builder.resume();
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    await Promise.all([builder.close(), host.close()]);
    await executor.settle();
    server.closeAllConnections();
    await closed;
    await Promise.allSettled(inFlight);
    // A request that was on its way may have started a function or a build meanwhile.
    await Promise.all([builder.close(), host.close()]);
    await executor.settle();
    store.close();
  };
  return {
    endpoint: endpoint(),
    url: `http://${LOOPBACK}:${port}`,
    projectId: options.projectId,
    apiKey: options.apiKey,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Made once and kept, so that keys of running functions outlive a restart. */
function signingSecret(store: Store): string {
  store.insert(settingKind, '', 'signing-secret', { value: randomBytes(32).toString('hex') });
  return store.get(settingKind, '', 'signing-secret')?.value ?? '';
}

function healthRoutes(): Route[] {
  return [
    route('GET /health/version', {
      scopes: [],
      params: {},
      handler: () => ({ status: 200, body: { version: SERVER_VERSION } }),
    }),
    route('GET /health', {
      scopes: ['health.read'],
      params: {},
      handler: () => ({ status: 200, body: { name: 'http', ping: 0, status: 'pass' } }),
    }),
  ];
}

function hostName(request: IncomingMessage): string {
  return (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
}

function isOwnName(domain: string): boolean {
  return ['', LOOPBACK, 'localhost', '[::1]'].includes(domain);
}

/** Order of checks: route, project, credentials, scope, parameters, resource. */
async function answerApi(
  routes: readonly Route[],
  credentials: Credentials,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  allowOrigin(request, response);
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  const url = new URL(request.url ?? '/', 'http://localhost');
  const pathname = /^\/v1(\/|$)/.test(url.pathname) ? url.pathname.slice('/v1'.length) : '/-';
  const match = matchRoute(routes, request.method ?? 'GET', pathname);
  const isHealth = match.route.path === '/health/version';
  const caller = isHealth
    ? ({ kind: 'guest', scopes: new Set<string>(), roles: [] } as const)
    : identify(credentials, request.headers);
  requireScope(caller, match.route.scopes);
  const input = await readInput(request, url.searchParams);
  const pathParams = Object.fromEntries(
    Object.entries(match.pathParams).map(([name, value]) => [name, decodeSegment(value)]),
  );
  const reply = await match.route.run(
    { ...input.params, ...pathParams },
    { caller, headers: request.headers, file: input.file },
  );
  if (reply.body === undefined) response.writeHead(reply.status).end();
  else sendJson(response, reply.status, reply.body);
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Pages of the served sites may call the API, as registered platforms may. */
function allowOrigin(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  if (origin === undefined || !/^https?:\/\/([a-z0-9.-]+\.)?(localhost|127\.0\.0\.1)(:\d+)?$/i.test(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE');
  response.setHeader(
    'access-control-allow-headers',
    request.headers['access-control-request-headers'] ?? 'content-type',
  );
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: unknown, log: Log | undefined): void {
  if (!(error instanceof ApiError))
    log?.warn('request broke', { error: error instanceof Error ? error.stack : String(error) });
  if (response.headersSent) return void response.destroy();
  const refusal = error instanceof ApiError ? error : new ApiError(500, 'general_unknown', 'Server Error');
  sendJson(response, refusal.status, refusal.toBody());
}
