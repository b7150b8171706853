import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Folders } from './compute/builds.ts';
import { activeDeployment } from './compute/executions.ts';
import type { Executor } from './compute/executor.ts';
import type { DeploymentRecord, SiteRecord } from './compute/records.ts';
import { deploymentKind, ownerKey, requireFunction, requireSite, variableKind } from './compute/records.ts';
import type { Rule } from './compute/rule-records.ts';
import { findRule } from './compute/rule-records.ts';
import type { SiteHost } from './compute/site-host.ts';
import { SiteFailure } from './compute/site-host.ts';
import { findServerEntry } from './compute/site-server.ts';
import { serveFiles } from './compute/static-site.ts';
import { ApiError, notFound } from './http/api-error.ts';
import { readBody } from './http/request.ts';
import type { Store } from './store.ts';

const MAX_BODY_BYTES = 10_485_760;
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
  siteHost: SiteHost;
  port(): number;
}

/** True when the verified rule of the domain leads to the API itself. */
export function isApiDomain(store: Store, domain: string): boolean {
  const rule = findRule(store, domain);
  return rule !== null && rule.type === 'api' && rule.status === 'verified';
}

/** Answers a request whose Host is not the API's own: a site, a function or a redirect, by the rule of its domain. */
export async function serveDomain(
  options: ServeOptions,
  domain: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const rule = findRule(options.store, domain);
  if (rule === null || rule.status !== 'verified') {
    throw new ApiError(404, 'rule_not_found', `Nothing is served at ${domain}.`);
  }
  if (rule.type === 'redirect') return redirect(rule, request, response);
  if (rule.deploymentResourceType === 'function') return serveFunction(options, rule, domain, request, response);
  return serveSite(options, rule, request, response);
}

/** To the rule's own address, with the query of the request. */
function redirect(rule: Rule, request: IncomingMessage, response: ServerResponse): void {
  const [, query] = (request.url ?? '/').split('?');
  const mark = rule.redirectUrl.includes('?') ? '&' : '?';
  const location = query === undefined ? rule.redirectUrl : `${rule.redirectUrl}${mark}${query}`;
  response.writeHead(rule.redirectStatusCode, { location }).end();
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
  if (!found.enabled) throw notFound('function', functionId);
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
    body: await readBody(request, MAX_BODY_BYTES),
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
  const rootDir = join(options.folders.build(rule.deploymentId), deployment.servedDir);
  if (site.adapter !== 'ssr') return serveFiles(rootDir, site.fallbackFile, request, response);
  return renderSite(options, rule, { site, deployment, rootDir }, request, response);
}

interface Rendered {
  site: SiteRecord;
  deployment: DeploymentRecord;
  rootDir: string;
}

/** Lets the server of the deployment answer. */
async function renderSite(
  options: ServeOptions,
  rule: Rule,
  { site, deployment, rootDir }: Rendered,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const variables = options.store.list(variableKind, ownerKey('sites', deployment.resourceId));
  const entry = await findServerEntry(rootDir);
  try {
    const answer = await options.siteHost.forward({
      deploymentId: rule.deploymentId,
      dir: rootDir,
      command: site.startCommand === '' ? `node ${entry ?? 'server.js'}` : site.startCommand,
      env: {
        ...Object.fromEntries(variables.map(({ value }) => [value.key, value.value])),
        APPWRITE_SITE_ID: deployment.resourceId,
        APPWRITE_SITE_NAME: site.name,
        APPWRITE_SITE_DEPLOYMENT: rule.deploymentId,
      },
      timeoutMs: site.timeout * 1000,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: request.headers,
      body: await readBody(request, MAX_BODY_BYTES),
    });
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && !HOP_BY_HOP.has(name)) response.setHeader(name, value);
    }
    response.writeHead(answer.statusCode ?? 500);
    await pipeline(answer, response);
  } catch (error) {
    if (!(error instanceof SiteFailure)) throw error;
    throw new ApiError(500, 'general_unknown', error.message);
  }
}
