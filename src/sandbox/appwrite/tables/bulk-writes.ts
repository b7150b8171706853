import type { Store, Stored } from '../store.ts';
import { badRequest } from './columns.ts';
import { hasRelationships } from './relationships.ts';
import { pageOfRows } from './row-queries.ts';
import type { Data } from './row-writes.ts';
import { bulkInput, bulkPermissions, changeRow, insertRow, removeRow, upsertRow } from './row-writes.ts';
import type { Row, Table } from './schema.ts';
import { rowKind, rowParent } from './schema.ts';

export function refuseRelationships(table: Table): void {
  if (hasRelationships(table))
    throw badRequest('Bulk operations are not supported for tables with relationship columns');
}

/** All of them, or none. */
export function insertMany(store: Store, table: Table, rows: readonly Data[]): Stored<Row>[] {
  return store.atomically(() => rows.map((row) => insertRow(store, table, bulkInput(row))));
}

/** All of them, or none. */
export function upsertMany(store: Store, table: Table, rows: readonly Data[]): Stored<Row>[] {
  return store.atomically(() => rows.map((row) => upsertRow(store, table, bulkInput(row))));
}

/** Every row that the queries match; without a limit, all of them. */
export function matchingRows(store: Store, table: Table, queries: readonly string[]): Stored<Row>[] {
  const rows = store.list(rowKind, rowParent(table));
  const all = JSON.stringify({ method: 'limit', values: [rows.length] });
  const { items } = pageOfRows(store, table, rows, [all, ...queries]);
  const wanted = new Set(items.map(({ $id }) => $id));
  return rows.filter(({ id }) => wanted.has(id));
}

/** All of them, or none. */
export function changeMany(store: Store, table: Table, rows: readonly Stored<Row>[], data: Data): Stored<Row>[] {
  const permissions = bulkPermissions(data);
  return store.atomically(() =>
    rows.map((stored) => changeRow(store, table, stored, { rowId: stored.id, data, permissions, privileged: true })),
  );
}

/** All of them, or none. */
export function removeMany(store: Store, table: Table, rows: readonly Stored<Row>[]): void {
  store.atomically(() => {
    for (const { id } of rows) removeRow(store, table, id);
  });
}
