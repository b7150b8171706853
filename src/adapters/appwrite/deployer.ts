import type { Clock, DeployedUrls, Deployer, Log, Place, PlaceRequest } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Deployment } from '../../protocol/work.ts';
import { claimsOfDatabases, claimsOfFunctions, claimsOfSites } from './claims.ts';
import type { SchemaContext } from './database.ts';
import { ensureTable } from './database.ts';
import type { DomainSettings, ResourceKind } from './domains.ts';
import { publicUrl } from './domains.ts';
import { type Claims, candidates, claim, markOf } from './places.ts';
import { updateFunction, updateSite } from './resources.ts';
import type { Target } from './rollout.ts';
import { listDeployments, rollOut } from './rollout.ts';
import { createCaller } from './sdk.ts';
import { ensureVariables } from './variables.ts';

export interface DeployerOptions {
  /** Ends in `/v1`. */
  endpoint: string;
  projectId: string;
  apiKey: string;
  clock: Clock;
  log: Log;
  /** Between two looks at a build or a column; default 2,000. */
  pollMs?: number;
  /** Default 1,200,000: the server's own limit for a build is 900 s. */
  buildDeadlineMs?: number;
  /** Domain under which the server serves functions, such as `functions.example.org`; without it, the one it gave the function. */
  functionsDomain?: string;
  /** The same for sites; without it, the preview domain of each deployment. */
  sitesDomain?: string;
}

/**
 * Deploys to Appwrite through its server SDK. Everything is find-or-create: a second run changes nothing. What does not carry
 * the mark of the project (`./places.ts`) is never changed.
 */
export function createDeployer(options: DeployerOptions): Deployer {
  const { clock, endpoint, projectId, log, pollMs = 2000, buildDeadlineMs = 1_200_000 } = options;
  const caller = createCaller(options, clock, log);
  const domains: DomainSettings = {
    endpoint,
    projectId,
    functionsDomain: options.functionsDomain || null,
    sitesDomain: options.sitesDomain || null,
  };
  const deploy = async (
    target: Target,
    sourceDir: string,
    known: string[],
    signal: AbortSignal,
  ): Promise<Deployment> => {
    const startedMs = clock.now();
    const context = { caller, clock, pollMs, buildDeadlineMs, signal };
    const rollout = await rollOut(context, target, sourceDir, known);
    const url = await publicUrl(caller, domains, target.kind, target.id, rollout.deploymentId, signal);
    log.info('deployed', { kind: target.kind, id: target.id, deploymentId: rollout.deploymentId, url });
    return { kind: target.kind, id: target.id, ...rollout, status: 'ready', url, durationMs: clock.now() - startedMs };
  };
  const claimsOf = (request: PlaceRequest, signal: AbortSignal): Claims => {
    if (request.kind === 'database') return claimsOfDatabases(caller, request.name, signal);
    if (request.kind === 'function') return claimsOfFunctions(caller, request.need, signal);
    return claimsOfSites(caller, request.need, signal);
  };
  /** Makes it again when it has been deleted; refuses one that is another's by now. */
  const keep = (request: PlaceRequest, { id, mark }: Place, signal: AbortSignal) =>
    claim(claimsOf(request, signal), [id], mark);
  return {
    place: async (request, project, signal) => {
      const planId = request.kind === 'database' ? request.id : request.need.id;
      const mark = markOf(project, planId);
      const id = await claim(claimsOf(request, signal), candidates(planId), mark);
      if (id !== planId) log.info('placed elsewhere: the id is taken', { kind: request.kind, planId, id });
      return { id, mark };
    },
    applyDatabase: async (needs, place, name, signal) => {
      const startedMs = clock.now();
      if (needs.databaseId === null) throw noDatabase();
      const databaseId = place.id;
      const lines: string[] = [];
      const context: SchemaContext = { caller, clock, pollMs, databaseId, signal, note: (line) => lines.push(line) };
      await keep({ kind: 'database', id: needs.databaseId, name }, place, signal);
      for (const table of needs.tables) await ensureTable(context, table);
      return {
        kind: 'database',
        id: databaseId,
        deploymentId: null,
        previousDeploymentId: null,
        status: 'ready',
        url: null,
        logTail: lines.join('\n').slice(-4000),
        durationMs: clock.now() - startedMs,
      };
    },
    knownDeployments: async (kind, id, signal) =>
      (await listDeployments(caller, kind, id, signal)).map(({ $id }) => $id),
    deployFunction: async (need, place, sourceDir, known, variables, signal) => {
      await keep({ kind: 'function', need }, place, signal);
      await updateFunction(caller, { ...need, id: place.id }, signal);
      await ensureVariables(caller, 'function', place.id, variables, signal);
      return deploy(functionTarget(place.id), sourceDir, known, signal);
    },
    deploySite: async (need, place, sourceDir, known, signal) => {
      await keep({ kind: 'site', need }, place, signal);
      await updateSite(caller, { ...need, id: place.id }, signal);
      return deploy(siteTarget(place.id), sourceDir, known, signal);
    },
    urls: async (functionIds, databaseId, signal) => {
      const functions: DeployedUrls['functions'] = {};
      for (const [planId, id] of Object.entries(functionIds)) {
        const url = await publicUrl(caller, domains, 'function', id, null, signal);
        if (url === null) throw noDomain('function', id);
        functions[planId] = url;
      }
      return { endpoint, projectId, databaseId, functions };
    },
  };
}

function functionTarget(functionId: string): Target {
  return {
    kind: 'function',
    id: functionId,
    upload: (sdk, code) => sdk.functions.createDeployment({ functionId, code, activate: true }),
    active: async (sdk) => (await sdk.functions.get({ functionId })).deploymentId,
    activate: (sdk, deploymentId) => sdk.functions.updateFunctionDeployment({ functionId, deploymentId }),
  };
}

function siteTarget(siteId: string): Target {
  return {
    kind: 'site',
    id: siteId,
    upload: (sdk, code) => sdk.sites.createDeployment({ siteId, code, activate: true }),
    active: async (sdk) => (await sdk.sites.get({ siteId })).deploymentId,
    activate: (sdk, deploymentId) => sdk.sites.updateSiteDeployment({ siteId, deploymentId }),
  };
}

function noDatabase(): AppError {
  return new AppError({
    code: 'plan_invalid',
    message: 'applyDatabase without databaseId',
    userMessage: 'The plan has tables but names no database. Set deployment.databaseId in the plan.',
  });
}

function noDomain(kind: ResourceKind, id: string): AppError {
  return new AppError({
    code: 'configuration',
    message: `no domain for ${kind} ${id}`,
    userMessage: `Appwrite gave ${kind} "${id}" no public domain. Configure the domain under which the server serves its functions.`,
  });
}
