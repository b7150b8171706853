import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Clock, Log } from '../../core/ports.ts';
import type { Mail } from './auth/account-routes.ts';
import { findRule } from './compute/rule-records.ts';
import type { FaultPlan, Handler } from './faults.ts';
import { ApiError, SERVER_VERSION } from './http/api-error.ts';
import { guest, identify, requireScope } from './http/credentials.ts';
import { readInput } from './http/request.ts';
import type { Reply, Route } from './http/router.ts';
import { matchRoute, route } from './http/router.ts';
import type { Project, ProjectOptions } from './project.ts';
import { openProject } from './project.ts';
import { isApiDomain, serveDomain } from './serve.ts';

const LOOPBACK = '127.0.0.1';

export interface AppwriteStandInOptions extends ProjectOptions {
  /** Holds everything; the same folder again is the same server. */
  dataDir: string;
  /** Default 0: any free port. */
  port?: number;
  /** Projects besides the first, each with its own data; none by default. */
  otherProjects?: readonly ProjectOptions[];
  /** Of schedules and delayed executions; default the machine's. */
  clock?: Clock;
  /** True for a domain whose DNS records point here; no name is ever looked up. By default none does. */
  hasDns?(domain: string): boolean;
  /** Takes what a real server would mail; by default nobody gets it. */
  sendMail?(mail: Mail): void;
  /** What is to go wrong with calls and builds, for tests; by default nothing. */
  faultPlan?: FaultPlan;
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

/** An Appwrite server on loopback: stores rows, builds and serves sites, runs Node functions. */
export async function startAppwriteStandIn(options: AppwriteStandInOptions): Promise<AppwriteStandIn> {
  const { dataDir, log } = options;
  mkdirSync(dataDir, { recursive: true });
  let port = 0;
  const endpoint = () => `http://${LOOPBACK}:${port}/v1`;
  const projects: Project[] = [];
  const open = (project: ProjectOptions, dir: string): Project => {
    const opened: Project = openProject(project, {
      dataDir: dir,
      endpoint,
      takenElsewhere: (domain) => projects.some((one) => one !== opened && findRule(one.store, domain) !== null),
      hasDns: options.hasDns ?? (() => false),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.sendMail === undefined ? {} : { sendMail: options.sendMail }),
      ...(options.faultPlan === undefined ? {} : { gate: options.faultPlan.gate }),
      ...(log === undefined ? {} : { log }),
    });
    projects.push(opened);
    return opened;
  };
  const main = open(options, dataDir);
  for (const project of options.otherProjects ?? []) open(project, join(dataDir, 'projects', project.projectId));
  const inFlight = new Set<Promise<void>>();
  const answer: Handler = (request, response) => {
    const domain = hostName(request);
    const isApi = isOwnName(domain) || projects.some(({ store }) => isApiDomain(store, domain));
    const served = () => projects.find(({ store }) => findRule(store, domain) !== null) ?? main;
    const work = isApi
      ? answerApi(projects, request, response)
      : serveDomain({ ...served(), port: () => port }, domain, request, response);
    return work.catch((error: unknown) => refuse(response, error, log));
  };
  const handle = options.faultPlan?.wrap(answer) ?? answer;
  const server = createServer((request, response) => {
    // A request that is cut off by a fault rejects; nobody is left to be told.
    const done = handle(request, response)
      .catch(() => undefined)
      .finally(() => inFlight.delete(done));
    inFlight.add(done);
  });
  const closeStores = () => {
    for (const { store } of projects) store.close();
  };
  server.listen(options.port ?? 0, LOOPBACK);
  try {
    await once(server, 'listening');
  } catch (error) {
    await Promise.all(projects.map((project) => project.settle()));
    closeStores();
    throw error;
  }
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  for (const { builder } of projects) builder.resume();
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    await Promise.all(projects.map((project) => project.settle()));
    server.closeAllConnections();
    await closed;
    await Promise.allSettled(inFlight);
    // A request that was on its way may have started a function or a build meanwhile.
    await Promise.all(projects.map((project) => project.settle()));
    closeStores();
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

const HEALTH = healthRoutes();

/** Order of checks: route, project, credentials, scope, parameters, resource. */
async function answerApi(
  projects: readonly Project[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  allowOrigin(request, response);
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  const url = new URL(request.url ?? '/', 'http://localhost');
  const pathname = /^\/v1(\/|$)/.test(url.pathname) ? url.pathname.slice('/v1'.length) : '/-';
  const find = (routes: readonly Route[]) => matchRoute([...HEALTH, ...routes], request.method ?? 'GET', pathname);
  const isPublic = find(projects[0]?.routes ?? []).route.path === '/health/version';
  const project = projects.find(({ credentials }) => credentials.projectId === request.headers['x-appwrite-project']);
  if (project === undefined && !isPublic) throw unknownProject();
  const caller = project === undefined || isPublic ? guest() : identify(project.credentials, request.headers);
  const match = find(project?.routes ?? []);
  requireScope(caller, match.route.scopes);
  const input = await readInput(request, url.searchParams);
  const pathParams = Object.fromEntries(
    Object.entries(match.pathParams).map(([name, value]) => [name, decodeSegment(value)]),
  );
  const reply = await match.route.run(
    { ...input.params, ...pathParams },
    { caller, headers: request.headers, file: input.file },
  );
  send(response, reply);
}

function unknownProject(): ApiError {
  return new ApiError(
    404,
    'project_not_found',
    'Project with the requested ID could not be found. Please check the value of the X-Appwrite-Project header to ensure the correct project ID is being used.',
  );
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

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (body === undefined) return void response.writeHead(status).end();
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: unknown, log: Log | undefined): void {
  if (!(error instanceof ApiError))
    log?.warn('request broke', { error: error instanceof Error ? error.stack : String(error) });
  if (response.headersSent) return void response.destroy();
  const refusal = error instanceof ApiError ? error : new ApiError(500, 'general_unknown', 'Server Error');
  send(response, { status: refusal.status, body: refusal.toBody() });
}
