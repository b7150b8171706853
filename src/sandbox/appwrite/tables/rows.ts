import * as z from 'zod';
import { ApiError, alreadyExists, invalidArgument, notFound } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Call, Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { newId, wireNow } from '../http/wire.ts';
import type { Item } from '../query.ts';
import { applyQueries, selectFields } from '../query.ts';
import type { Store, Stored } from '../store.ts';
import { checkValue } from './columns.ts';
import type { Row, Table } from './schema.ts';
import { requireTable, rowKind, rowParent } from './schema.ts';

const ROWS = '/tablesdb/:databaseId/tables/:tableId/rows';
const ROW = `${ROWS}/:rowId`;
const READ = ['rows.read', 'documents.read'];
const WRITE = ['rows.write', 'documents.write'];
type Verb = 'create' | 'read' | 'update' | 'delete';
type Data = Record<string, unknown>;

const table = { databaseId: p.idParam, tableId: p.idParam };
const DATA_RULE = 'Value must be a valid object';
const dataParam = p.orElse(
  z
    .preprocess(
      (value) => (typeof value === 'string' ? parseObject(value) : value),
      z.record(z.string(), z.unknown(), DATA_RULE),
    )
    .nullable(),
  null,
);
const permissionsParam = p.orElse(p.permissionsParam.nullable(), null);

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function presentRow(table: Table, stored: Stored<Row>): Item {
  const { value } = stored;
  const data = table.columns.map(({ key, array }) => [key, value.data[key] ?? (array ? [] : null)] as const);
  return {
    $id: stored.id,
    $sequence: String(stored.sequence),
    $databaseId: table.databaseId,
    $tableId: table.id,
    $createdAt: value.createdAt,
    $updatedAt: value.updatedAt,
    $permissions: value.permissions,
    ...Object.fromEntries(data),
  };
}

function grants(permissions: readonly string[], verb: Verb, caller: Caller): boolean {
  return caller.kind === 'key' || caller.roles.some((role) => permissions.includes(`${verb}("${role}")`));
}

/** Keys skip permissions; others need the table's grant or, with row security, the row's own. */
function mayUse(table: Table, row: Row | null, verb: Verb, caller: Caller): boolean {
  if (grants(table.permissions, verb, caller)) return true;
  return table.rowSecurity && row !== null && grants(row.permissions, verb, caller);
}

function unauthorized(): ApiError {
  return new ApiError(401, 'user_unauthorized', 'The current user is not authorized to perform the requested action.');
}

function openTable(store: Store, params: { databaseId: string; tableId: string }, caller: Caller): Table {
  const found = requireTable(store, params.databaseId, params.tableId);
  if (!found.enabled && caller.kind !== 'key') throw notFound('table', params.tableId);
  return found;
}

function findRow(store: Store, table: Table, rowId: string, caller: Caller): Stored<Row> {
  const stored = store.find(rowKind, rowParent(table), rowId);
  if (stored === null || !mayUse(table, stored.value, 'read', caller)) throw notFound('row', rowId);
  return stored;
}

/** Whole data of a row, checked against the columns. */
function checkData(table: Table, data: Data): Data {
  const known = new Set(table.columns.map(({ key }) => key));
  const unknown = Object.keys(data).find((name) => !known.has(name) && !name.startsWith('$'));
  if (unknown !== undefined) {
    throw new ApiError(400, 'row_invalid_structure', `Invalid row structure: Unknown attribute: "${unknown}"`);
  }
  return Object.fromEntries(table.columns.map((column) => [column.key, checkValue(column, data[column.key])]));
}

function checkUnique(store: Store, table: Table, rowId: string, data: Data): void {
  const unique = table.indexes.filter(({ type }) => type === 'unique');
  if (unique.length === 0) return;
  for (const other of store.list(rowKind, rowParent(table))) {
    if (other.id === rowId) continue;
    const clash = unique.some(({ columns }) =>
      columns.every((name) => data[name] !== null && other.value.data[name] === data[name]),
    );
    if (clash) throw alreadyExists('row', rowId);
  }
}

function checkGrantable(permissions: readonly string[], caller: Caller): void {
  if (caller.kind === 'key') return;
  const foreign = permissions.find((permission) => !caller.roles.some((role) => permission.endsWith(`("${role}")`)));
  if (foreign !== undefined) {
    throw new ApiError(401, 'user_unauthorized', `Permissions must be one of: (${caller.roles.join(', ')})`);
  }
}

function insertRow(store: Store, table: Table, rowId: string, data: Data, permissions: string[]): Item {
  const row: Row = {
    data: checkData(table, data),
    permissions: p.expandPermissions(permissions, false),
    createdAt: wireNow(),
    updatedAt: wireNow(),
  };
  checkUnique(store, table, rowId, row.data);
  if (!store.insert(rowKind, rowParent(table), rowId, row)) throw alreadyExists('row', rowId);
  return presentStored(store, table, rowId);
}

function presentStored(store: Store, table: Table, rowId: string): Item {
  const stored = store.find(rowKind, rowParent(table), rowId);
  if (stored === null) throw notFound('row', rowId);
  return presentRow(table, stored);
}

function changeRow(store: Store, table: Table, stored: Stored<Row>, data: Data, permissions: string[] | null): Item {
  const next: Row = {
    ...stored.value,
    data: checkData(table, { ...stored.value.data, ...withoutSystem(data) }),
    permissions: permissions === null ? stored.value.permissions : p.expandPermissions(permissions, false),
    updatedAt: wireNow(),
  };
  checkUnique(store, table, stored.id, next.data);
  store.put(rowKind, rowParent(table), stored.id, next);
  return presentStored(store, table, stored.id);
}

function withoutSystem(data: Data): Data {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !name.startsWith('$')));
}

function refuseStale(headers: Call<unknown>['headers'], stored: Stored<Row>): void {
  const stamp = headers['x-appwrite-timestamp'];
  if (typeof stamp !== 'string' || Date.parse(stamp) >= Date.parse(stored.value.updatedAt)) return;
  throw new ApiError(409, 'row_update_conflict', 'Remote row is newer than local.');
}

function createRow(store: Store): Route {
  const bulkRow = z.record(z.string(), z.unknown());
  return route(`POST ${ROWS}`, {
    scopes: WRITE,
    params: {
      ...table,
      rowId: p.orElse(p.newIdParam.nullable(), null),
      data: dataParam,
      permissions: permissionsParam,
      rows: p.orElse(p.listParam(bulkRow).nullable(), null),
    },
    handler: ({ params, caller }): Reply => {
      const { rowId, data, rows } = params;
      if (rows === null && rowId === null) throw new ApiError(400, 'row_missing_data', 'The row ID is missing.');
      if (rows === null && data === null) throw new ApiError(400, 'row_missing_data', 'The row data is missing.');
      const found = openTable(store, params, caller);
      if (!mayUse(found, null, 'create', caller)) throw unauthorized();
      if (rows !== null) {
        if (caller.kind !== 'key') throw unauthorized();
        return createBulk(store, found, rows);
      }
      const permissions = params.permissions ?? [];
      checkGrantable(permissions, caller);
      return { status: 201, body: insertRow(store, found, rowId ?? newId(), withoutSystem(data ?? {}), permissions) };
    },
  });
}

function createBulk(store: Store, table: Table, rows: readonly Data[]): Reply {
  const made: Item[] = [];
  try {
    for (const row of rows) {
      const id = row.$id === undefined || row.$id === 'unique()' ? newId() : p.idParam.safeParse(row.$id).data;
      if (id === undefined) throw invalidArgument('Invalid `rows` param: a row has an invalid $id');
      const permissions = p.permissionsParam.safeParse(row.$permissions ?? []).data ?? [];
      made.push(insertRow(store, table, id, withoutSystem(row), permissions));
    }
  } catch (error) {
    for (const row of made) store.remove(rowKind, rowParent(table), String(row.$id));
    throw error;
  }
  return { status: 201, body: { total: made.length, rows: made } };
}

function listRows(store: Store): Route {
  return route(`GET ${ROWS}`, {
    scopes: READ,
    params: { ...table, queries: p.queriesParam, total: p.totalParam },
    handler: ({ params, caller }) => {
      const found = openTable(store, params, caller);
      if (!found.rowSecurity && !mayUse(found, null, 'read', caller)) throw unauthorized();
      const visible = store
        .list(rowKind, rowParent(found))
        .filter(({ value }) => mayUse(found, value, 'read', caller))
        .map((stored) => presentRow(found, stored));
      const page = applyQueries(visible, params.queries, queryRules(found), params.total);
      const always = ['$databaseId', '$tableId', '$permissions'];
      return {
        status: 200,
        body: { total: page.total, rows: page.items.map((row) => selectFields(row, page.select, always)) },
      };
    },
  });
}

function queryRules(table: Table) {
  const fulltext = table.indexes.filter(({ type }) => type === 'fulltext').flatMap(({ columns }) => columns);
  return {
    attributes: new Set(table.columns.map(({ key }) => key)),
    datetimes: new Set(table.columns.filter(({ type }) => type === 'datetime').map(({ key }) => key)),
    searchable: (attribute: string) => fulltext.includes(attribute),
  };
}

function writeRoutes(store: Store): Route[] {
  const rowParams = { ...table, rowId: p.idParam };
  return [
    route(`PATCH ${ROW}`, {
      scopes: WRITE,
      params: { ...rowParams, data: dataParam, permissions: permissionsParam },
      handler: ({ params, caller, headers }) => {
        if (params.permissions === null && Object.keys(params.data ?? {}).length === 0) {
          throw new ApiError(400, 'row_missing_payload', 'The row data and permissions are missing.');
        }
        const found = openTable(store, params, caller);
        const stored = findRow(store, found, params.rowId, caller);
        if (!mayUse(found, stored.value, 'update', caller)) throw unauthorized();
        checkGrantable(params.permissions ?? [], caller);
        refuseStale(headers, stored);
        return { status: 200, body: changeRow(store, found, stored, params.data ?? {}, params.permissions) };
      },
    }),
    route(`PUT ${ROW}`, {
      scopes: WRITE,
      params: { ...table, rowId: p.newIdParam, data: dataParam, permissions: permissionsParam },
      handler: ({ params, caller, headers }) => {
        const found = openTable(store, params, caller);
        const stored = store.find(rowKind, rowParent(found), params.rowId);
        if (!mayUse(found, stored?.value ?? null, stored === null ? 'create' : 'update', caller)) throw unauthorized();
        checkGrantable(params.permissions ?? [], caller);
        const data = withoutSystem(params.data ?? {});
        if (stored === null) {
          return { status: 201, body: insertRow(store, found, params.rowId, data, params.permissions ?? []) };
        }
        refuseStale(headers, stored);
        return { status: 201, body: changeRow(store, found, stored, data, params.permissions) };
      },
    }),
    route(`DELETE ${ROW}`, {
      scopes: WRITE,
      params: rowParams,
      handler: ({ params, caller, headers }) => {
        const found = openTable(store, params, caller);
        const stored = findRow(store, found, params.rowId, caller);
        if (!mayUse(found, stored.value, 'delete', caller)) throw unauthorized();
        refuseStale(headers, stored);
        store.remove(rowKind, rowParent(found), params.rowId);
        return { status: 204 };
      },
    }),
  ];
}

export function rowRoutes(store: Store): Route[] {
  return [
    createRow(store),
    listRows(store),
    route(`GET ${ROW}`, {
      scopes: READ,
      params: { ...table, rowId: p.idParam, queries: p.queriesParam },
      handler: ({ params, caller }) => {
        const found = openTable(store, params, caller);
        const row = presentRow(found, findRow(store, found, params.rowId, caller));
        const { select } = applyQueries([row], params.queries, queryRules(found));
        return { status: 200, body: selectFields(row, select, ['$id', '$databaseId', '$tableId', '$permissions']) };
      },
    }),
    ...writeRoutes(store),
  ];
}
