import type { Item, Page, QueryRules } from '../query.ts';
import { applyQueries, selectFields } from '../query.ts';
import type { Store, Stored } from '../store.ts';
import type { Column } from './column-types.ts';
import { isText } from './column-types.ts';
import { isAvailable } from './lifecycle.ts';
import { presentRow } from './row-writes.ts';
import type { Row, Table } from './schema.ts';
import { usableColumns } from './schema.ts';

const SYSTEM = ['$id', '$sequence', '$databaseId', '$tableId', '$createdAt', '$updatedAt', '$permissions'];

export function rowRules(table: Table): QueryRules {
  const columns = usableColumns(table);
  const fulltext = table.indexes.filter((index) => index.type === 'fulltext' && isAvailable(index));
  const searchable = new Set(fulltext.flatMap((index) => index.columns));
  const byKey = new Map(columns.map((column) => [column.key, column]));
  return {
    attributes: new Set(byKey.keys()),
    datetimes: new Set(columns.filter(({ type }) => type === 'datetime').map(({ key }) => key)),
    searchable: (attribute) => searchable.has(attribute),
    shapeOf: (attribute) => {
      const column = byKey.get(attribute);
      return column === undefined ? null : shapeOf(column);
    },
  };
}

function shapeOf(column: Column): 'list' | 'text' | 'number' | 'boolean' | 'other' {
  if (column.array) return 'list';
  if (isText(column)) return 'text';
  if (column.type === 'boolean') return 'boolean';
  return column.type === 'integer' || column.type === 'bigint' || column.type === 'double' ? 'number' : 'other';
}

/** The page of rows that the queries ask for, as they are shown. */
export function pageOfRows(
  store: Store,
  table: Table,
  rows: readonly Stored<Row>[],
  queries: string[],
  withTotal = true,
): Page<Item> {
  const byId = new Map(rows.map((stored) => [stored.id, stored]));
  const shown = rows.map((stored) => presentRow(store, table, stored, null));
  const page = applyQueries(shown, queries, rowRules(table), withTotal);
  const items = page.items.map((item) => {
    const stored = byId.get(String(item.$id));
    return stored === undefined ? item : showSelected(store, table, stored, page.select);
  });
  return { ...page, items };
}

/** The server's own fields are there whatever is selected. */
export function showSelected(store: Store, table: Table, stored: Stored<Row>, select: readonly string[] | null): Item {
  const relations = select?.flatMap((name) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : [])) ?? [];
  return selectFields(presentRow(store, table, stored, select), select, [...SYSTEM, ...relations]);
}
