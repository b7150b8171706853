import { alreadyExists } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { wireNow } from '../http/wire.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import type { Database } from './schema.ts';
import { databaseKind, requireDatabase, rowKind, rowParent, tableKind } from './schema.ts';

const DATABASES = '/tablesdb';
const databaseId = p.idParam;
const nameText = p.textParam(128);
const READ = ['databases.read'];
const WRITE = ['databases.write'];

function presentDatabase(id: string, database: Database): Record<string, unknown> {
  return {
    $id: id,
    name: database.name,
    $createdAt: database.createdAt,
    $updatedAt: database.updatedAt,
    enabled: database.enabled,
    type: database.type ?? 'tablesdb',
    status: 'ready',
    engine: 'mariadb',
    specification: '',
    replicas: 0,
    policies: [],
    archives: [],
  };
}

/** `type` is the API through which new ones are made. */
export function databaseRoutes(store: Store, type: 'legacy' | 'tablesdb'): Route[] {
  return [
    route(`GET ${DATABASES}`, {
      scopes: READ,
      params: { queries: p.queriesParam, total: p.totalParam, search: p.orElse(p.textParam(256, 0), '') },
      handler: ({ params }) => {
        const all = store
          .list(databaseKind, '')
          .filter(({ id, value }) => `${id} ${value.name}`.toLowerCase().includes(params.search.toLowerCase()))
          .map(({ id, value }) => presentDatabase(id, value));
        const page = applyQueries(all, params.queries, { attributes: new Set(['name', 'enabled']) }, params.total);
        return { status: 200, body: { total: page.total, databases: page.items } };
      },
    }),
    route(`POST ${DATABASES}`, {
      scopes: WRITE,
      params: { databaseId: p.newIdParam, name: nameText, enabled: p.orElse(p.boolParam, true) },
      handler: ({ params }) => {
        const { name, enabled } = params;
        const database = { name, enabled, type, createdAt: wireNow(), updatedAt: wireNow() };
        if (!store.insert(databaseKind, '', params.databaseId, database))
          throw alreadyExists('database', params.databaseId);
        return { status: 201, body: presentDatabase(params.databaseId, database) };
      },
    }),
    route(`GET ${DATABASES}/:databaseId`, {
      scopes: READ,
      params: { databaseId },
      handler: ({ params }) => ({
        status: 200,
        body: presentDatabase(params.databaseId, requireDatabase(store, params.databaseId)),
      }),
    }),
    route(`PUT ${DATABASES}/:databaseId`, {
      scopes: WRITE,
      params: { databaseId, name: p.orElse(nameText.nullable(), null), enabled: p.orElse(p.boolParam, true) },
      handler: ({ params }) => {
        const old = requireDatabase(store, params.databaseId);
        const next = { ...old, name: params.name ?? old.name, enabled: params.enabled, updatedAt: wireNow() };
        store.put(databaseKind, '', params.databaseId, next);
        return { status: 200, body: presentDatabase(params.databaseId, next) };
      },
    }),
    route(`DELETE ${DATABASES}/:databaseId`, {
      scopes: WRITE,
      params: { databaseId },
      handler: ({ params }) => {
        requireDatabase(store, params.databaseId);
        for (const { value } of store.list(tableKind, params.databaseId)) store.removeAll(rowKind, rowParent(value));
        store.removeAll(tableKind, params.databaseId);
        store.remove(databaseKind, '', params.databaseId);
        return { status: 204 };
      },
    }),
  ];
}
