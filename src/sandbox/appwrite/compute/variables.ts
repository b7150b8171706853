import { ApiError, alreadyExists, invalidArgument, notFound } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { wireNow } from '../http/wire.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import type { ResourceType, Variable } from './records.ts';
import { ownerKey, patchResource, requireResource, variableKind } from './records.ts';

const keyParam = p.textParam(255);
const valueParam = p.textParam(8192, 0);

export function presentVariables(store: Store, type: ResourceType, resourceId: string): Record<string, unknown>[] {
  return store
    .list(variableKind, ownerKey(type, resourceId))
    .map(({ id, value }) => presentVariable(id, value, type, resourceId));
}

function presentVariable(
  id: string,
  variable: Variable,
  type: ResourceType,
  resourceId: string,
): Record<string, unknown> {
  return {
    $id: id,
    $createdAt: variable.createdAt,
    $updatedAt: variable.updatedAt,
    key: variable.key,
    value: variable.secret ? '' : variable.value,
    secret: variable.secret,
    resourceType: type === 'functions' ? 'function' : 'site',
    resourceId,
  };
}

function routesOf(store: Store, type: ResourceType): Route[] {
  const base = `/${type}/:resourceId/variables`;
  const [read, write] = [[`${type}.read`], [`${type}.write`]];
  const refuseSameKey = (resourceId: string, id: string, key: string): void => {
    const same = store
      .list(variableKind, ownerKey(type, resourceId))
      .some((other) => other.value.key === key && other.id !== id);
    if (same) throw alreadyExists('variable', key);
  };
  const requireVariable = (resourceId: string, id: string): Variable => {
    requireResource(store, type, resourceId);
    const variable = store.get(variableKind, ownerKey(type, resourceId), id);
    if (variable === null) throw notFound('variable', id);
    return variable;
  };
  const ids = { resourceId: p.idParam, variableId: p.idParam };
  return [
    route(`GET ${base}`, {
      scopes: read,
      params: { resourceId: p.idParam, queries: p.queriesParam, total: p.totalParam },
      handler: ({ params }) => {
        requireResource(store, type, params.resourceId);
        const all = presentVariables(store, type, params.resourceId);
        const page = applyQueries(all, params.queries, { attributes: new Set(['key', 'secret']) }, params.total);
        return { status: 200, body: { total: page.total, variables: page.items } };
      },
    }),
    route(`POST ${base}`, {
      scopes: write,
      params: {
        resourceId: p.idParam,
        variableId: p.newIdParam,
        key: keyParam,
        value: valueParam,
        secret: p.orElse(p.boolParam, true),
      },
      handler: ({ params: { resourceId, variableId, key, value, secret } }) => {
        requireResource(store, type, resourceId);
        refuseSameKey(resourceId, variableId, key);
        const variable: Variable = { key, value, secret, createdAt: wireNow(), updatedAt: wireNow() };
        if (!store.insert(variableKind, ownerKey(type, resourceId), variableId, variable)) {
          throw alreadyExists('variable', variableId);
        }
        patchResource(store, type, resourceId, { live: false });
        return { status: 201, body: presentVariable(variableId, variable, type, resourceId) };
      },
    }),
    route(`GET ${base}/:variableId`, {
      scopes: read,
      params: ids,
      handler: ({ params: { resourceId, variableId } }) => ({
        status: 200,
        body: presentVariable(variableId, requireVariable(resourceId, variableId), type, resourceId),
      }),
    }),
    route(`PUT ${base}/:variableId`, {
      scopes: write,
      params: {
        ...ids,
        key: p.orElse(keyParam.nullable(), null),
        value: p.orElse(valueParam.nullable(), null),
        secret: p.orElse(p.boolParam.nullable(), null),
      },
      handler: ({ params: { resourceId, variableId, key, value, secret } }) => {
        if (key === null && value === null && secret === null)
          throw invalidArgument('Nothing to update: key, value and secret are missing.');
        const old = requireVariable(resourceId, variableId);
        if (old.secret && secret === false) {
          throw new ApiError(400, 'variable_cannot_unset_secret', 'Secret variables cannot be marked as non-secret.');
        }
        if (key !== null) refuseSameKey(resourceId, variableId, key);
        const next = {
          ...old,
          key: key ?? old.key,
          value: value ?? old.value,
          secret: secret ?? old.secret,
          updatedAt: wireNow(),
        };
        store.put(variableKind, ownerKey(type, resourceId), variableId, next);
        patchResource(store, type, resourceId, { live: false });
        return { status: 200, body: presentVariable(variableId, next, type, resourceId) };
      },
    }),
    route(`DELETE ${base}/:variableId`, {
      scopes: write,
      params: ids,
      handler: ({ params: { resourceId, variableId } }) => {
        requireVariable(resourceId, variableId);
        store.remove(variableKind, ownerKey(type, resourceId), variableId);
        patchResource(store, type, resourceId, { live: false });
        return { status: 204 };
      },
    }),
  ];
}

export function variableRoutes(store: Store): Route[] {
  return [...routesOf(store, 'functions'), ...routesOf(store, 'sites')];
}
