import { randomBytes } from 'node:crypto';
import type { Clock, Log } from '../../core/ports.ts';
import type { AuthServices, Mail } from './auth/account-routes.ts';
import { accountRoutes } from './auth/account-routes.ts';
import { makeJwt } from './auth/jwt.ts';
import { membershipRoutes } from './auth/membership-routes.ts';
import { userResolver } from './auth/sessions.ts';
import { teamRoutes } from './auth/team-routes.ts';
import { userRoutes } from './auth/user-routes.ts';
import type { Builder, Folders } from './compute/builds.ts';
import { createBuilder, makeFolders } from './compute/builds.ts';
import { deploymentRoutes } from './compute/deployments.ts';
import type { ExecutionServices } from './compute/executions.ts';
import { executionRoutes } from './compute/executions.ts';
import type { Executor } from './compute/executor.ts';
import { createExecutor } from './compute/executor.ts';
import { createFunctionHost } from './compute/function-host.ts';
import { functionRoutes, presentFunction } from './compute/functions.ts';
import { ruleRoutes } from './compute/rules.ts';
import { startScheduler, unreferencedClock } from './compute/scheduler.ts';
import type { SiteHost } from './compute/site-host.ts';
import { createSiteHost } from './compute/site-host.ts';
import { presentSite, siteRoutes } from './compute/sites.ts';
import type { ComputeServices } from './compute/uploads.ts';
import { variableRoutes } from './compute/variables.ts';
import type { BuildGate } from './faults.ts';
import type { Credentials, ResolveUser } from './http/credentials.ts';
import { ALL_SCOPES } from './http/credentials.ts';
import type { Route } from './http/router.ts';
import type { Store } from './store.ts';
import { kind, openStore } from './store.ts';
import type { Faults } from './tables/lifecycle.ts';
import { databaseServices } from './tables/routes.ts';

interface KeyOptions {
  secret: string;
  /** Default all. */
  scopes?: readonly string[];
  /** Milliseconds since the epoch; default never. */
  expiresAtMs?: number;
}

export interface ProjectOptions {
  projectId: string;
  apiKey: string;
  /** Scopes of the API key; default all. */
  scopes?: readonly string[];
  /** Further keys; none by default. */
  keys?: readonly KeyOptions[];
  /** Milliseconds since the epoch, for what expires; default the clock of this machine. */
  now?: () => number;
  /** What goes wrong with columns and indexes; nothing by default. */
  faults?: Faults;
  /** Finds the user of a session or a JWT; by default the accounts of the project do. */
  resolveUser?: ResolveUser;
}

/** What a project needs of the server around it. */
export interface ProjectSurroundings {
  dataDir: string;
  log?: Log;
  /** `http://127.0.0.1:PORT/v1`. */
  endpoint(): string;
  /** Of schedules and delayed executions; default the machine's. */
  clock?: Clock;
  /** Makes builds fail, hang or wait; by default none does. */
  gate?: BuildGate;
  /** Takes what a real server would mail; by default nobody gets it. */
  sendMail?(mail: Mail): void;
  /** True when a rule of another project has the domain. */
  takenElsewhere(domain: string): boolean;
  /** True when a domain that is not the server's own points here. */
  hasDns(domain: string): boolean;
}

/** One project of a server: its own folder, store, builds and functions. */
export interface Project {
  credentials: Credentials;
  routes: readonly Route[];
  store: Store;
  folders: Folders;
  executor: Executor;
  siteHost: SiteHost;
  builder: Builder;
  /** Ends schedules, builds, functions and servers of sites; what comes later is ended by calling it again. */
  settle(): Promise<void>;
}

const settingKind = kind<{ value: string }>('setting');

export function openProject(options: ProjectOptions, surroundings: ProjectSurroundings): Project {
  const { dataDir, log, endpoint, clock = unreferencedClock } = surroundings;
  const store = openStore(dataDir);
  const now = options.now ?? (() => Date.now());
  const main = { secret: options.apiKey, ...(options.scopes === undefined ? {} : { scopes: options.scopes }) };
  const keys: readonly KeyOptions[] = [main, ...(options.keys ?? [])];
  const secret = signingSecret(store);
  const credentials: Credentials = {
    projectId: options.projectId,
    keys: keys.map(({ secret, scopes, expiresAtMs }) => ({
      secret,
      scopes: scopes ?? ALL_SCOPES,
      expiresAtMs: expiresAtMs ?? null,
    })),
    signingSecret: secret,
    now,
    resolveUser: options.resolveUser ?? userResolver(store, secret, now),
  };
  const folders = makeFolders(dataDir);
  const builder = createBuilder(store, folders, log, surroundings.gate);
  const host = createFunctionHost(dataDir, log);
  const siteHost = createSiteHost(folders.home, log);
  const executor = createExecutor({ store, host, folders, credentials, endpoint });
  const userJwt: ExecutionServices['userJwt'] = ({ userId, sessionId }, lifeSeconds) =>
    makeJwt(secret, {
      userId,
      sessionId: sessionId ?? '',
      exp: Math.ceil(now() / 1000) + lifeSeconds,
    });
  const present: ComputeServices['present'] = (type, id) =>
    type === 'functions' ? presentFunction(store, id) : presentSite(store, id);
  const services: ComputeServices = { store, folders, builder, host, siteHost, present };
  const auth: AuthServices = {
    ...{ store, projectId: options.projectId, signingSecret: secret, now },
    sendMail: surroundings.sendMail ?? (() => undefined),
  };
  const routes = [
    ...databaseServices(store, { faults: options.faults ?? {}, now, onRowEvent: executor.runOn }),
    ...functionRoutes(services),
    ...siteRoutes(services),
    ...deploymentRoutes(services),
    ...variableRoutes(store),
    ...executionRoutes({ store, executor, clock, userJwt }),
    ...accountRoutes(auth),
    ...userRoutes(auth),
    ...teamRoutes(store),
    ...membershipRoutes(auth),
    ...ruleRoutes({ store, takenElsewhere: surroundings.takenElsewhere, hasDns: surroundings.hasDns }),
  ];
  const scheduler = startScheduler(clock, (startMs) => executor.runDue(startMs));
  const settle = async (): Promise<void> => {
    await Promise.all([scheduler.close(), builder.close(), host.close(), siteHost.close()]);
    await executor.settle();
  };
  return { credentials, routes, store, folders, executor, siteHost, builder, settle };
}

/** Made once and kept, so that keys of running functions outlive a restart. */
function signingSecret(store: Store): string {
  store.insert(settingKind, '', 'signing-secret', { value: randomBytes(32).toString('hex') });
  return store.get(settingKind, '', 'signing-secret')?.value ?? '';
}
