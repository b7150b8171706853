import type { Clock, DeployedUrls, Deployer, Log } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Deployment } from '../../protocol/work.ts';
import type { SchemaContext } from './database.ts';
import { ensureDatabase, ensureTable } from './database.ts';
import type { DomainSettings, ResourceKind } from './domains.ts';
import { publicUrl } from './domains.ts';
import { ensureFunction, ensureSite, ensureVariables } from './resources.ts';
import type { Target } from './rollout.ts';
import { listDeployments, rollOut } from './rollout.ts';
import { createCaller } from './sdk.ts';

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

/** Deploys to Appwrite through its server SDK. Everything is find-or-create: a second run changes nothing. */
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
  return {
    applyDatabase: async (needs, name, signal) => {
      const startedMs = clock.now();
      const { databaseId } = needs;
      if (databaseId === null) throw noDatabase();
      const lines: string[] = [];
      const context: SchemaContext = { caller, clock, pollMs, databaseId, signal, note: (line) => lines.push(line) };
      await ensureDatabase(context, name);
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
    deployFunction: async (need, sourceDir, known, variables, signal) => {
      await ensureFunction(caller, need, signal);
      await ensureVariables(caller, need.id, variables, signal);
      return deploy(functionTarget(need.id), sourceDir, known, signal);
    },
    deploySite: async (need, sourceDir, known, signal) => {
      await ensureSite(caller, need, signal);
      return deploy(siteTarget(need.id), sourceDir, known, signal);
    },
    urls: async (functionIds, databaseId, signal) => {
      const functions: DeployedUrls['functions'] = {};
      for (const id of functionIds) {
        const url = await publicUrl(caller, domains, 'function', id, null, signal);
        if (url === null) throw noDomain('function', id);
        functions[id] = url;
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
