import { notFound } from '../http/api-error.ts';
import { wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { kind } from '../store.ts';
import type { Column } from './columns.ts';
import type { Index } from './indexes.ts';

export interface Database {
  name: string;
  enabled: boolean;
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
}

export const databaseKind = kind<Database>('database');
export const tableKind = kind<Table>('table');
export const rowKind = kind<Row>('row');

export function rowParent(table: Table): string {
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
  return table;
}

export function saveTable(store: Store, table: Table): void {
  store.put(tableKind, table.databaseId, table.id, { ...table, updatedAt: wireNow() });
}
