import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, notFound } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Call, Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { newId, wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { writePart } from './archive.ts';
import type { Builder, Folders } from './builds.ts';
import type { FunctionHost } from './function-host.ts';
import type { DeploymentRecord, FunctionRecord, ResourceType, SiteRecord } from './records.ts';
import { deploymentKind, ownerKey, patchResource, requireFunction, requireResource, requireSite } from './records.ts';
import { addPreviewRule } from './rule-records.ts';
import type { SiteHost } from './site-host.ts';

const MAX_PACKAGE_BYTES = 30_000_000;

export interface ComputeServices {
  store: Store;
  folders: Folders;
  builder: Builder;
  host: FunctionHost;
  siteHost: SiteHost;
  /** The function or site as the API shows it. */
  present(type: ResourceType, id: string): Record<string, unknown>;
}

export function presentDeployment(id: string, record: DeploymentRecord): Record<string, unknown> {
  const provider = [
    'RepositoryName',
    'RepositoryOwner',
    'RepositoryUrl',
    'CommitHash',
    'CommitAuthorUrl',
    'CommitAuthor',
  ];
  const more = ['CommitMessage', 'CommitUrl', 'Branch', 'BranchUrl'];
  return {
    $id: id,
    $createdAt: record.createdAt,
    $updatedAt: record.updatedAt,
    type: record.type,
    resourceId: record.resourceId,
    resourceType: record.resourceType,
    entrypoint: record.entrypoint,
    sourceSize: record.sourceSizeBytes,
    buildSize: record.buildSizeBytes,
    totalSize: record.sourceSizeBytes + record.buildSizeBytes,
    buildId: id,
    activate: record.activate,
    screenshotLight: '',
    screenshotDark: '',
    status: record.status,
    buildLogs: record.buildLogs,
    buildDuration: record.buildDurationSeconds,
    ...Object.fromEntries([...provider, ...more].map((name) => [`provider${name}`, ''])),
  };
}

export function requireDeployment(store: Store, type: ResourceType, resourceId: string, id: string): DeploymentRecord {
  requireResource(store, type, resourceId);
  const record = store.get(deploymentKind, ownerKey(type, resourceId), id);
  if (record === null) throw notFound('deployment', id);
  return record;
}

interface Range {
  start: number;
  end: number;
  sizeBytes: number;
}

function readRange(header: string | undefined, partBytes: number): Range {
  if (header === undefined) return { start: 0, end: partBytes - 1, sizeBytes: partBytes };
  const [, start, end, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header) ?? [];
  const range = { start: Number(start), end: Number(end), sizeBytes: Number(size) };
  const valid = range.start <= range.end && range.end < range.sizeBytes && range.end - range.start + 1 === partBytes;
  if (!valid) throw new ApiError(400, 'storage_invalid_content_range', 'Content range is invalid.');
  return range;
}

function checkFile(file: Call<unknown>['file']): NonNullable<Call<unknown>['file']> {
  if (file === null || file.bytes.length === 0)
    throw new ApiError(400, 'storage_file_empty', 'Empty file passed to the endpoint.');
  if (!file.name.endsWith('.gz')) {
    throw new ApiError(400, 'storage_file_type_unsupported', 'The given file extension is not supported.');
  }
  return file;
}

type Fields = Pick<DeploymentRecord, 'entrypoint' | 'commands' | 'outputDirectory'>;

/** Takes one part of an upload (or all of it); the build starts when every byte is there. */
async function upload(
  services: ComputeServices,
  type: ResourceType,
  resourceId: string,
  call: Call<unknown>,
  fields: Fields,
  wantsActivation: boolean,
): Promise<Reply> {
  const { store, folders, builder } = services;
  const file = checkFile(call.file);
  const rangeHeader = call.headers['content-range'];
  const range = readRange(rangeHeader, file.bytes.length);
  if (range.sizeBytes > MAX_PACKAGE_BYTES) {
    throw new ApiError(400, 'storage_invalid_file_size', `File size not allowed: at most ${MAX_PACKAGE_BYTES} bytes.`);
  }
  const parent = ownerKey(type, resourceId);
  const named = call.headers['x-appwrite-id'];
  const uploadId = rangeHeader !== undefined && typeof named === 'string' ? named : null;
  if (uploadId !== null) {
    const earlier = requireDeployment(store, type, resourceId, uploadId);
    if (earlier.complete) return { status: 202, body: presentDeployment(uploadId, earlier) };
  }
  const id = uploadId ?? newId();
  await writePart(folders.source(id), range.start, file.bytes);
  if (uploadId === null) {
    begin(store, type, resourceId, id, { ...fields, type: deploymentType(call.headers), activate: wantsActivation });
  }
  const record = requireDeployment(store, type, resourceId, id);
  record.parts[String(range.start)] = file.bytes.length;
  record.sourceSizeBytes = range.sizeBytes;
  const receivedBytes = Object.values(record.parts).reduce((sum, size) => sum + size, 0);
  const completed = !record.complete && receivedBytes === range.sizeBytes;
  record.complete = record.complete || completed;
  store.put(deploymentKind, parent, id, record);
  if (completed) builder.enqueue({ resourceType: type, resourceId, deploymentId: id });
  return { status: 202, body: presentDeployment(id, record) };
}

export function deploymentType(headers: IncomingHttpHeaders): string {
  return headers['x-sdk-language'] === 'cli' ? 'cli' : 'manual';
}

export function begin(
  store: Store,
  type: ResourceType,
  resourceId: string,
  id: string,
  init: Fields & Pick<DeploymentRecord, 'type' | 'activate'>,
): void {
  const createdAt = wireNow();
  store.insert(deploymentKind, ownerKey(type, resourceId), id, {
    ...init,
    resourceId,
    resourceType: type,
    status: 'waiting',
    sourceSizeBytes: 0,
    buildSizeBytes: 0,
    buildDurationSeconds: 0,
    buildLogs: '',
    parts: {},
    complete: false,
    servedDir: '.',
    createdAt,
    updatedAt: createdAt,
  });
  patchResource(store, type, resourceId, {
    latestDeploymentId: id,
    latestDeploymentCreatedAt: createdAt,
    latestDeploymentStatus: 'waiting',
  });
  addPreviewRule(store, type, resourceId, id);
}

const optionalText = p.orElse(p.textParam(8192, 0).nullable(), null);

export function functionUpload(services: ComputeServices): Route {
  return route('POST /functions/:functionId/deployments', {
    scopes: ['functions.write'],
    params: { functionId: p.idParam, entrypoint: optionalText, commands: optionalText, activate: p.boolParam },
    handler: (call) => {
      const { functionId, entrypoint, commands, activate: wanted } = call.params;
      const record: FunctionRecord = requireFunction(services.store, functionId);
      const fields = {
        entrypoint: entrypoint ?? record.entrypoint,
        commands: commands ?? record.commands,
        outputDirectory: '',
      };
      if (fields.entrypoint === '') {
        throw new ApiError(
          404,
          'function_entrypoint_missing',
          'Entrypoint for your Appwrite Function is missing. Please specify it when making deployment or update the entrypoint under your function\'s "Settings" > "Configuration" > "Entrypoint".',
        );
      }
      return upload(services, 'functions', functionId, call, fields, wanted);
    },
  });
}

export function siteUpload(services: ComputeServices): Route {
  return route('POST /sites/:siteId/deployments', {
    scopes: ['sites.write'],
    params: {
      siteId: p.idParam,
      installCommand: optionalText,
      buildCommand: optionalText,
      outputDirectory: optionalText,
      activate: p.orElse(p.boolParam, false),
    },
    handler: (call) => {
      const { params } = call;
      const site: SiteRecord = requireSite(services.store, params.siteId);
      const fields = siteFields(site, params);
      return upload(services, 'sites', params.siteId, call, fields, params.activate);
    },
  });
}

interface SiteSteps {
  installCommand?: string | null;
  buildCommand?: string | null;
  outputDirectory?: string | null;
}

/** What a build of the site does; what is not given is taken from its settings. */
export function siteFields(site: SiteRecord, given: SiteSteps): Fields {
  const steps = [given.installCommand ?? site.installCommand, given.buildCommand ?? site.buildCommand];
  return {
    entrypoint: '',
    commands: steps.filter((step) => step.trim() !== '').join(' && '),
    outputDirectory: (given.outputDirectory ?? site.outputDirectory) || './',
  };
}
