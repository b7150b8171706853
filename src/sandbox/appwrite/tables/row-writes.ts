import { ApiError, alreadyExists, invalidArgument } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import { newId, preciseNow, wireNow } from '../http/wire.ts';
import type { Item } from '../query.ts';
import type { Store, Stored } from '../store.ts';
import type { Column } from './column-types.ts';
import { checkValue, toUtc } from './column-values.ts';
import { checkRelated, detach, forgetOtherSide, presentRelated, relatedIds } from './relationships.ts';
import { requireRow } from './row-access.ts';
import type { Row, Table } from './schema.ts';
import { requireTable, rowKind, rowParent, usableColumns } from './schema.ts';

export type Data = Record<string, unknown>;

/** Related rows are shown only where `select` names them. */
export function presentRow(store: Store, table: Table, stored: Stored<Row>, select: readonly string[] | null): Item {
  const { id, value } = stored;
  const columns = usableColumns(table);
  const own = columns.filter(({ type }) => type !== 'relationship');
  const data = own.map(({ key, array }) => [key, value.data[key] ?? (array ? [] : null)] as const);
  return {
    $id: id,
    $sequence: String(stored.sequence),
    $databaseId: table.databaseId,
    $tableId: table.id,
    $createdAt: value.createdAt,
    $updatedAt: value.updatedAt,
    $permissions: value.permissions,
    ...Object.fromEntries(data),
    ...related(store, table, id, columns, select ?? []),
  };
}

function related(
  store: Store,
  table: Table,
  rowId: string,
  columns: readonly Column[],
  select: readonly string[],
): Data {
  const shown: Data = {};
  for (const column of columns) {
    if (column.relation === undefined) continue;
    const fields = select.flatMap((name) =>
      name.startsWith(`${column.key}.`) ? [name.slice(column.key.length + 1)] : [],
    );
    if (fields.length === 0) continue;
    const other = requireTable(store, table.databaseId, column.relation.relatedTable);
    const rows = relatedIds(store, table, column, rowId).map((id) =>
      presentRow(store, other, requireRow(store, other, id), fields),
    );
    shown[column.key] = presentRelated(column, rows);
  }
  return shown;
}

/** Whole data of a row, checked against the columns; `given` are the parts that the caller names. */
function checkData(store: Store, table: Table, rowId: string, data: Data, given: Data): Data {
  const columns = usableColumns(table);
  const known = new Set(columns.map(({ key }) => key));
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new ApiError(400, 'row_invalid_structure', `Invalid row structure: Unknown attribute: "${unknown}"`);
  }
  const checked = columns.map((column) => {
    const { key, relation } = column;
    if (relation === undefined) return [key, checkValue(column, data[key])] as const;
    if (!(key in given)) return [key, data[key] ?? []] as const;
    const ids = checkRelated(column, given[key]);
    // The other side may have named this row; from now on this side alone says what is related.
    forgetOtherSide(store, table, column, rowId);
    return [key, ids] as const;
  });
  const row = Object.fromEntries(checked);
  checkUnique(store, table, rowId, row);
  return row;
}

function checkUnique(store: Store, table: Table, rowId: string, data: Data): void {
  const unique = table.indexes.filter(({ type }) => type === 'unique');
  if (unique.length === 0) return;
  for (const other of store.list(rowKind, rowParent(table))) {
    if (other.id === rowId) continue;
    const clash = unique.some(({ columns }) =>
      columns.every((name) => data[name] !== null && data[name] !== undefined && other.value.data[name] === data[name]),
    );
    if (clash) throw alreadyExists('row', rowId);
  }
}

/** Dates that a key may set itself. */
function givenDates(data: Data, privileged: boolean): Partial<Pick<Row, 'createdAt' | 'updatedAt'>> {
  const { $createdAt, $updatedAt } = privileged ? data : {};
  return {
    ...(typeof $createdAt === 'string' ? { createdAt: toUtc('$createdAt', $createdAt) } : {}),
    ...(typeof $updatedAt === 'string' ? { updatedAt: toUtc('$updatedAt', $updatedAt) } : {}),
  };
}

function withoutSystem(data: Data): Data {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !name.startsWith('$')));
}

export interface RowInput {
  rowId: string;
  /** As the caller sent it; names that begin with `$` are the server's. */
  data: Data;
  /** Null keeps those of an existing row. */
  permissions: string[] | null;
  /** True for keys, which may set dates. */
  privileged: boolean;
}

export function insertRow(store: Store, table: Table, input: RowInput): Stored<Row> {
  return store.atomically(() => {
    const { rowId } = input;
    const now = wireNow();
    const given = withoutSystem(input.data);
    const row: Row = {
      data: checkData(store, table, rowId, given, given),
      permissions: input.permissions ?? [],
      ...{ createdAt: now, updatedAt: now, ...givenDates(input.data, input.privileged) },
      touchedAtMs: preciseNow(),
    };
    if (!store.insert(rowKind, rowParent(table), rowId, row)) throw alreadyExists('row', rowId);
    return requireRow(store, table, rowId);
  });
}

export function changeRow(store: Store, table: Table, stored: Stored<Row>, input: RowInput): Stored<Row> {
  return store.atomically(() => {
    const given = withoutSystem(input.data);
    return save(store, table, stored, {
      ...stored.value,
      data: checkData(store, table, stored.id, { ...stored.value.data, ...given }, given),
      permissions: input.permissions ?? stored.value.permissions,
      updatedAt: wireNow(),
      ...givenDates(input.data, input.privileged),
    });
  });
}

function save(store: Store, table: Table, stored: Stored<Row>, row: Row): Stored<Row> {
  store.put(rowKind, rowParent(table), stored.id, { ...row, touchedAtMs: preciseNow() });
  return requireRow(store, table, stored.id);
}

/** Optional columns that are not named keep their value; required ones have to be named. */
export function upsertRow(store: Store, table: Table, input: RowInput): Stored<Row> {
  const stored = store.find(rowKind, rowParent(table), input.rowId);
  if (stored === null) return insertRow(store, table, input);
  const required = usableColumns(table).filter((column) => column.required);
  const blank = Object.fromEntries(required.map(({ key }) => [key, null]));
  return changeRow(store, table, stored, { ...input, data: { ...blank, ...input.data } });
}

/** With what `onDelete` of its relationships asks for. */
export function removeRow(store: Store, table: Table, rowId: string): void {
  store.atomically(() => {
    detach(store, table, rowId, (other, id) => removeRow(store, requireTable(store, other.databaseId, other.id), id));
    store.remove(rowKind, rowParent(table), rowId);
  });
}

export interface Increment {
  key: string;
  delta: number;
  min: number | null;
  max: number | null;
}

export function addToColumn(store: Store, table: Table, stored: Stored<Row>, increment: Increment): Stored<Row> {
  const { key, delta, min, max } = increment;
  const column = usableColumns(table).find((one) => one.key === key);
  if (column === undefined)
    throw new ApiError(404, 'column_not_found', `Column with the requested ID '${key}' could not be found.`);
  if (!['integer', 'bigint', 'double'].includes(column.type) || column.array) {
    throw new ApiError(400, 'column_type_invalid', `Column "${key}" is not a number`);
  }
  if (delta === 0) throw invalidArgument('Invalid `value` param: Value must not be 0');
  const value = Number(stored.value.data[key] ?? 0) + delta;
  if ((max !== null && value > max) || (min !== null && value < min)) {
    const bound = max !== null && value > max ? `maximum value of ${max}` : `minimum value of ${min}`;
    throw new ApiError(400, 'column_limit_exceeded', `Column "${key}" has reached the ${bound}`);
  }
  const data = { ...stored.value.data, [key]: checkValue(column, value) };
  return save(store, table, stored, { ...stored.value, data, updatedAt: wireNow() });
}

/** One of many rows: the id and the permissions are among its data. */
export function bulkInput(data: Data): RowInput {
  const id = data.$id === undefined || data.$id === 'unique()' ? newId() : p.idParam.safeParse(data.$id).data;
  if (id === undefined) throw invalidArgument('Invalid `rows` param: a row has an invalid $id');
  return { rowId: id, data, permissions: bulkPermissions(data), privileged: true };
}

export function bulkPermissions(data: Data): string[] | null {
  if (data.$permissions === undefined || data.$permissions === null) return null;
  const permissions = p.permissionsParam.safeParse(data.$permissions).data;
  if (permissions === undefined)
    throw new ApiError(400, 'general_bad_request', 'Permissions must be "action(\\"role\\")".');
  return p.expandPermissions(permissions, false);
}
