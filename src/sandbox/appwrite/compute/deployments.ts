import * as z from 'zod';
import { ApiError, invalidQuery, notFound } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { newId, wireNow } from '../http/wire.ts';
import { applyQueries, selectFields } from '../query.ts';
import type { Store } from '../store.ts';
import { activate, copySource, removeFiles } from './builds.ts';
import type { DeploymentRecord, ResourceType } from './records.ts';
import { deploymentKind, ownerKey, patchResource, requireFunction, requireResource, requireSite } from './records.ts';
import { followActive, removeRules } from './rule-records.ts';
import type { ComputeServices } from './uploads.ts';
import {
  begin,
  deploymentType,
  functionUpload,
  presentDeployment,
  requireDeployment,
  siteFields,
  siteUpload,
} from './uploads.ts';

const FILTERS = new Set([
  'status',
  'type',
  'activate',
  'buildSize',
  'sourceSize',
  'totalSize',
  'buildDuration',
  'entrypoint',
]);

function readRoutes(services: ComputeServices, type: ResourceType, base: string, scopes: readonly string[]): Route[] {
  const { store } = services;
  return [
    route(`GET ${base}`, {
      scopes,
      params: { resourceId: p.idParam, queries: p.queriesParam, search: p.orElse(z.string(), ''), total: p.totalParam },
      handler: ({ params }) => {
        requireResource(store, type, params.resourceId);
        if (params.search !== '') throw invalidQuery('Searching deployments requires a fulltext index.');
        const all = store.list(deploymentKind, ownerKey(type, params.resourceId));
        const items = all.map(({ id, value }) => presentDeployment(id, value));
        const page = applyQueries(items, params.queries, { attributes: FILTERS }, params.total);
        return {
          status: 200,
          body: { total: page.total, deployments: page.items.map((item) => selectFields(item, page.select)) },
        };
      },
    }),
    route(`GET ${base}/:deploymentId`, {
      scopes,
      params: { resourceId: p.idParam, deploymentId: p.idParam },
      handler: ({ params }) => ({
        status: 200,
        body: presentDeployment(
          params.deploymentId,
          requireDeployment(store, type, params.resourceId, params.deploymentId),
        ),
      }),
    }),
  ];
}

function writeRoutes(services: ComputeServices, type: ResourceType, base: string, scopes: readonly string[]): Route[] {
  const { store, folders, builder } = services;
  const ids = { resourceId: p.idParam, deploymentId: p.idParam };
  return [
    route(`PATCH ${base.replace(/s$/, '')}`, {
      scopes,
      params: ids,
      handler: ({ params: { resourceId, deploymentId } }) => {
        const record = requireDeployment(store, type, resourceId, deploymentId);
        if (record.status !== 'ready') {
          throw new ApiError(
            400,
            'build_not_ready',
            'Build with the requested ID is building and not ready for execution.',
          );
        }
        activate(store, { resourceType: type, resourceId, deploymentId });
        return { status: 200, body: services.present(type, resourceId) };
      },
    }),
    route(`PATCH ${base}/:deploymentId/status`, {
      scopes,
      params: ids,
      handler: ({ params: { resourceId, deploymentId } }) => {
        const record = requireDeployment(store, type, resourceId, deploymentId);
        if (['ready', 'failed'].includes(record.status)) {
          throw new ApiError(
            400,
            'build_already_completed',
            'Build with the requested ID is already completed and cannot be canceled.',
          );
        }
        const canceled: DeploymentRecord = { ...record, status: 'canceled', updatedAt: wireNow() };
        store.put(deploymentKind, ownerKey(type, resourceId), deploymentId, canceled);
        builder.cancel(deploymentId);
        restoreLatest(store, type, resourceId);
        return { status: 200, body: presentDeployment(deploymentId, canceled) };
      },
    }),
    route(`POST ${base}/duplicate`, {
      scopes,
      params: ids,
      handler: async ({ params: { resourceId, deploymentId }, headers }) => {
        const source = requireDeployment(store, type, resourceId, deploymentId);
        if (!source.complete) throw notFound('deployment', deploymentId);
        const id = newId();
        await copySource(folders, deploymentId, id);
        const fields = { ...settingsOf(store, type, resourceId), activate: source.activate };
        begin(store, type, resourceId, id, { ...fields, type: deploymentType(headers) });
        const record = {
          ...requireDeployment(store, type, resourceId, id),
          complete: true,
          sourceSizeBytes: source.sourceSizeBytes,
        };
        store.put(deploymentKind, ownerKey(type, resourceId), id, record);
        builder.enqueue({ resourceType: type, resourceId, deploymentId: id });
        return { status: 202, body: presentDeployment(id, record) };
      },
    }),
    route(`DELETE ${base}/:deploymentId`, {
      scopes,
      params: ids,
      handler: async ({ params: { resourceId, deploymentId } }) => {
        requireDeployment(store, type, resourceId, deploymentId);
        store.remove(deploymentKind, ownerKey(type, resourceId), deploymentId);
        await dropDeployment(services, type, resourceId, deploymentId);
        if (requireResource(store, type, resourceId).deploymentId === deploymentId) {
          patchResource(store, type, resourceId, { deploymentId: '', deploymentCreatedAt: '' });
          followActive(store, type, resourceId, '');
        }
        restoreLatest(store, type, resourceId);
        return { status: 204 };
      },
    }),
  ];
}

/** Ends what a deployment runs and removes its files and preview. */
export async function dropDeployment(
  services: ComputeServices,
  type: ResourceType,
  resourceId: string,
  deploymentId: string,
): Promise<void> {
  services.builder.cancel(deploymentId);
  services.host.stop(deploymentId);
  services.siteHost.stop(deploymentId);
  removeRules(services.store, type, resourceId, deploymentId);
  await removeFiles(services.folders, deploymentId);
}

/** What a build takes from the settings as they are now. */
function settingsOf(store: Store, type: ResourceType, id: string) {
  if (type === 'sites') return siteFields(requireSite(store, id), {});
  const { entrypoint, commands } = requireFunction(store, id);
  return { entrypoint, commands, outputDirectory: '' };
}

/** The newest deployment that is left is the latest one. */
function restoreLatest(store: Store, type: ResourceType, resourceId: string): void {
  const newest = store.list(deploymentKind, ownerKey(type, resourceId)).at(-1);
  patchResource(store, type, resourceId, {
    latestDeploymentId: newest?.id ?? '',
    latestDeploymentCreatedAt: newest?.value.createdAt ?? '',
    latestDeploymentStatus: newest?.value.status ?? '',
  });
}

export function deploymentRoutes(services: ComputeServices): Route[] {
  const both = (['functions', 'sites'] as const).flatMap((type) => {
    const base = `/${type}/:resourceId/deployments`;
    return [
      ...readRoutes(services, type, base, [`${type}.read`]),
      ...writeRoutes(services, type, base, [`${type}.write`]),
    ];
  });
  return [functionUpload(services), siteUpload(services), ...both];
}
