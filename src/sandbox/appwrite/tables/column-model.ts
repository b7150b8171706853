import { int64 } from '../http/wire.ts';
import type { Column } from './column-types.ts';
import { errorOf, statusOf } from './lifecycle.ts';

const INT64_MIN = '-9223372036854775808';
const INT64_MAX = '9223372036854775807';

/** The model of the column's type, with just the fields that type has. */
export function presentColumn(column: Column): Record<string, unknown> {
  return {
    key: column.key,
    type: column.type,
    status: statusOf(column),
    error: errorOf(column),
    required: column.required,
    array: column.array,
    $createdAt: column.createdAt,
    $updatedAt: column.updatedAt ?? column.createdAt,
    ...ownFields(column),
  };
}

function ownFields(column: Column): Record<string, unknown> {
  const fallback = { default: column.default };
  if (column.format !== '') {
    const elements = column.format === 'enum' ? { elements: column.elements } : {};
    return { ...elements, format: column.format, ...fallback };
  }
  const encrypt = { encrypt: column.encrypt ?? false };
  switch (column.type) {
    case 'string':
    case 'varchar':
      return { size: column.size, ...fallback, ...encrypt };
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return { ...fallback, ...encrypt };
    case 'integer':
    case 'bigint':
      return { min: column.min ?? int64(INT64_MIN), max: column.max ?? int64(INT64_MAX), ...fallback };
    case 'double':
      return { min: column.min ?? -Number.MAX_VALUE, max: column.max ?? Number.MAX_VALUE, ...fallback };
    case 'datetime':
      return { format: '', ...fallback };
    case 'relationship':
      return { ...column.relation };
    case 'boolean':
    case 'point':
    case 'linestring':
    case 'polygon':
      return fallback;
  }
}
