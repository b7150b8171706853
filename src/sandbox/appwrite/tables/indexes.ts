import { ApiError, invalidArgument } from '../http/api-error.ts';
import { wireNow } from '../http/wire.ts';
import type { Column } from './column-types.ts';
import { isSpatial, isText } from './column-types.ts';
import type { Fault, Lifecycle } from './lifecycle.ts';
import { begin, errorOf, isAvailable, statusOf } from './lifecycle.ts';

const MAX_INDEXED_CHARS = 768;
const MAX_INDEXES = 64;
const TYPES = ['key', 'fulltext', 'unique', 'spatial'];
const INTERNAL: ReadonlySet<string> = new Set(['$id', '$createdAt', '$updatedAt', '$sequence']);

export interface IndexRequest {
  key: string;
  type: string;
  columns: string[];
  lengths: number[];
  orders: string[];
}

export interface Index extends IndexRequest, Lifecycle {
  id: string;
  createdAt: string;
}

/** Inline indexes are available at once and meet no fault. */
export function makeIndex(
  request: IndexRequest,
  columns: readonly Column[],
  inline: boolean,
  fault: Fault | null = null,
): Index {
  checkIndex(request, columns);
  return { ...request, id: request.key, createdAt: wireNow(), ...begin(inline, fault) };
}

export function checkIndexCount(indexes: readonly Index[]): void {
  if (indexes.length <= MAX_INDEXES) return;
  throw new ApiError(400, 'column_index_limit_exceeded', 'Index limit has been reached.');
}

/** Throws what an index over these columns is refused with. */
export function checkIndex(request: IndexRequest, columns: readonly Column[]): void {
  if (!TYPES.includes(request.type)) {
    throw invalidArgument(`Invalid \`type\` param: Value must be one of (${TYPES.join(', ')})`);
  }
  if (request.columns.length === 0) throw invalidIndex('No attributes provided for index');
  const lower = request.columns.map((name) => name.toLowerCase());
  if (new Set(lower).size !== lower.length) throw invalidIndex('Duplicate attributes provided');
  let chars = 0;
  for (const [position, name] of request.columns.entries()) {
    if (INTERNAL.has(name)) continue;
    const column = indexable(name, columns);
    checkType(request, column);
    const length = request.lengths[position] ?? 0;
    if (length < 0) throw invalidIndex(`Negative index length provided for ${name}`);
    if (isText(column)) {
      if (length > column.size) {
        throw invalidIndex(`Index length ${length} is larger than the size for ${name}: ${column.size}`);
      }
      chars += length > 0 ? length : column.size;
    }
  }
  if (request.type !== 'fulltext' && chars > MAX_INDEXED_CHARS) {
    throw invalidIndex(`Index length is longer than the maximum: ${MAX_INDEXED_CHARS}`);
  }
}

function indexable(name: string, columns: readonly Column[]): Column {
  const column = columns.find(({ key }) => key === name);
  if (column === undefined)
    throw new ApiError(400, 'column_unknown', `The column '${name}' required for the index could not be found.`);
  if (isAvailable(column)) return column;
  throw new ApiError(
    400,
    'column_not_available',
    `The requested column '${name}' is not yet available. Please try again later.`,
  );
}

function checkType(request: IndexRequest, column: Column): void {
  const name = column.key;
  if (column.type === 'relationship') {
    throw new ApiError(400, 'column_type_invalid', `Cannot create an index for a relationship column: ${name}`);
  }
  if (column.array) throw invalidIndex(`Creating indexes on array attributes is not supported: ${name}`);
  if (request.type === 'fulltext' && !isText(column)) {
    throw invalidIndex(`Attribute "${name}" cannot be part of a fulltext index, must be of type string`);
  }
  if ((request.type === 'spatial') !== isSpatial(column)) {
    throw invalidIndex(
      `Spatial indexes are for spatial columns, and those have no other. Column "${name}" is of type "${column.type}"`,
    );
  }
  if (request.type === 'spatial' && !column.required) {
    throw invalidIndex(`Spatial indexes do not allow null values. Mark the attribute "${name}" as required`);
  }
}

function invalidIndex(reason: string): ApiError {
  return new ApiError(400, 'column_index_invalid', reason);
}

export function presentIndex(index: Index): Record<string, unknown> {
  return {
    $id: index.id,
    $createdAt: index.createdAt,
    $updatedAt: index.createdAt,
    key: index.key,
    type: index.type,
    status: statusOf(index),
    error: errorOf(index),
    columns: index.columns,
    lengths: index.columns.map((_, position) => index.lengths[position] ?? 0),
    orders: index.orders,
  };
}
