import { ApiError, notFound } from '../http/api-error.ts';
import { wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { kind } from '../store.ts';
import type { Column } from './column-types.ts';
import type { Index } from './indexes.ts';
import { isAvailable, present, seen } from './lifecycle.ts';

export interface Database {
  name: string;
  enabled: boolean;
  /** Which API made it; absent is `tablesdb`. */
  type?: 'legacy' | 'tablesdb';
  createdAt: string;
  updatedAt: string;
}

export interface Table {
  id: string;
  databaseId: string;
  name: string;
  enabled: boolean;
  rowSecurity: boolean;
  permissions: string[];
  columns: Column[];
  indexes: Index[];
  createdAt: string;
  updatedAt: string;
}

export interface Row {
  data: Record<string, unknown>;
  permissions: string[];
  createdAt: string;
  updatedAt: string;
  /** Milliseconds since the epoch, finer than `updatedAt`; a transaction that was staged before it conflicts. */
  touchedAtMs?: number;
}

export const databaseKind = kind<Database>('database');
export const tableKind = kind<Table>('table');
export const rowKind = kind<Row>('row');

export function rowParent(table: Pick<Table, 'databaseId' | 'id'>): string {
  return `${table.databaseId}/${table.id}`;
}

export function requireDatabase(store: Store, id: string): Database {
  const database = store.get(databaseKind, '', id);
  if (database === null) throw notFound('database', id);
  return database;
}

export function requireTable(store: Store, databaseId: string, tableId: string): Table {
  requireDatabase(store, databaseId);
  const table = store.get(tableKind, databaseId, tableId);
  if (table === null) throw notFound('table', tableId);
  return { ...table, columns: present(table.columns), indexes: present(table.indexes) };
}

export function requireColumn(table: Table, key: string): Column {
  const column = table.columns.find((one) => one.key === key);
  if (column === undefined) throw notFound('column', key);
  return column;
}

export function requireIndex(table: Table, key: string): Index {
  const index = table.indexes.find((one) => one.key === key);
  if (index === undefined) throw notFound('column_index', key);
  return index;
}

/** Columns that rows have: neither on the way in nor on the way out. */
export function usableColumns(table: Table): Column[] {
  return table.columns.filter(isAvailable);
}

export function saveTable(store: Store, table: Table): void {
  store.put(tableKind, table.databaseId, table.id, { ...table, updatedAt: wireNow() });
}

/** A caller has been shown the states of these columns and indexes. */
export function markSeen(store: Store, table: Table, parts: { columns?: string[]; indexes?: string[] }): void {
  const columns = seen(table.columns, new Set(parts.columns));
  const indexes = seen(table.indexes, new Set(parts.indexes));
  store.put(tableKind, table.databaseId, table.id, { ...table, columns, indexes });
}

/** Throws when an index needs the column. */
export function refuseIndexed(table: Table, key: string): void {
  if (!table.indexes.some(({ columns, goneAtMs }) => goneAtMs === undefined && columns.includes(key))) return;
  throw new ApiError(
    409,
    'column_index_dependency',
    `Column '${key}' cannot be deleted or renamed: an index uses it. Delete the index first.`,
  );
}

/** Changes the data of every row of the table. */
export function rewriteRows(store: Store, table: Table, change: (data: Row['data']) => Row['data']): void {
  for (const { id, value } of store.list(rowKind, rowParent(table))) {
    store.put(rowKind, rowParent(table), id, { ...value, data: change(value.data) });
  }
}
