import type { RelationMutate, RelationshipType } from 'node-appwrite';
import type { ColumnNeed } from '../../../protocol/deployment-needs.ts';
import { AppError } from '../../../protocol/errors.ts';
import type { Sdk } from '../sdk.ts';
import { DEFAULT_TEXT_CHARS, defaultOf, sizeOf } from './columns.ts';
import type { ColumnState } from './state.ts';

const INT64_MIN = -9223372036854775808n;
const INT64_MAX = 9223372036854775807n;

export interface Where {
  databaseId: string;
  tableId: string;
}

/** Every type has its own call. */
export function createByType({ tablesDB }: Sdk, where: Where, column: ColumnNeed): Promise<unknown> {
  const { key, required, array } = column;
  const value = defaultOf(column);
  const base = { ...where, key, required };
  const text = { ...base, array, ...(typeof value === 'string' ? { xdefault: value } : {}) };
  const number = { ...base, array, ...boundsOf(column), ...(typeof value === 'number' ? { xdefault: value } : {}) };
  switch (column.type) {
    case 'string':
      return tablesDB.createStringColumn({ ...text, size: sizeOf(column) });
    case 'varchar':
      return tablesDB.createVarcharColumn({ ...text, size: sizeOf(column) });
    case 'text':
      return tablesDB.createTextColumn(text);
    case 'mediumtext':
      return tablesDB.createMediumtextColumn(text);
    case 'longtext':
      return tablesDB.createLongtextColumn(text);
    case 'email':
      return tablesDB.createEmailColumn(text);
    case 'url':
      return tablesDB.createUrlColumn(text);
    case 'ip':
      return tablesDB.createIpColumn(text);
    case 'enum':
      return tablesDB.createEnumColumn({ ...text, elements: column.elements });
    case 'datetime':
      return tablesDB.createDatetimeColumn(text);
    case 'integer':
      return tablesDB.createIntegerColumn(number);
    case 'bigint':
      return tablesDB.createBigIntColumn(number);
    case 'double':
      return tablesDB.createFloatColumn(number);
    case 'boolean':
      return tablesDB.createBooleanColumn({
        ...base,
        array,
        ...(typeof value === 'boolean' ? { xdefault: value } : {}),
      });
    case 'point':
      return tablesDB.createPointColumn(base);
    case 'line':
      return tablesDB.createLineColumn(base);
    case 'polygon':
      return tablesDB.createPolygonColumn(base);
    case 'relationship':
      return createRelationship(tablesDB, where, column);
  }
}

function boundsOf({ min, max }: ColumnNeed): { min?: number; max?: number } {
  return { ...(min === null ? {} : { min }), ...(max === null ? {} : { max }) };
}

function createRelationship(tablesDB: Sdk['tablesDB'], where: Where, column: ColumnNeed): Promise<unknown> {
  const link = column.relationship;
  if (link === null) throw noRelationship(where.tableId, column.key);
  // The enums' values are these strings; the enums themselves would load the library now.
  const [type, onDelete] = [link.kind as RelationshipType, link.onDelete as RelationMutate];
  const theirs = link.twoWayKey === null ? { twoWay: false } : { twoWay: true, twoWayKey: link.twoWayKey };
  return tablesDB.createRelationshipColumn({
    ...where,
    key: column.key,
    relatedTableId: link.table,
    type,
    onDelete,
    ...theirs,
  });
}

function noRelationship(tableId: string, key: string): AppError {
  return new AppError({
    code: 'plan_invalid',
    message: `relationship column ${tableId}.${key} without a relationship`,
    userMessage: `Column "${key}" of table "${tableId}" is a relationship, but the plan does not say with which table. Set its "relationship".`,
  });
}

/** What an update in place may say. */
export type ColumnWish = Pick<ColumnState, 'key' | 'required' | 'default' | 'min' | 'max' | 'elements' | 'onDelete'> & {
  size?: number | null | undefined;
};

export function updateByType({ tablesDB }: Sdk, where: Where, type: string, wish: ColumnWish): Promise<unknown> {
  const { key, required } = wish;
  // The library's types leave out the null that takes a default away.
  const base = { ...where, key, required, xdefault: wish.default as never };
  const size = wish.size ?? DEFAULT_TEXT_CHARS;
  // An omitted bound is kept, so that one which is not wanted any more is named.
  const whole = { min: wish.min ?? INT64_MIN, max: wish.max ?? INT64_MAX };
  switch (type) {
    case 'string':
      return tablesDB.updateStringColumn({ ...base, size });
    case 'varchar':
      return tablesDB.updateVarcharColumn({ ...base, size });
    case 'text':
      return tablesDB.updateTextColumn(base);
    case 'mediumtext':
      return tablesDB.updateMediumtextColumn(base);
    case 'longtext':
      return tablesDB.updateLongtextColumn(base);
    case 'email':
      return tablesDB.updateEmailColumn(base);
    case 'url':
      return tablesDB.updateUrlColumn(base);
    case 'ip':
      return tablesDB.updateIpColumn(base);
    case 'enum':
      return tablesDB.updateEnumColumn({ ...base, elements: wish.elements });
    case 'datetime':
      return tablesDB.updateDatetimeColumn(base);
    case 'integer':
      return tablesDB.updateIntegerColumn({ ...base, ...whole });
    case 'bigint':
      return tablesDB.updateBigIntColumn({ ...base, ...whole });
    case 'double': {
      const [min, max] = [wish.min ?? -Number.MAX_VALUE, wish.max ?? Number.MAX_VALUE];
      return tablesDB.updateFloatColumn({ ...base, min, max });
    }
    case 'boolean':
      return tablesDB.updateBooleanColumn(base);
    case 'point':
      return tablesDB.updatePointColumn(base);
    case 'line':
      return tablesDB.updateLineColumn(base);
    case 'polygon':
      return tablesDB.updatePolygonColumn(base);
    default:
      return tablesDB.updateRelationshipColumn({ ...where, key, onDelete: wish.onDelete as RelationMutate });
  }
}
