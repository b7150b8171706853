import { ApiError } from '../http/api-error.ts';
import type { Store } from '../store.ts';
import type { Column } from './column-types.ts';
import { beginDeleting } from './lifecycle.ts';
import type { Row, Table } from './schema.ts';
import { rewriteRows, rowKind, rowParent, saveTable, tableKind, usableColumns } from './schema.ts';

export function hasRelationships(table: Table): boolean {
  return table.columns.some(({ type }) => type === 'relationship');
}

/** The column goes from the other table too. */
export function dropOtherSide(store: Store, table: Table, { relation }: Column): void {
  if (relation === undefined || !relation.twoWay) return;
  const other = store.get(tableKind, table.databaseId, relation.relatedTable);
  if (other === null) return;
  const columns = other.columns.map((one) => (one.key === relation.twoWayKey ? beginDeleting(one) : one));
  saveTable(store, { ...other, columns });
  rewriteRows(store, other, ({ [relation.twoWayKey]: _, ...data }) => data);
}

/** True when one row of this side may name several of the other. */
function isList({ relation }: Column): boolean {
  if (relation === undefined) return false;
  const many = relation.side === 'parent' ? 'oneToMany' : 'manyToOne';
  return relation.relationType === many || relation.relationType === 'manyToMany';
}

/** The value of a relationship column as it is stored: ids of rows of the other table. */
export function checkRelated(column: Column, value: unknown): string[] {
  if (value === null || value === undefined) return [];
  const wanted: unknown[] = Array.isArray(value) ? value : [value];
  const ids = wanted.filter((one) => typeof one === 'string');
  if (ids.length !== wanted.length || Array.isArray(value) !== isList(column)) {
    const rule = isList(column) ? 'an array of row IDs' : 'a row ID or null';
    throw new ApiError(400, 'relationship_value_invalid', `Invalid relationship value for "${column.key}": ${rule}.`);
  }
  return ids;
}

function stored(row: Row | null, key: string): readonly unknown[] {
  const ids = row?.data[key];
  return Array.isArray(ids) ? ids : [];
}

/** Ids of the related rows: those that this row names and, both ways, those that name it. */
export function relatedIds(store: Store, table: Table, column: Column, rowId: string): string[] {
  const { relation } = column;
  if (relation === undefined) return [];
  const other = { databaseId: table.databaseId, id: relation.relatedTable };
  const named = stored(store.get(rowKind, rowParent(table), rowId), column.key).map(String);
  const naming = relation.twoWay
    ? store.list(rowKind, rowParent(other)).filter(({ value }) => stored(value, relation.twoWayKey).includes(rowId))
    : [];
  const ids = [...new Set([...named, ...naming.map(({ id }) => id)])];
  return ids.filter((id) => store.get(rowKind, rowParent(other), id) !== null);
}

/** One id or null, or a list of them. */
export function presentRelated(column: Column, related: readonly unknown[]): unknown {
  return isList(column) ? related : (related[0] ?? null);
}

/** What this row no longer names must not name this row either. */
export function forgetOtherSide(store: Store, table: Table, column: Column, rowId: string): void {
  const { relation } = column;
  if (relation === undefined || !relation.twoWay) return;
  dropReferences(store, { databaseId: table.databaseId, id: relation.relatedTable }, relation.twoWayKey, rowId);
}

function dropReferences(store: Store, table: Pick<Table, 'databaseId' | 'id'>, key: string, rowId: string): void {
  for (const { id, value } of store.list(rowKind, rowParent(table))) {
    const ids = stored(value, key);
    if (!ids.includes(rowId)) continue;
    const data = { ...value.data, [key]: ids.filter((one) => one !== rowId) };
    store.put(rowKind, rowParent(table), id, { ...value, data });
  }
}

/** Does what `onDelete` says for the rows that are related to one that goes. */
export function detach(store: Store, table: Table, rowId: string, remove: (table: Table, rowId: string) => void): void {
  for (const column of usableColumns(table)) {
    const { relation } = column;
    if (relation === undefined) continue;
    const ids = relatedIds(store, table, column, rowId);
    if (ids.length === 0) continue;
    if (relation.onDelete === 'restrict' && relation.side === 'parent') {
      throw new ApiError(
        403,
        'row_delete_restricted',
        'Row cannot be deleted because it is referenced by another row.',
      );
    }
    const other = store.get(tableKind, table.databaseId, relation.relatedTable);
    if (relation.onDelete === 'cascade' && relation.side === 'parent' && other !== null) {
      store.remove(rowKind, rowParent(table), rowId);
      for (const id of ids) remove(other, id);
    }
    forgetOtherSide(store, table, column, rowId);
  }
}
