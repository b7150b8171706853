import * as z from 'zod';
import { alreadyExists } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { wireNow } from '../http/wire.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import { eventParam, presentRuntime, RUNTIMES, runtimeParam, SPECIFICATIONS, specificationParam } from './catalog.ts';
import { cronParam } from './cron.ts';
import { dropDeployment } from './deployments.ts';
import type { FunctionRecord } from './records.ts';
import {
  deploymentKind,
  emptyResource,
  executionKind,
  functionKind,
  ownerKey,
  requireFunction,
  variableKind,
} from './records.ts';
import { addFunctionDomain, removeRules } from './rule-records.ts';
import type { ComputeServices } from './uploads.ts';
import { presentVariables } from './variables.ts';

const READ = ['functions.read'];
const WRITE = ['functions.write'];

export function presentFunction(store: Store, id: string): Record<string, unknown> {
  const { createdAt, updatedAt, ...fields } = requireFunction(store, id);
  const vars = presentVariables(store, 'functions', id);
  return { $id: id, $createdAt: createdAt, $updatedAt: updatedAt, ...fields, version: 'v5', vars };
}

const nameParam = p.textParam(128);
/** What create and update share; an absent field gets its default in both. */
const settings = {
  execute: p.orElse(p.rolesParam, []),
  events: p.orElse(p.listParam(eventParam), []),
  schedule: p.orElse(cronParam, ''),
  timeout: p.orElse(p.intParam(1, 900), 15),
  enabled: p.orElse(p.boolParam, true),
  logging: p.orElse(p.boolParam, true),
  commands: p.orElse(p.textParam(8192, 0), ''),
  scopes: p.orElse(p.listParam(z.string(), 200), []),
  deploymentRetention: p.orElse(p.intParam(0, 36_500), 0),
};
/** Update keeps these when they are absent. */
const kept = {
  runtime: p.orElse(runtimeParam.nullable(), null),
  entrypoint: p.orElse(p.textParam(1028, 0).nullable(), null),
  buildSpecification: p.orElse(specificationParam.nullable(), null),
  runtimeSpecification: p.orElse(specificationParam.nullable(), null),
};

function createFunction(store: Store): Route {
  return route('POST /functions', {
    scopes: WRITE,
    params: { functionId: p.newIdParam, name: nameParam, ...settings, ...kept, runtime: runtimeParam },
    handler: ({ params }) => {
      const { functionId, entrypoint, buildSpecification, runtimeSpecification, ...fields } = params;
      const empty = emptyResource();
      const record: FunctionRecord = {
        ...empty,
        ...fields,
        entrypoint: entrypoint ?? '',
        buildSpecification: buildSpecification ?? empty.buildSpecification,
        runtimeSpecification: runtimeSpecification ?? empty.runtimeSpecification,
      };
      if (!store.insert(functionKind, '', functionId, record)) throw alreadyExists('function', functionId);
      addFunctionDomain(store, functionId);
      return { status: 201, body: presentFunction(store, functionId) };
    },
  });
}

function updateFunction(store: Store): Route {
  return route('PUT /functions/:functionId', {
    scopes: WRITE,
    params: { functionId: p.idParam, name: nameParam, ...settings, ...kept },
    handler: ({ params }) => {
      const { functionId, runtime, entrypoint, buildSpecification, runtimeSpecification, ...fields } = params;
      const old = requireFunction(store, functionId);
      store.put(functionKind, '', functionId, {
        ...old,
        ...fields,
        runtime: runtime ?? old.runtime,
        entrypoint: entrypoint ?? old.entrypoint,
        buildSpecification: buildSpecification ?? old.buildSpecification,
        runtimeSpecification: runtimeSpecification ?? old.runtimeSpecification,
        updatedAt: wireNow(),
      });
      return { status: 200, body: presentFunction(store, functionId) };
    },
  });
}

function deleteFunction(services: ComputeServices): Route {
  const { store } = services;
  return route('DELETE /functions/:functionId', {
    scopes: WRITE,
    params: { functionId: p.idParam },
    handler: async ({ params: { functionId } }) => {
      requireFunction(store, functionId);
      const parent = ownerKey('functions', functionId);
      const deployments = store.list(deploymentKind, parent);
      for (const kind of [deploymentKind, variableKind, executionKind]) store.removeAll<unknown>(kind, parent);
      store.remove(functionKind, '', functionId);
      removeRules(store, 'functions', functionId);
      for (const { id } of deployments) await dropDeployment(services, 'functions', functionId, id);
      return { status: 204 };
    },
  });
}

export function functionRoutes(services: ComputeServices): Route[] {
  const { store } = services;
  return [
    route('GET /functions/runtimes', {
      scopes: [],
      params: {},
      handler: () => ({ status: 200, body: { total: RUNTIMES.length, runtimes: RUNTIMES.map(presentRuntime) } }),
    }),
    route('GET /functions/specifications', {
      scopes: READ,
      params: { type: p.orElse(z.enum(['runtimes', 'builds']), 'runtimes') },
      handler: () => ({ status: 200, body: { total: SPECIFICATIONS.length, specifications: SPECIFICATIONS } }),
    }),
    createFunction(store),
    route('GET /functions', {
      scopes: READ,
      params: { queries: p.queriesParam, search: p.orElse(z.string(), ''), total: p.totalParam },
      handler: ({ params }) => {
        const all = store.list(functionKind, '').map(({ id }) => presentFunction(store, id));
        const found = all.filter((item) => `${String(item.$id)} ${String(item.name)}`.includes(params.search));
        const attributes = new Set([
          'name',
          'enabled',
          'runtime',
          'deploymentId',
          'schedule',
          'timeout',
          'entrypoint',
          'commands',
        ]);
        const page = applyQueries(found, params.queries, { attributes }, params.total);
        return { status: 200, body: { total: page.total, functions: page.items } };
      },
    }),
    route('GET /functions/:functionId', {
      scopes: READ,
      params: { functionId: p.idParam },
      handler: ({ params }) => ({ status: 200, body: presentFunction(store, params.functionId) }),
    }),
    updateFunction(store),
    deleteFunction(services),
  ];
}
