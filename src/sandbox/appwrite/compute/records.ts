import { notFound } from '../http/api-error.ts';
import { wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { kind } from '../store.ts';

export type ResourceType = 'functions' | 'sites';

/** What functions and sites have in common. */
export interface ComputeResource {
  name: string;
  enabled: boolean;
  logging: boolean;
  /** False when a variable changed after the active deployment was built. */
  live: boolean;
  timeout: number;
  deploymentRetention: number;
  deploymentId: string;
  deploymentCreatedAt: string;
  latestDeploymentId: string;
  latestDeploymentCreatedAt: string;
  latestDeploymentStatus: string;
  installationId: string;
  providerRepositoryId: string;
  providerBranch: string;
  providerRootDirectory: string;
  providerSilentMode: boolean;
  providerBranches: string[];
  providerPaths: string[];
  buildSpecification: string;
  runtimeSpecification: string;
  createdAt: string;
  updatedAt: string;
}

export interface FunctionRecord extends ComputeResource {
  execute: string[];
  runtime: string;
  scopes: string[];
  events: string[];
  schedule: string;
  entrypoint: string;
  commands: string;
}

export interface SiteRecord extends ComputeResource {
  framework: string;
  buildRuntime: string;
  adapter: string;
  installCommand: string;
  buildCommand: string;
  startCommand: string;
  outputDirectory: string;
  fallbackFile: string;
}

type DeploymentStatus = 'waiting' | 'processing' | 'building' | 'ready' | 'failed' | 'canceled';

export interface DeploymentRecord {
  resourceId: string;
  resourceType: ResourceType;
  /** `manual` or `cli`. */
  type: string;
  status: DeploymentStatus;
  activate: boolean;
  entrypoint: string;
  /** Commands of the build, as they stood at the upload. */
  commands: string;
  outputDirectory: string;
  sourceSizeBytes: number;
  buildSizeBytes: number;
  buildDurationSeconds: number;
  buildLogs: string;
  /** First byte of each part that has arrived -> its length. */
  parts: Record<string, number>;
  complete: boolean;
  /** Folder of the finished build that is served or run, relative to the build's own folder. */
  servedDir: string;
  createdAt: string;
  updatedAt: string;
}

export interface Variable {
  key: string;
  value: string;
  secret: boolean;
  createdAt: string;
  updatedAt: string;
}

export interface Execution {
  deploymentId: string;
  trigger: 'http' | 'schedule' | 'event';
  status: 'waiting' | 'scheduled' | 'processing' | 'completed' | 'failed';
  /** Of the user who started it; '' for a key, an event or a schedule. */
  userId: string;
  /** When it is to begin, for one that was put off. */
  scheduledAt: string | null;
  requestMethod: string;
  requestPath: string;
  requestHeaders: { name: string; value: string }[];
  responseStatusCode: number;
  responseHeaders: { name: string; value: string }[];
  logs: string;
  errors: string;
  /** Seconds. */
  duration: number;
  createdAt: string;
  updatedAt: string;
}

/** What a scheduled execution will be called with. */
export interface HeldInvocation {
  functionId: string;
  /** Milliseconds since the epoch. */
  atMs: number;
  headers: Record<string, string>;
  body: string;
}

export const functionKind = kind<FunctionRecord>('function');
export const siteKind = kind<SiteRecord>('site');
export const deploymentKind = kind<DeploymentRecord>('deployment');
export const variableKind = kind<Variable>('variable');
export const executionKind = kind<Execution>('execution');
export const heldKind = kind<HeldInvocation>('held-execution');

/** Parent of a resource's deployments, variables and executions. */
export function ownerKey(resourceType: ResourceType, resourceId: string): string {
  return `${resourceType}/${resourceId}`;
}

export function requireFunction(store: Store, id: string): FunctionRecord {
  const record = store.get(functionKind, '', id);
  if (record === null) throw notFound('function', id);
  return record;
}

export function requireSite(store: Store, id: string): SiteRecord {
  const record = store.get(siteKind, '', id);
  if (record === null) throw notFound('site', id);
  return record;
}

/** Throws `function_not_found` or `site_not_found`. */
export function requireResource(store: Store, type: ResourceType, id: string): FunctionRecord | SiteRecord {
  return type === 'functions' ? requireFunction(store, id) : requireSite(store, id);
}

export function patchResource(store: Store, type: ResourceType, id: string, change: Partial<ComputeResource>): void {
  const record = requireResource(store, type, id);
  const kindOf = type === 'functions' ? functionKind : siteKind;
  store.put<ComputeResource>(kindOf, '', id, { ...record, ...change, updatedAt: wireNow() });
}

export function emptyResource(): Omit<ComputeResource, 'name' | 'timeout'> {
  return {
    enabled: true,
    logging: true,
    live: true,
    deploymentRetention: 0,
    deploymentId: '',
    deploymentCreatedAt: '',
    latestDeploymentId: '',
    latestDeploymentCreatedAt: '',
    latestDeploymentStatus: '',
    installationId: '',
    providerRepositoryId: '',
    providerBranch: '',
    providerRootDirectory: '',
    providerSilentMode: false,
    providerBranches: [],
    providerPaths: [],
    buildSpecification: 's-0.5vcpu-512mb',
    runtimeSpecification: 's-0.5vcpu-512mb',
    createdAt: wireNow(),
    updatedAt: wireNow(),
  };
}
