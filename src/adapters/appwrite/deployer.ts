import type { Clock, DeployedUrls, Deployer, DeploymentJournal, Log, Place, PlaceRequest } from '../../core/ports.ts';
import type { FunctionNeed, SiteNeed } from '../../protocol/deployment-needs.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Deployment } from '../../protocol/work.ts';
import { change } from './changes.ts';
import { claimsOfDatabases, claimsOfResources, planIdOf } from './claims.ts';
import { deployDatabase } from './deploy-database.ts';
import { deployResource, ensureGiven } from './deploy-resource.ts';
import { listDeployments } from './deployments.ts';
import { type DomainSettings, listRules, publicUrl } from './domains.ts';
import { functionOps, functionSettings } from './functions.ts';
import { ownPlaces } from './own-places.ts';
import { type Claims, candidates, claim, markOf } from './places.ts';
import { preview } from './preview.ts';
import type { OpsByKind, ResourceKind } from './resource.ts';
import { previewRollback, rollBack } from './rollback.ts';
import { createCaller } from './sdk.ts';
import { siteOps, siteSettings } from './sites.ts';
import { functionWish, siteWish, type Wish } from './wish.ts';

export interface DeployerOptions {
  /** Ends in `/v1`. */
  endpoint: string;
  projectId: string;
  apiKey: string;
  clock: Clock;
  log: Log;
  /** Longest time between two looks at a build or a column, and the time before a call is made again; default 2,000. */
  pollMs?: number;
  /** Default 1,200,000: the server's own limit for a build is 900 s. */
  buildDeadlineMs?: number;
  /** Domain under which the server serves functions, such as `functions.example.org`; without it, the one it gave the function. */
  functionsDomain?: string;
  /** The same for sites; without it, the preview domain of each deployment. */
  sitesDomain?: string;
  /** What the CNAME records of own domains have to point to; without it, the person is sent to the administrator. */
  domainTarget?: string;
}

/**
 * Deploys to Appwrite through its server SDK. Everything is find-or-create: a second run changes nothing. What does not carry
 * the mark of the project (`./places.ts`) is never changed.
 */
export function createDeployer(options: DeployerOptions): Deployer {
  const { clock, endpoint, projectId, log, pollMs = 2000, buildDeadlineMs = 1_200_000 } = options;
  const caller = createCaller(options, clock, log, pollMs);
  const domains: DomainSettings = {
    endpoint,
    projectId,
    functionsDomain: options.functionsDomain || null,
    sitesDomain: options.sitesDomain || null,
    domainTarget: options.domainTarget || null,
  };
  const ops: OpsByKind = { function: functionOps(caller), site: siteOps(caller) };
  const base = { caller, clock, pollMs, buildDeadlineMs, domains, log };
  const claimsOf = (request: PlaceRequest, signal: AbortSignal): Claims => {
    if (request.kind === 'database') return claimsOfDatabases(caller, request.name, signal);
    const settings = request.kind === 'function' ? functionSettings(request.need, null) : siteSettings(request.need);
    return claimsOfResources(caller, ops[request.kind], settings, signal);
  };
  /** Makes it again when it has been deleted; refuses one that is another's by now. */
  const keep = (request: PlaceRequest, { id, mark }: Place, signal: AbortSignal, { begin }: DeploymentJournal) =>
    claim(claimsOf(request, signal), [id], mark, () => begin([change('create', request.kind, id)]));
  const deploy = (
    wish: Wish,
    { mark }: Place,
    source: { sourceDir: string; known: string[] },
    signal: AbortSignal,
    journal: DeploymentJournal,
  ) => deployResource({ ...base, ops: ops[wish.holder.kind], signal, journal }, wish, mark, source);
  return {
    preview: (needs, name, project, signal) => preview({ ...base, ops, claimsOf, signal }, needs, name, project),
    places: (project, signal) => ownPlaces(caller, project, ['database', 'function', 'site'], signal),
    place: async (request, project, signal, onCreate) => {
      const planId = planIdOf(request);
      const mark = markOf(project, planId);
      const id = await claim(claimsOf(request, signal), candidates(planId), mark, onCreate);
      if (id !== planId) log.info('placed elsewhere: the id is taken', { kind: request.kind, planId, id });
      return { id, mark };
    },
    applyDatabase: async (needs, place, name, { destructive }, signal, journal = NO_JOURNAL): Promise<Deployment> => {
      if (needs.databaseId === null) throw noDatabase();
      await keep({ kind: 'database', id: needs.databaseId, name }, place, signal, journal);
      return deployDatabase({ ...base, databaseId: place.id, signal, journal }, needs, place.mark, destructive);
    },
    knownDeployments: async (kind, id, signal) => {
      const ids = (await listDeployments(caller, { kind, id }, signal)).map(({ $id }) => $id);
      const active = (await ops[kind].read(id, signal))?.deploymentId ?? '';
      // What is active may be older than the newest: somebody has gone back to it.
      return ids.includes(active) ? [active, ...ids.filter((one) => one !== active)] : ids;
    },
    deployFunction: async (need: FunctionNeed, place, sourceDir, known, variables, signal, journal = NO_JOURNAL) => {
      await keep({ kind: 'function', need }, place, signal, journal);
      return deploy(functionWish(need, place.id, variables), place, { sourceDir, known }, signal, journal);
    },
    deploySite: async (need: SiteNeed, place, sourceDir, known, signal, journal = NO_JOURNAL) => {
      await keep({ kind: 'site', need }, place, signal, journal);
      return deploy(siteWish(need, place.id), place, { sourceDir, known }, signal, journal);
    },
    urls: async (functionIds, databaseId, signal) => {
      const functions: DeployedUrls['functions'] = {};
      for (const [planId, id] of Object.entries(functionIds)) {
        const holder = { kind: 'function', id } as const;
        await ensureGiven({ caller, domains, signal, journal: NO_JOURNAL }, holder);
        const url = publicUrl(domains, holder, await listRules(caller, holder, signal), null);
        if (url === null) throw noDomain('function', id);
        functions[planId] = url;
      }
      return { endpoint, projectId, databaseId, functions };
    },
    previewRollback: (deployments, signal) => previewRollback({ ...base, ops, signal }, deployments),
    rollBack: (deployment, { destructive }, signal) => rollBack({ ...base, ops, signal }, deployment, destructive),
  };
}

const NO_JOURNAL: DeploymentJournal = {
  begin: () => undefined,
  notMade: () => undefined,
  upload: () => undefined,
};

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
