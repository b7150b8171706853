import * as z from 'zod';
import { alreadyExists, invalidArgument } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { wireNow } from '../http/wire.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import type { Column } from './columns.ts';
import { checkWidth, columnFields, makeColumn, presentColumn, ROW_WIDTH_BYTES, widthBytes } from './columns.ts';
import { makeIndex, presentIndex } from './indexes.ts';
import type { Database, Table } from './schema.ts';
import { databaseKind, requireDatabase, requireTable, rowKind, rowParent, saveTable, tableKind } from './schema.ts';

const DATABASES = '/tablesdb';
const TABLES = '/tablesdb/:databaseId/tables';
const TABLE = `${TABLES}/:tableId`;
const databaseId = p.idParam;
const tableId = p.idParam;
const nameText = p.textParam(128);

const read = (area: string) => [`${area}.read`];
const write = (area: string) => [`${area}.write`];

function presentDatabase(id: string, database: Database): Record<string, unknown> {
  return {
    $id: id,
    name: database.name,
    $createdAt: database.createdAt,
    $updatedAt: database.updatedAt,
    enabled: database.enabled,
    type: 'tablesdb',
    status: 'ready',
    engine: 'mariadb',
    specification: '',
    replicas: 0,
    policies: [],
    archives: [],
  };
}

function presentTable(table: Table): Record<string, unknown> {
  return {
    $id: table.id,
    $createdAt: table.createdAt,
    $updatedAt: table.updatedAt,
    $permissions: table.permissions,
    databaseId: table.databaseId,
    name: table.name,
    enabled: table.enabled,
    rowSecurity: table.rowSecurity,
    columns: table.columns.map(presentColumn),
    indexes: table.indexes.map(presentIndex),
    bytesMax: ROW_WIDTH_BYTES,
    bytesUsed: widthBytes(table.columns),
  };
}

export function databaseRoutes(store: Store): Route[] {
  return [
    route(`GET ${DATABASES}`, {
      scopes: read('databases'),
      params: { queries: p.queriesParam, total: p.totalParam },
      handler: ({ params }) => {
        const all = store.list(databaseKind, '').map(({ id, value }) => presentDatabase(id, value));
        const page = applyQueries(all, params.queries, { attributes: new Set(['name']) }, params.total);
        return { status: 200, body: { total: page.total, databases: page.items } };
      },
    }),
    route(`POST ${DATABASES}`, {
      scopes: write('databases'),
      params: { databaseId: p.newIdParam, name: nameText, enabled: p.orElse(p.boolParam, true) },
      handler: ({ params }) => {
        const database = { name: params.name, enabled: params.enabled, createdAt: wireNow(), updatedAt: wireNow() };
        if (!store.insert(databaseKind, '', params.databaseId, database))
          throw alreadyExists('database', params.databaseId);
        return { status: 201, body: presentDatabase(params.databaseId, database) };
      },
    }),
    route(`GET ${DATABASES}/:databaseId`, {
      scopes: read('databases'),
      params: { databaseId },
      handler: ({ params }) => ({
        status: 200,
        body: presentDatabase(params.databaseId, requireDatabase(store, params.databaseId)),
      }),
    }),
    route(`PUT ${DATABASES}/:databaseId`, {
      scopes: write('databases'),
      params: { databaseId, name: p.orElse(nameText.nullable(), null), enabled: p.orElse(p.boolParam, true) },
      handler: ({ params }) => {
        const old = requireDatabase(store, params.databaseId);
        const next = { ...old, name: params.name ?? old.name, enabled: params.enabled, updatedAt: wireNow() };
        store.put(databaseKind, '', params.databaseId, next);
        return { status: 200, body: presentDatabase(params.databaseId, next) };
      },
    }),
    route(`DELETE ${DATABASES}/:databaseId`, {
      scopes: write('databases'),
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

const InlineColumn = z.object({ ...columnFields, type: z.string(), format: p.orElse(z.string(), '') });
/** The list is called `attributes` even for tables. */
const InlineIndex = z.object({
  key: p.idParam,
  type: z.string(),
  attributes: z.array(z.string()),
  orders: p.orElse(z.array(z.string()), []),
  lengths: p.orElse(z.array(z.number()), []),
});
const NEWER_TYPES: ReadonlySet<string> = new Set(['varchar', 'text', 'mediumtext', 'longtext']);

function parseInline<S extends z.ZodType>(schema: S, value: unknown, list: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalidArgument(`Invalid \`${list}\` param: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

function requireDistinct(keys: readonly string[], what: string): void {
  const repeated = keys.find((key, position) => keys.indexOf(key) !== position);
  if (repeated !== undefined) throw invalidArgument(`Duplicate ${what} key: ${repeated}`);
}

function inlineSchema(rawColumns: unknown[], rawIndexes: unknown[]): Pick<Table, 'columns' | 'indexes'> {
  const columns = rawColumns.map((raw): Column => {
    const wanted = parseInline(InlineColumn, raw, 'columns');
    if (NEWER_TYPES.has(wanted.type)) throw invalidArgument(`Invalid type for column '${wanted.key}': ${wanted.type}`);
    return makeColumn(wanted, true);
  });
  requireDistinct(
    columns.map(({ key }) => key),
    'column',
  );
  checkWidth(columns);
  const indexes = rawIndexes.map((raw) => {
    const { attributes, ...wanted } = parseInline(InlineIndex, raw, 'indexes');
    return makeIndex({ ...wanted, columns: attributes }, columns, true);
  });
  requireDistinct(
    indexes.map(({ key }) => key),
    'index',
  );
  return { columns, indexes };
}

function createTable(store: Store): Route {
  return route(`POST ${TABLES}`, {
    scopes: write('tables'),
    params: {
      databaseId,
      tableId: p.newIdParam,
      name: nameText,
      permissions: p.orElse(p.permissionsParam, []),
      rowSecurity: p.orElse(p.boolParam, false),
      enabled: p.orElse(p.boolParam, true),
      columns: p.orElse(p.listParam(z.unknown()), []),
      indexes: p.orElse(p.listParam(z.unknown()), []),
    },
    handler: ({ params }): Reply => {
      requireDatabase(store, params.databaseId);
      const table: Table = {
        id: params.tableId,
        databaseId: params.databaseId,
        name: params.name,
        enabled: params.enabled,
        rowSecurity: params.rowSecurity,
        permissions: p.expandPermissions(params.permissions, true),
        ...inlineSchema(params.columns, params.indexes),
        createdAt: wireNow(),
        updatedAt: wireNow(),
      };
      if (!store.insert(tableKind, params.databaseId, table.id, table)) throw alreadyExists('table', table.id);
      return { status: 201, body: presentTable(table) };
    },
  });
}

export function tableRoutes(store: Store): Route[] {
  return [
    createTable(store),
    route(`GET ${TABLES}`, {
      scopes: read('tables'),
      params: { databaseId, queries: p.queriesParam, total: p.totalParam },
      handler: ({ params }) => {
        requireDatabase(store, params.databaseId);
        const all = store.list(tableKind, params.databaseId).map(({ value }) => presentTable(value));
        const page = applyQueries(
          all,
          params.queries,
          { attributes: new Set(['name', 'enabled', 'rowSecurity']) },
          params.total,
        );
        return { status: 200, body: { total: page.total, tables: page.items } };
      },
    }),
    route(`GET ${TABLE}`, {
      scopes: read('tables'),
      params: { databaseId, tableId },
      handler: ({ params }) => ({
        status: 200,
        body: presentTable(requireTable(store, params.databaseId, params.tableId)),
      }),
    }),
    route(`PUT ${TABLE}`, {
      scopes: write('tables'),
      params: {
        databaseId,
        tableId,
        name: p.orElse(nameText.nullable(), null),
        permissions: p.orElse(p.permissionsParam.nullable(), null),
        rowSecurity: p.orElse(p.boolParam, false),
        enabled: p.orElse(p.boolParam, true),
      },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        table.name = params.name ?? table.name;
        if (params.permissions !== null) table.permissions = p.expandPermissions(params.permissions, true);
        table.rowSecurity = params.rowSecurity;
        table.enabled = params.enabled;
        saveTable(store, table);
        return { status: 200, body: presentTable(requireTable(store, params.databaseId, params.tableId)) };
      },
    }),
    route(`DELETE ${TABLE}`, {
      scopes: write('tables'),
      params: { databaseId, tableId },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        store.removeAll(rowKind, rowParent(table));
        store.remove(tableKind, params.databaseId, table.id);
        return { status: 204 };
      },
    }),
  ];
}
