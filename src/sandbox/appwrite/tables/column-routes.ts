import * as z from 'zod';
import { ApiError, alreadyExists, invalidArgument, notFound } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import { checkWidth, columnFields, makeColumn, presentColumn } from './columns.ts';
import { makeIndex, presentIndex } from './indexes.ts';
import { requireTable, saveTable } from './schema.ts';

const TABLE = '/tablesdb/:databaseId/tables/:tableId';
const databaseId = p.idParam;
const tableId = p.idParam;
/** A key for tables may do the same to their columns and indexes. */
const read = (area: string) => [`${area}.read`, 'tables.read'];
const write = (area: string) => [`${area}.write`, 'tables.write'];

/** URL word of each column route -> stored type and format. */
const COLUMN_ROUTES: Record<string, { type: string; format: string }> = {
  string: { type: 'string', format: '' },
  varchar: { type: 'varchar', format: '' },
  text: { type: 'text', format: '' },
  mediumtext: { type: 'mediumtext', format: '' },
  longtext: { type: 'longtext', format: '' },
  integer: { type: 'integer', format: '' },
  bigint: { type: 'bigint', format: '' },
  float: { type: 'double', format: '' },
  boolean: { type: 'boolean', format: '' },
  datetime: { type: 'datetime', format: '' },
  enum: { type: 'string', format: 'enum' },
  email: { type: 'string', format: 'email' },
  url: { type: 'string', format: 'url' },
  ip: { type: 'string', format: 'ip' },
};

export function columnRoutes(store: Store): Route[] {
  const creators = Object.entries(COLUMN_ROUTES).map(([word, stored]) =>
    route(`POST ${TABLE}/columns/${word}`, {
      scopes: write('columns'),
      params: { databaseId, tableId, ...columnFields, required: p.boolParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        if (table.columns.some(({ key }) => key === params.key)) throw alreadyExists('column', params.key);
        const column = makeColumn({ ...params, ...stored }, false);
        table.columns.push(column);
        checkWidth(table.columns);
        saveTable(store, table);
        return { status: 202, body: presentColumn(column) };
      },
    }),
  );
  return [
    ...creators,
    route(`GET ${TABLE}/columns`, {
      scopes: read('columns'),
      params: { databaseId, tableId, queries: p.queriesParam, total: p.totalParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const all = table.columns.map((column) => ({ ...presentColumn(column) }));
        const page = applyQueries(
          all,
          params.queries,
          { attributes: new Set(['key', 'type', 'required', 'size', 'status']) },
          params.total,
        );
        if (page.select !== null) throw invalidArgument('Invalid `queries` param: select is not supported here');
        return { status: 200, body: { total: page.total, columns: page.items } };
      },
    }),
    route(`GET ${TABLE}/columns/:key`, {
      scopes: read('columns'),
      params: { databaseId, tableId, key: p.idParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const column = table.columns.find(({ key }) => key === params.key);
        if (column === undefined) throw notFound('column', params.key);
        return { status: 200, body: presentColumn(column) };
      },
    }),
    route(`DELETE ${TABLE}/columns/:key`, {
      scopes: write('columns'),
      params: { databaseId, tableId, key: p.idParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const kept = table.columns.filter(({ key }) => key !== params.key);
        if (kept.length === table.columns.length) throw notFound('column', params.key);
        if (table.indexes.some(({ columns }) => columns.includes(params.key))) {
          throw new ApiError(
            409,
            'column_index_dependency',
            `Column '${params.key}' cannot be deleted: an index uses it.`,
          );
        }
        saveTable(store, { ...table, columns: kept });
        return { status: 204 };
      },
    }),
  ];
}

export function indexRoutes(store: Store): Route[] {
  return [
    route(`POST ${TABLE}/indexes`, {
      scopes: write('indexes'),
      params: {
        databaseId,
        tableId,
        key: p.idParam,
        type: z.string(),
        columns: p.listParam(z.string()),
        orders: p.orElse(p.listParam(z.string()), []),
        lengths: p.orElse(p.listParam(z.number()), []),
      },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        if (table.indexes.some(({ key }) => key === params.key)) throw alreadyExists('column_index', params.key);
        const { key, type, columns, orders, lengths } = params;
        const index = makeIndex({ key, type, columns, orders, lengths }, table.columns, false);
        table.indexes.push(index);
        saveTable(store, table);
        return { status: 202, body: presentIndex(index) };
      },
    }),
    route(`GET ${TABLE}/indexes`, {
      scopes: read('indexes'),
      params: { databaseId, tableId, queries: p.queriesParam, total: p.totalParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const all = table.indexes.map(presentIndex);
        const page = applyQueries(
          all,
          params.queries,
          { attributes: new Set(['key', 'type', 'status']) },
          params.total,
        );
        return { status: 200, body: { total: page.total, indexes: page.items } };
      },
    }),
    route(`GET ${TABLE}/indexes/:key`, {
      scopes: read('indexes'),
      params: { databaseId, tableId, key: p.idParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const index = table.indexes.find(({ key }) => key === params.key);
        if (index === undefined) throw notFound('column_index', params.key);
        return { status: 200, body: presentIndex(index) };
      },
    }),
    route(`DELETE ${TABLE}/indexes/:key`, {
      scopes: write('indexes'),
      params: { databaseId, tableId, key: p.idParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const kept = table.indexes.filter(({ key }) => key !== params.key);
        if (kept.length === table.indexes.length) throw notFound('column_index', params.key);
        saveTable(store, { ...table, indexes: kept });
        return { status: 204 };
      },
    }),
  ];
}
