import { ApiError } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Call, Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { applyQueries } from '../query.ts';
import type { Store, Stored } from '../store.ts';
import { createRows } from './bulk-rows.ts';
import {
  defaultPermissions,
  givenPermissions,
  mayUse,
  openTable,
  readableRow,
  requireRow,
  requireUse,
  unauthorized,
} from './row-access.ts';
import { pageOfRows, rowRules, showSelected } from './row-queries.ts';
import type { Data } from './row-writes.ts';
import { addToColumn, changeRow, insertRow, presentRow, removeRow, upsertRow } from './row-writes.ts';
import type { Row, Table } from './schema.ts';
import { rowKind, rowParent } from './schema.ts';
import { ROWS_READ, ROWS_WRITE } from './scopes.ts';
import { mockRow, transactionParam, withinTransaction } from './transactions.ts';

const ROWS = '/tablesdb/:databaseId/tables/:tableId/rows';
const ROW = `${ROWS}/:rowId`;
const place = { databaseId: p.idParam, tableId: p.idParam };
const dataParam = p.orElse(p.objectParam.nullable(), null);
const permissionsParam = p.orElse(p.permissionsParam.nullable(), null);

function refuseStale(headers: Call<unknown>['headers'], stored: Stored<Row>): void {
  const stamp = headers['x-appwrite-timestamp'];
  if (typeof stamp !== 'string' || Date.parse(stamp) >= Date.parse(stored.value.updatedAt)) return;
  throw new ApiError(409, 'row_update_conflict', 'Remote row is newer than local.');
}

function requirePayload(data: Data | null, permissions: string[] | null): Data {
  if (permissions !== null || Object.keys(data ?? {}).length > 0) return data ?? {};
  throw new ApiError(400, 'row_missing_payload', 'The row data and permissions are missing.');
}

function missing(what: string): ApiError {
  return new ApiError(400, 'row_missing_data', `The row ${what} is missing.`);
}

const isKey = (caller: Caller): boolean => caller.kind === 'key';

function createRoute(store: Store, now: () => number): Route {
  return route(`POST ${ROWS}`, {
    scopes: ROWS_WRITE,
    params: {
      ...place,
      rowId: p.orElse(p.newIdParam.nullable(), null),
      data: dataParam,
      permissions: permissionsParam,
      rows: p.orElse(p.listParam(p.objectParam).nullable(), null),
      transactionId: transactionParam,
    },
    handler: ({ params, caller }): Reply => {
      const { rowId, data, transactionId } = params;
      if (params.rows !== null && params.rows.length > 0) {
        if (data !== null || rowId !== null || params.permissions !== null) {
          const message = 'Params "rowId", "data" and "permissions" are not allowed when creating multiple rows.';
          throw new ApiError(400, 'general_bad_request', message);
        }
        return createRows(store, { ...params, rows: params.rows }, caller, now);
      }
      if (rowId === null) throw missing('ID');
      if (data === null) throw missing('data');
      const table = openTable(store, params, caller);
      return withinTransaction(store, transactionId, caller, now, () => {
        requireUse(table, null, 'create', caller);
        const permissions =
          params.permissions === null ? defaultPermissions(caller) : givenPermissions(params.permissions, caller);
        if (transactionId !== null) {
          const staged = { ...data, $permissions: permissions };
          const operation = { action: 'create', rowId, data: staged, ...placeOf(table) } as const;
          return { status: 201, body: mockRow(table, rowId, staged), staged: [operation] };
        }
        const stored = insertRow(store, table, { rowId, data, permissions, privileged: isKey(caller) });
        return { status: 201, body: presentRow(store, table, stored, null) };
      });
    },
  });
}

const placeOf = (table: Table) => ({ databaseId: table.databaseId, tableId: table.id });

function listRoute(store: Store, now: () => number): Route {
  return route(`GET ${ROWS}`, {
    scopes: ROWS_READ,
    params: { ...place, queries: p.queriesParam, total: p.totalParam, transactionId: transactionParam },
    handler: ({ params, caller }) => {
      const table = openTable(store, params, caller);
      if (!table.rowSecurity && !mayUse(table, null, 'read', caller)) throw unauthorized();
      return withinTransaction(store, params.transactionId, caller, now, () => {
        const visible = store
          .list(rowKind, rowParent(table))
          .filter(({ value }) => mayUse(table, value, 'read', caller));
        const { total, items } = pageOfRows(store, table, visible, params.queries, params.total);
        return { status: 200, body: { total, rows: items } };
      });
    },
  });
}

function getRoute(store: Store, now: () => number): Route {
  return route(`GET ${ROW}`, {
    scopes: ROWS_READ,
    params: { ...place, rowId: p.idParam, queries: p.queriesParam, transactionId: transactionParam },
    handler: ({ params, caller }) => {
      const table = openTable(store, params, caller);
      return withinTransaction(store, params.transactionId, caller, now, () => {
        const stored = readableRow(store, table, params.rowId, caller);
        const { select } = applyQueries([], params.queries, rowRules(table));
        return { status: 200, body: showSelected(store, table, stored, select) };
      });
    },
  });
}

function updateRoute(store: Store, now: () => number): Route {
  return route(`PATCH ${ROW}`, {
    scopes: ROWS_WRITE,
    params: {
      ...place,
      rowId: p.idParam,
      data: dataParam,
      permissions: permissionsParam,
      transactionId: transactionParam,
    },
    handler: ({ params, caller, headers }) => {
      const data = requirePayload(params.data, params.permissions);
      const table = openTable(store, params, caller);
      const { rowId, transactionId } = params;
      return withinTransaction(store, transactionId, caller, now, () => {
        const stored = requireRow(store, table, rowId);
        requireUse(table, stored.value, 'update', caller);
        const permissions = params.permissions === null ? null : givenPermissions(params.permissions, caller);
        if (transactionId !== null) {
          const staged = permissions === null ? data : { ...data, $permissions: permissions };
          const body = mockRow(table, rowId, { ...presentRow(store, table, stored, null), ...staged });
          return { status: 200, body, staged: [{ action: 'update', rowId, data: staged, ...placeOf(table) }] };
        }
        refuseStale(headers, stored);
        const changed = changeRow(store, table, stored, { rowId, data, permissions, privileged: isKey(caller) });
        return { status: 200, body: presentRow(store, table, changed, null) };
      });
    },
  });
}

function upsertRoute(store: Store, now: () => number): Route {
  return route(`PUT ${ROW}`, {
    scopes: ROWS_WRITE,
    params: {
      ...place,
      rowId: p.newIdParam,
      data: dataParam,
      permissions: permissionsParam,
      transactionId: transactionParam,
    },
    handler: ({ params, caller, headers }) => {
      const data = requirePayload(params.data, params.permissions);
      const table = openTable(store, params, caller);
      const { rowId, transactionId } = params;
      return withinTransaction(store, transactionId, caller, now, () => {
        const stored = store.find(rowKind, rowParent(table), rowId);
        requireUse(table, stored?.value ?? null, stored === null ? 'create' : 'update', caller);
        const fallback = stored === null ? defaultPermissions(caller) : null;
        const permissions = params.permissions === null ? fallback : givenPermissions(params.permissions, caller);
        if (transactionId !== null) {
          const staged = permissions === null ? data : { ...data, $permissions: permissions };
          const operation = { action: 'upsert', rowId, data: staged, ...placeOf(table) } as const;
          return { status: 201, body: mockRow(table, rowId, staged), staged: [operation] };
        }
        if (stored !== null) refuseStale(headers, stored);
        const saved = upsertRow(store, table, { rowId, data, permissions, privileged: isKey(caller) });
        return { status: 201, body: presentRow(store, table, saved, null) };
      });
    },
  });
}

function deleteRoute(store: Store, now: () => number): Route {
  return route(`DELETE ${ROW}`, {
    scopes: ROWS_WRITE,
    params: { ...place, rowId: p.idParam, transactionId: transactionParam },
    handler: ({ params, caller, headers }) => {
      const table = openTable(store, params, caller);
      const { rowId, transactionId } = params;
      return withinTransaction(store, transactionId, caller, now, () => {
        const stored = requireRow(store, table, rowId);
        requireUse(table, stored.value, 'delete', caller);
        if (transactionId !== null) {
          return { status: 204, staged: [{ action: 'delete', rowId, data: {}, ...placeOf(table) }] };
        }
        refuseStale(headers, stored);
        removeRow(store, table, rowId);
        return { status: 204 };
      });
    },
  });
}

function incrementRoute(store: Store, now: () => number, action: 'increment' | 'decrement'): Route {
  const bound = p.orElse(p.numberParam.nullable(), null);
  return route(`PATCH ${ROW}/:column/${action}`, {
    scopes: ROWS_WRITE,
    params: {
      ...place,
      rowId: p.idParam,
      column: p.idParam,
      value: p.orElse(p.numberParam, 1),
      min: bound,
      max: bound,
      transactionId: transactionParam,
    },
    handler: ({ params, caller }) => {
      const table = openTable(store, params, caller);
      const { rowId, column, value, transactionId } = params;
      const max = action === 'increment' ? params.max : null;
      const min = action === 'decrement' ? params.min : null;
      return withinTransaction(store, transactionId, caller, now, () => {
        const stored = requireRow(store, table, rowId);
        requireUse(table, stored.value, 'update', caller);
        if (transactionId !== null) {
          const operation = { action, rowId, data: { column, value, min, max }, ...placeOf(table) };
          return { status: 200, body: mockRow(table, rowId, { [column]: value }), staged: [operation] };
        }
        const delta = action === 'increment' ? value : -value;
        const changed = addToColumn(store, table, stored, { key: column, delta, min, max });
        return { status: 200, body: presentRow(store, table, changed, null) };
      });
    },
  });
}

/** `now` gives milliseconds since the epoch, for what expires. */
export function rowRoutes(store: Store, now: () => number): Route[] {
  return [
    createRoute(store, now),
    listRoute(store, now),
    getRoute(store, now),
    updateRoute(store, now),
    upsertRoute(store, now),
    deleteRoute(store, now),
    incrementRoute(store, now, 'increment'),
    incrementRoute(store, now, 'decrement'),
  ];
}
