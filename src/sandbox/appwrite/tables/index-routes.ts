import * as z from 'zod';
import { alreadyExists } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import { checkIndexCount, makeIndex, presentIndex } from './indexes.ts';
import type { Faults } from './lifecycle.ts';
import { beginDeleting } from './lifecycle.ts';
import { markSeen, requireIndex, requireTable, saveTable } from './schema.ts';
import { INDEXES_READ, INDEXES_WRITE } from './scopes.ts';

const INDEXES = '/tablesdb/:databaseId/tables/:tableId/indexes';
const place = { databaseId: p.idParam, tableId: p.idParam };
export const ordersParam = p.listParam(
  z.enum(['ASC', 'DESC', 'asc', 'desc']).transform((order) => order.toUpperCase()),
);

export function indexRoutes(store: Store, faults: Faults): Route[] {
  return [
    route(`POST ${INDEXES}`, {
      scopes: INDEXES_WRITE,
      params: {
        ...place,
        key: p.idParam,
        type: z.enum(['key', 'fulltext', 'unique', 'spatial'], 'Value must be one of (key, fulltext, unique, spatial)'),
        columns: p.listParam(z.string()),
        orders: p.orElse(ordersParam, []),
        lengths: p.orElse(p.listParam(p.orElse(z.int(), 0)), []),
      },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const { key, type, columns, orders, lengths } = params;
        if (table.indexes.some((index) => index.key === key)) throw alreadyExists('column_index', key);
        const wanted = { key, type, columns, orders, lengths };
        const index = makeIndex(wanted, table.columns, false, faults.index?.(key) ?? null);
        table.indexes.push(index);
        checkIndexCount(table.indexes);
        saveTable(store, table);
        return { status: 202, body: presentIndex(index) };
      },
    }),
    route(`GET ${INDEXES}`, {
      scopes: INDEXES_READ,
      params: { ...place, queries: p.queriesParam, total: p.totalParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const all = table.indexes.map((index) => presentIndex(index));
        const attributes = new Set(['key', 'type', 'status', 'attributes', 'columns', 'error']);
        const page = applyQueries(all, params.queries, { attributes }, params.total);
        markSeen(store, table, { indexes: page.items.map(({ key }) => String(key)) });
        return { status: 200, body: { total: page.total, indexes: page.items } };
      },
    }),
    route(`GET ${INDEXES}/:key`, {
      scopes: INDEXES_READ,
      params: { ...place, key: p.idParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const body = presentIndex(requireIndex(table, params.key));
        markSeen(store, table, { indexes: [params.key] });
        return { status: 200, body };
      },
    }),
    route(`DELETE ${INDEXES}/:key`, {
      scopes: INDEXES_WRITE,
      params: { ...place, key: p.idParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        requireIndex(table, params.key);
        const indexes = table.indexes.map((index) => (index.key === params.key ? beginDeleting(index) : index));
        saveTable(store, { ...table, indexes });
        return { status: 204 };
      },
    }),
  ];
}
