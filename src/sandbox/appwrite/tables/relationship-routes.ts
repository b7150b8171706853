import * as z from 'zod';
import { ApiError, alreadyExists, notFound } from '../http/api-error.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { wireNow } from '../http/wire.ts';
import type { Store } from '../store.ts';
import { presentColumn } from './column-model.ts';
import { refuseSameKey } from './column-routes.ts';
import type { Column, Relation } from './column-types.ts';
import { checkWidth } from './columns.ts';
import type { Faults } from './lifecycle.ts';
import { begin, isAvailable } from './lifecycle.ts';
import type { Table } from './schema.ts';
import { requireColumn, requireTable, rewriteRows, saveTable, tableKind } from './schema.ts';
import { COLUMNS_WRITE } from './scopes.ts';

const COLUMNS = '/tablesdb/:databaseId/tables/:tableId/columns';
const place = { databaseId: p.idParam, tableId: p.idParam };
const keyParam = p.orElse(p.idParam.nullable(), null);
const typeParam = z.enum(
  ['oneToOne', 'manyToOne', 'manyToMany', 'oneToMany'],
  'Value must be one of the relationship types',
);
const onDeleteParam = z.enum(['cascade', 'restrict', 'setNull'], 'Value must be one of (cascade, restrict, setNull)');

function makeRelationship(key: string, relation: Relation, faults: Faults): Column {
  return {
    ...{ key, type: 'relationship', format: '', required: false, array: false, default: null, size: 0 },
    ...{ elements: [], min: null, max: null, relation, createdAt: wireNow() },
    ...begin(false, faults.column?.(key) ?? null),
  };
}

/** Two columns must not share the other side, and two tables have one many-to-many at most. */
function refuseClash(table: Table, key: string, wanted: Relation): void {
  refuseSameKey(table, key);
  for (const { relation } of table.columns) {
    if (relation === undefined || relation.relatedTable !== wanted.relatedTable) continue;
    if (relation.twoWayKey.toLowerCase() === wanted.twoWayKey.toLowerCase()) throw alreadyExists('column', key);
    if (relation.relationType === 'manyToMany' && wanted.relationType === 'manyToMany') {
      throw new ApiError(
        409,
        'column_already_exists',
        'Creating more than one "manyToMany" relationship on the same table is currently not permitted.',
      );
    }
  }
}

function createRoute(store: Store, faults: Faults): Route {
  return route(`POST ${COLUMNS}/relationship`, {
    scopes: COLUMNS_WRITE,
    params: {
      ...place,
      relatedTableId: p.idParam,
      type: typeParam,
      twoWay: p.orElse(p.boolParam, false),
      key: keyParam,
      twoWayKey: keyParam,
      onDelete: p.orElse(onDeleteParam, 'restrict'),
    },
    handler: ({ params }) => {
      const table = requireTable(store, params.databaseId, params.tableId);
      const related = store.get(tableKind, params.databaseId, params.relatedTableId);
      if (related === null) throw notFound('table', params.relatedTableId);
      const { twoWay, onDelete, type: relationType } = params;
      const key = params.key ?? related.id;
      const twoWayKey = params.twoWayKey ?? table.id;
      const relation: Relation = {
        relatedTable: related.id,
        relationType,
        twoWay,
        twoWayKey,
        onDelete,
        side: 'parent',
      };
      refuseClash(table, key, relation);
      const column = makeRelationship(key, relation, faults);
      const back: Relation = { ...relation, relatedTable: table.id, twoWayKey: key, side: 'child' };
      store.atomically(() => {
        table.columns.push(column);
        checkWidth(table.columns);
        saveTable(store, table);
        if (!twoWay) return;
        const other = requireTable(store, params.databaseId, related.id);
        refuseSameKey(other, twoWayKey);
        other.columns.push(makeRelationship(twoWayKey, back, faults));
        checkWidth(other.columns);
        saveTable(store, other);
      });
      return { status: 202, body: presentColumn(column) };
    },
  });
}

function updateRoute(store: Store): Route {
  return route(`PATCH ${COLUMNS}/:key/relationship`, {
    scopes: COLUMNS_WRITE,
    params: { ...place, key: p.idParam, onDelete: p.orElse(onDeleteParam.nullable(), null), newKey: keyParam },
    handler: ({ params }) => {
      const table = requireTable(store, params.databaseId, params.tableId);
      const column = requireColumn(table, params.key);
      const { relation } = column;
      if (!isAvailable(column))
        throw new ApiError(400, 'column_not_available', 'The requested column is not yet available.');
      if (relation === undefined) throw new ApiError(400, 'column_type_invalid', 'The column type is invalid.');
      const key = params.newKey ?? column.key;
      const onDelete = params.onDelete ?? relation.onDelete;
      const changed: Column = { ...column, key, relation: { ...relation, onDelete }, updatedAt: wireNow() };
      store.atomically(() => {
        if (key !== column.key) {
          refuseSameKey(table, key);
          rewriteRows(store, table, ({ [column.key]: value, ...data }) => ({ ...data, [key]: value }));
        }
        saveTable(store, { ...table, columns: table.columns.map((one) => (one.key === column.key ? changed : one)) });
        if (relation.twoWay) changeOtherSide(store, params.databaseId, relation, { onDelete, twoWayKey: key });
      });
      return { status: 200, body: presentColumn(changed) };
    },
  });
}

function changeOtherSide(
  store: Store,
  databaseId: string,
  relation: Relation,
  change: Pick<Relation, 'onDelete' | 'twoWayKey'>,
): void {
  const other = requireTable(store, databaseId, relation.relatedTable);
  const columns = other.columns.map((one) =>
    one.key === relation.twoWayKey && one.relation !== undefined
      ? { ...one, relation: { ...one.relation, ...change } }
      : one,
  );
  saveTable(store, { ...other, columns });
}

export function relationshipRoutes(store: Store, faults: Faults): Route[] {
  return [createRoute(store, faults), updateRoute(store)];
}
