import * as z from 'zod';
import { alreadyExists, invalidArgument } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { wireNow } from '../http/wire.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import { presentColumn } from './column-model.ts';
import type { Column } from './column-types.ts';
import { checkWidth, columnFields, makeColumn, ROW_WIDTH_BYTES, widthBytes } from './columns.ts';
import { ordersParam } from './index-routes.ts';
import { checkIndexCount, makeIndex, presentIndex } from './indexes.ts';
import { dropOtherSide } from './relationships.ts';
import type { Table } from './schema.ts';
import { markSeen, requireDatabase, requireTable, rowKind, rowParent, saveTable, tableKind } from './schema.ts';
import { TABLES_READ, TABLES_WRITE } from './scopes.ts';

const TABLES = '/tablesdb/:databaseId/tables';
const TABLE = `${TABLES}/:tableId`;
const databaseId = p.idParam;
const tableId = p.idParam;
const nameText = p.textParam(128);

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

const InlineColumn = z.object({ ...columnFields, type: z.string(), format: p.orElse(z.string(), '') });
/** The list is called `attributes` even for tables. */
const InlineIndex = z.object({
  key: p.idParam,
  type: z.string(),
  attributes: z.array(z.string()),
  orders: p.orElse(ordersParam, []),
  lengths: p.orElse(p.listParam(p.orElse(z.int(), 0)), []),
});
const NEWER_TYPES: ReadonlySet<string> = new Set(['varchar', 'text', 'mediumtext', 'longtext']);

const keyOf = ({ key }: { key: string }): string => key;

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
    columns.map(({ key }) => key.toLowerCase()),
    'column',
  );
  checkWidth(columns);
  const indexes = rawIndexes.map((raw) => {
    const { attributes, ...wanted } = parseInline(InlineIndex, raw, 'indexes');
    return makeIndex({ ...wanted, columns: attributes }, columns, true);
  });
  requireDistinct(indexes.map(keyOf), 'index');
  checkIndexCount(indexes);
  return { columns, indexes };
}

function createTable(store: Store): Route {
  return route(`POST ${TABLES}`, {
    scopes: TABLES_WRITE,
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
      scopes: TABLES_READ,
      params: { databaseId, queries: p.queriesParam, total: p.totalParam, search: p.orElse(p.textParam(256, 0), '') },
      handler: ({ params }) => {
        requireDatabase(store, params.databaseId);
        const all = store
          .list(tableKind, params.databaseId)
          .filter(({ id, value }) => `${id} ${value.name}`.toLowerCase().includes(params.search.toLowerCase()))
          .map(({ id }) => presentTable(requireTable(store, params.databaseId, id)));
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
      scopes: TABLES_READ,
      params: { databaseId, tableId },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const body = presentTable(table);
        markSeen(store, table, { columns: table.columns.map(keyOf), indexes: table.indexes.map(keyOf) });
        return { status: 200, body };
      },
    }),
    route(`PUT ${TABLE}`, {
      scopes: TABLES_WRITE,
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
      scopes: TABLES_WRITE,
      params: { databaseId, tableId },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        for (const column of table.columns) dropOtherSide(store, table, column);
        store.removeAll(rowKind, rowParent(table));
        store.remove(tableKind, params.databaseId, table.id);
        return { status: 204 };
      },
    }),
  ];
}
