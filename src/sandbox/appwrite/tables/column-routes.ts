import * as z from 'zod';
import { ApiError, alreadyExists, invalidArgument } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import { presentColumn } from './column-model.ts';
import type { Column } from './column-types.ts';
import type { ColumnChange } from './columns.ts';
import { changeColumn, checkWidth, columnFields, makeColumn } from './columns.ts';
import { checkIndex } from './indexes.ts';
import type { Faults } from './lifecycle.ts';
import { beginDeleting, isAvailable } from './lifecycle.ts';
import { dropOtherSide } from './relationships.ts';
import type { Table } from './schema.ts';
import {
  markSeen,
  refuseIndexed,
  requireColumn,
  requireTable,
  rewriteRows,
  rowKind,
  rowParent,
  saveTable,
} from './schema.ts';
import { COLUMNS_READ, COLUMNS_WRITE } from './scopes.ts';

const COLUMNS = '/tablesdb/:databaseId/tables/:tableId/columns';
const place = { databaseId: p.idParam, tableId: p.idParam };

interface ColumnWord {
  word: string;
  type: string;
  format?: string;
  /** `size` has to be given. */
  sized?: boolean;
}

const WORDS: readonly ColumnWord[] = [
  { word: 'string', type: 'string', sized: true },
  { word: 'varchar', type: 'varchar', sized: true },
  { word: 'text', type: 'text' },
  { word: 'mediumtext', type: 'mediumtext' },
  { word: 'longtext', type: 'longtext' },
  { word: 'integer', type: 'integer' },
  { word: 'bigint', type: 'bigint' },
  { word: 'float', type: 'double' },
  { word: 'boolean', type: 'boolean' },
  { word: 'datetime', type: 'datetime' },
  { word: 'enum', type: 'string', format: 'enum' },
  { word: 'email', type: 'string', format: 'email' },
  { word: 'url', type: 'string', format: 'url' },
  { word: 'ip', type: 'string', format: 'ip' },
  { word: 'point', type: 'point' },
  { word: 'line', type: 'linestring' },
  { word: 'polygon', type: 'polygon' },
];

const sizeParam = p.intParam(1, 1_073_741_824);
const elementsParam = p.listParam(z.string('Each enum element must be a string').min(1).max(1024));
/** Has to be given, if only as null. */
const defaultParam = z.custom<unknown>((value) => value !== undefined);

export function refuseSameKey(table: Table, key: string): void {
  if (table.columns.some((column) => column.key.toLowerCase() === key.toLowerCase()))
    throw alreadyExists('column', key);
}

function createRoute(store: Store, faults: Faults, { word, type, format = '', sized = false }: ColumnWord): Route {
  return route(`POST ${COLUMNS}/${word}`, {
    scopes: COLUMNS_WRITE,
    params: {
      ...place,
      ...columnFields,
      required: p.boolParam,
      size: sized ? sizeParam : p.orElse(sizeParam, 0),
      elements: format === 'enum' ? elementsParam : p.orElse(elementsParam, []),
    },
    handler: ({ params }) => {
      const table = requireTable(store, params.databaseId, params.tableId);
      const column = makeColumn({ ...params, type, format }, false, faults.column?.(params.key) ?? null);
      refuseSameKey(table, params.key);
      table.columns.push(column);
      checkWidth(table.columns);
      saveTable(store, table);
      return { status: 202, body: presentColumn(column) };
    },
  });
}

function updateRoute(store: Store, { word, type, format = '' }: ColumnWord): Route {
  const isShape = ['point', 'line', 'polygon'].includes(word);
  const optionalNumber = p.orElse(p.numberParam.nullable(), null);
  return route(`PATCH ${COLUMNS}/${word}/:key`, {
    scopes: COLUMNS_WRITE,
    params: {
      ...place,
      key: p.idParam,
      required: p.boolParam,
      default: isShape ? z.unknown().optional() : defaultParam,
      size: p.orElse(sizeParam.nullable(), null),
      min: optionalNumber,
      max: optionalNumber,
      elements: format === 'enum' ? elementsParam : p.orElse(elementsParam, []),
      newKey: p.orElse(p.idParam.nullable(), null),
    },
    handler: ({ params }) => {
      const table = requireTable(store, params.databaseId, params.tableId);
      const column = requireColumn(table, params.key);
      if (!isAvailable(column)) {
        throw new ApiError(
          400,
          'column_not_available',
          'The requested column is not yet available. Please try again later.',
        );
      }
      if (column.type !== type || column.format !== format) {
        throw new ApiError(400, 'column_type_invalid', 'The column type is invalid.');
      }
      const changed = store.atomically(() => update(store, table, column, params, params.newKey ?? column.key));
      return { status: 200, body: presentColumn(changed) };
    },
  });
}

function update(store: Store, table: Table, column: Column, change: ColumnChange, newKey: string): Column {
  const changed = { ...changeColumn(column, change), key: newKey };
  if (newKey !== column.key) {
    refuseIndexed(table, column.key);
    refuseSameKey(table, newKey);
    rewriteRows(store, table, ({ [column.key]: value, ...data }) => ({ ...data, [newKey]: value }));
  }
  if (changed.size < column.size) refuseTruncation(store, table, changed);
  const columns = table.columns.map((one) => (one.key === column.key ? changed : one));
  checkWidth(columns);
  for (const index of table.indexes) if (index.columns.includes(newKey)) checkIndex(index, columns);
  saveTable(store, { ...table, columns });
  return changed;
}

function refuseTruncation(store: Store, table: Table, { key, size }: Column): void {
  const isLonger = (value: unknown): boolean =>
    Array.isArray(value) ? value.some(isLonger) : typeof value === 'string' && [...value].length > size;
  if (!store.list(rowKind, rowParent(table)).some(({ value }) => isLonger(value.data[key]))) return;
  throw new ApiError(
    400,
    'column_invalid_resize',
    'Existing data is too large for new size, truncate your existing data then try again.',
  );
}

function listRoute(store: Store): Route {
  return route(`GET ${COLUMNS}`, {
    scopes: COLUMNS_READ,
    params: { ...place, queries: p.queriesParam, total: p.totalParam },
    handler: ({ params }) => {
      const table = requireTable(store, params.databaseId, params.tableId);
      const all = table.columns.map((column) => ({ $id: column.key, ...presentColumn(column) }));
      const attributes = new Set(['key', 'type', 'size', 'required', 'array', 'status', 'error']);
      const page = applyQueries(all, params.queries, { attributes }, params.total);
      if (page.select !== null) throw invalidArgument('Invalid `queries` param: select is not supported here');
      const columns = page.items.map(({ $id: _, ...column }) => column);
      markSeen(store, table, { columns: page.items.map(({ $id }) => $id) });
      return { status: 200, body: { total: page.total, columns } };
    },
  });
}

export function columnRoutes(store: Store, faults: Faults): Route[] {
  return [
    ...WORDS.flatMap((word) => [createRoute(store, faults, word), updateRoute(store, word)]),
    listRoute(store),
    route(`GET ${COLUMNS}/:key`, {
      scopes: COLUMNS_READ,
      params: { ...place, key: p.idParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const body = presentColumn(requireColumn(table, params.key));
        markSeen(store, table, { columns: [params.key] });
        return { status: 200, body };
      },
    }),
    route(`DELETE ${COLUMNS}/:key`, {
      scopes: COLUMNS_WRITE,
      params: { ...place, key: p.idParam },
      handler: ({ params }) => {
        const table = requireTable(store, params.databaseId, params.tableId);
        const column = requireColumn(table, params.key);
        refuseIndexed(table, column.key);
        store.atomically(() => {
          const columns = table.columns.map((one) => (one.key === column.key ? beginDeleting(one) : one));
          saveTable(store, { ...table, columns });
          rewriteRows(store, table, ({ [column.key]: _, ...data }) => data);
          dropOtherSide(store, table, column);
        });
        return { status: 204 };
      },
    }),
  ];
}
