import { ApiError, invalidArgument } from '../http/api-error.ts';
import { wireNow } from '../http/wire.ts';
import type { Column } from './columns.ts';
import { isAvailable, isText } from './columns.ts';

const PROCESSING_MS = 40;
const MAX_INDEXED_CHARS = 768;
const INTERNAL: ReadonlySet<string> = new Set(['$id', '$createdAt', '$updatedAt', '$sequence']);

export interface Index {
  id: string;
  key: string;
  type: string;
  columns: string[];
  lengths: number[];
  orders: string[];
  createdAt: string;
  availableAtMs: number;
}

export interface IndexRequest {
  key: string;
  type: string;
  columns: string[];
  lengths: number[];
  orders: string[];
}

export function makeIndex(request: IndexRequest, columns: readonly Column[], inline: boolean): Index {
  if (!['key', 'unique', 'fulltext'].includes(request.type)) {
    throw invalidArgument('Invalid `type` param: Value must be one of (key, fulltext, unique, spatial)');
  }
  const fault = (reason: string) => new ApiError(400, 'column_index_invalid', reason);
  if (request.columns.length === 0) throw fault('No attributes provided for index');
  if (new Set(request.columns).size !== request.columns.length) throw fault('Duplicate attributes provided');
  let chars = 0;
  for (const [position, name] of request.columns.entries()) {
    if (INTERNAL.has(name)) continue;
    const column = columns.find(({ key }) => key === name);
    if (column === undefined)
      throw new ApiError(400, 'column_unknown', `The column '${name}' required for the index could not be found.`);
    if (!isAvailable(column)) {
      throw new ApiError(
        400,
        'column_not_available',
        `The requested column '${name}' is not yet available. Please try again later.`,
      );
    }
    if (column.array) throw fault(`Creating indexes on array attributes is not supported: ${name}`);
    if (request.type === 'fulltext' && !isText(column)) {
      throw fault(`Attribute "${name}" cannot be part of a fulltext index, must be of type string`);
    }
    const length = request.lengths[position] ?? 0;
    if (isText(column)) chars += length > 0 ? length : column.size;
  }
  if (request.type !== 'fulltext' && chars > MAX_INDEXED_CHARS) {
    throw fault(`Index length is longer than the maximum: ${MAX_INDEXED_CHARS}`);
  }
  return {
    ...request,
    id: request.key,
    createdAt: wireNow(),
    availableAtMs: inline ? 0 : Date.now() + PROCESSING_MS,
  };
}

export function presentIndex(index: Index): Record<string, unknown> {
  return {
    $id: index.id,
    $createdAt: index.createdAt,
    $updatedAt: index.createdAt,
    key: index.key,
    type: index.type,
    status: isAvailable(index) ? 'available' : 'processing',
    error: '',
    columns: index.columns,
    lengths: index.columns.map((_, position) => index.lengths[position] ?? 0),
    orders: index.orders,
  };
}
