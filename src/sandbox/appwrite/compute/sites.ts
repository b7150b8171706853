import * as z from 'zod';
import { alreadyExists } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { wireNow } from '../http/wire.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import { runtimeParam, SPECIFICATIONS, specificationParam } from './catalog.ts';
import { dropDeployment } from './deployments.ts';
import { checkFramework, FRAMEWORK_IDS, frameworkParam, presentFramework } from './frameworks.ts';
import type { SiteRecord } from './records.ts';
import { deploymentKind, emptyResource, ownerKey, requireSite, siteKind, variableKind } from './records.ts';
import { removeRules } from './rule-records.ts';
import type { ComputeServices } from './uploads.ts';
import { presentVariables } from './variables.ts';

const READ = ['sites.read'];
const WRITE = ['sites.write'];

export function presentSite(store: Store, id: string): Record<string, unknown> {
  const { createdAt, updatedAt, ...fields } = requireSite(store, id);
  return {
    $id: id,
    $createdAt: createdAt,
    $updatedAt: updatedAt,
    ...fields,
    deploymentScreenshotLight: '',
    deploymentScreenshotDark: '',
    vars: presentVariables(store, 'sites', id),
  };
}

const text = p.orElse(p.textParam(8192, 0), '');
/** What create and update share; an absent field gets its default in both. */
const settings = {
  framework: frameworkParam,
  enabled: p.orElse(p.boolParam, true),
  logging: p.orElse(p.boolParam, true),
  timeout: p.orElse(p.intParam(1, 30), 30),
  installCommand: text,
  buildCommand: text,
  startCommand: text,
  outputDirectory: text,
  adapter: p.orElse(z.enum(['', 'static', 'ssr'], 'Value must be one of (static, ssr)'), ''),
  fallbackFile: p.orElse(p.textParam(255, 0), ''),
  deploymentRetention: p.orElse(p.intParam(0, 36_500), 0),
};
const specifications = {
  buildSpecification: p.orElse(specificationParam.nullable(), null),
  runtimeSpecification: p.orElse(specificationParam.nullable(), null),
};
function createSite(store: Store): Route {
  return route('POST /sites', {
    scopes: WRITE,
    params: {
      siteId: p.newIdParam,
      name: p.textParam(128),
      ...settings,
      ...specifications,
      buildRuntime: runtimeParam,
    },
    handler: ({ params }) => {
      const { siteId, buildSpecification, runtimeSpecification, ...fields } = params;
      checkFramework(fields.framework, fields.adapter, fields.buildRuntime);
      const empty = emptyResource();
      const record: SiteRecord = {
        ...empty,
        ...fields,
        buildSpecification: buildSpecification ?? empty.buildSpecification,
        runtimeSpecification: runtimeSpecification ?? empty.runtimeSpecification,
      };
      if (!store.insert(siteKind, '', siteId, record)) throw alreadyExists('site', siteId);
      return { status: 201, body: presentSite(store, siteId) };
    },
  });
}

function updateSite(store: Store): Route {
  return route('PUT /sites/:siteId', {
    scopes: WRITE,
    params: {
      siteId: p.idParam,
      name: p.textParam(128),
      ...settings,
      ...specifications,
      buildRuntime: p.orElse(runtimeParam.nullable(), null),
    },
    handler: ({ params }) => {
      const { siteId, buildRuntime, buildSpecification, runtimeSpecification, ...fields } = params;
      const old = requireSite(store, siteId);
      checkFramework(fields.framework, fields.adapter, buildRuntime ?? old.buildRuntime);
      store.put(siteKind, '', siteId, {
        ...old,
        ...fields,
        buildRuntime: buildRuntime ?? old.buildRuntime,
        buildSpecification: buildSpecification ?? old.buildSpecification,
        runtimeSpecification: runtimeSpecification ?? old.runtimeSpecification,
        updatedAt: wireNow(),
      });
      return { status: 200, body: presentSite(store, siteId) };
    },
  });
}

export function siteRoutes(services: ComputeServices): Route[] {
  const { store } = services;
  return [
    route('GET /sites/frameworks', {
      scopes: [],
      params: {},
      handler: () => ({
        status: 200,
        body: { total: FRAMEWORK_IDS.length, frameworks: FRAMEWORK_IDS.map(presentFramework) },
      }),
    }),
    route('GET /sites/specifications', {
      scopes: READ,
      params: { type: p.orElse(z.enum(['runtimes', 'builds']), 'runtimes') },
      handler: () => ({ status: 200, body: { total: SPECIFICATIONS.length, specifications: SPECIFICATIONS } }),
    }),
    createSite(store),
    route('GET /sites', {
      scopes: READ,
      params: { queries: p.queriesParam, search: p.orElse(z.string(), ''), total: p.totalParam },
      handler: ({ params }) => {
        const all = store.list(siteKind, '').map(({ id }) => presentSite(store, id));
        const found = all.filter((item) => `${String(item.$id)} ${String(item.name)}`.includes(params.search));
        const attributes = new Set([
          'name',
          'enabled',
          'framework',
          'deploymentId',
          'buildCommand',
          'installCommand',
          'outputDirectory',
        ]);
        const page = applyQueries(found, params.queries, { attributes }, params.total);
        return { status: 200, body: { total: page.total, sites: page.items } };
      },
    }),
    route('GET /sites/:siteId', {
      scopes: READ,
      params: { siteId: p.idParam },
      handler: ({ params }) => ({ status: 200, body: presentSite(store, params.siteId) }),
    }),
    updateSite(store),
    route('DELETE /sites/:siteId', {
      scopes: WRITE,
      params: { siteId: p.idParam },
      handler: async ({ params: { siteId } }) => {
        requireSite(store, siteId);
        const parent = ownerKey('sites', siteId);
        const deployments = store.list(deploymentKind, parent);
        store.removeAll(deploymentKind, parent);
        store.removeAll(variableKind, parent);
        store.remove(siteKind, '', siteId);
        removeRules(store, 'sites', siteId);
        for (const { id } of deployments) await dropDeployment(services, 'sites', siteId, id);
        return { status: 204 };
      },
    }),
  ];
}
