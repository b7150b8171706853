import * as z from 'zod';
import { ApiError, invalidArgument } from '../http/api-error.ts';
import { boolParam, idParam, intParam, listParam, numberParam, orElse } from '../http/params.ts';
import { wireNow } from '../http/wire.ts';
import type { Column } from './column-types.ts';
import { COLUMN_TYPES, isSpatial, isText } from './column-types.ts';
import { checkValue } from './column-values.ts';
import type { Fault } from './lifecycle.ts';
import { begin } from './lifecycle.ts';

export const ROW_WIDTH_BYTES = 65_535;
const MIN_ENCRYPTED_CHARS = 150;
/** Of each element, and so of the column. */
const ENUM_CHARS = 255;

const FORMATS = ['email', 'url', 'ip', 'enum'];
const TEXT_LIMITS: Record<string, number> = { text: 65_535, mediumtext: 16_777_215, longtext: 4_294_967_295 };
const FORMAT_SIZES: Record<string, number> = { email: 254, url: 2000, ip: 39, enum: ENUM_CHARS };

/** What a caller may say about a column, whichever way it is made. */
export const columnFields = {
  key: idParam,
  size: orElse(intParam(1, 4_294_967_295), 0),
  required: orElse(boolParam, false),
  default: z.unknown().optional(),
  array: orElse(boolParam, false),
  elements: orElse(listParam(z.string().min(1).max(ENUM_CHARS)), []),
  min: orElse(numberParam.nullable(), null),
  max: orElse(numberParam.nullable(), null),
  encrypt: orElse(boolParam, false),
};

export interface ColumnRequest {
  key: string;
  type: string;
  format: string;
  size: number;
  required: boolean;
  default?: unknown;
  array: boolean;
  elements: string[];
  min: number | null;
  max: number | null;
  encrypt: boolean;
}

/** Inline columns are available at once and meet no fault. */
export function makeColumn(request: ColumnRequest, inline: boolean, fault: Fault | null = null): Column {
  const { key, format, required, array, elements, min, max } = request;
  const type = COLUMN_TYPES.find((one) => one === request.type);
  if (type === undefined) throw invalidArgument(`Invalid type for column '${key}': ${request.type}`);
  if (format !== '' && (!FORMATS.includes(format) || type !== 'string')) {
    throw invalidArgument(`Invalid format for column '${key}': ${format}`);
  }
  const column: Column = {
    ...{ key, type, format, required, array, elements, min, max, encrypt: request.encrypt },
    default: request.default ?? null,
    size: TEXT_LIMITS[type] ?? FORMAT_SIZES[format] ?? request.size,
    createdAt: wireNow(),
    ...begin(inline, fault),
  };
  return checkDefinition(column);
}

export interface ColumnChange {
  required: boolean;
  default: unknown;
  /** Absent or null: as it is. */
  size?: number | null;
  min?: number | null;
  max?: number | null;
  elements?: string[];
}

/** What may be changed in place; the key, the type, the format and `array` stay. */
export function changeColumn(column: Column, change: ColumnChange): Column {
  return checkDefinition({
    ...column,
    required: change.required,
    default: change.default ?? null,
    size: change.size ?? column.size,
    min: change.min ?? column.min,
    max: change.max ?? column.max,
    elements: change.elements ?? column.elements,
    updatedAt: wireNow(),
  });
}

function checkDefinition(column: Column): Column {
  const { key, type, format, size } = column;
  const sized = (type === 'string' || type === 'varchar') && format === '';
  if (sized && size < 1) throw invalidArgument(`Size is required for column '${key}' of type ${type}.`);
  if (type === 'varchar' && size > 16_381)
    throw invalidArgument('Invalid `size` param: varchar is at most 16381 characters.');
  if (sized && column.encrypt === true && size < MIN_ENCRYPTED_CHARS) {
    throw badRequest(`Size too small. Encrypted strings require a minimum size of ${MIN_ENCRYPTED_CHARS} characters.`);
  }
  if (format === 'enum' && column.elements.length === 0) throw invalidValue('Enum elements must not be empty');
  if (column.min !== null && column.max !== null && column.min > column.max) {
    throw invalidValue('Minimum value must be lesser than maximum value');
  }
  if (column.default === null) return column;
  if (column.required || column.array) {
    throw new ApiError(
      400,
      'column_default_unsupported',
      `Cannot set default value for ${column.required ? 'required' : 'array'} columns`,
    );
  }
  return { ...column, default: checkDefault(column) };
}

function checkDefault(column: Column): unknown {
  try {
    return checkValue(column, column.default);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (column.format === 'enum') throw invalidValue('Default value not found in elements');
    if (column.min !== null || column.max !== null) throw invalidValue(error.message);
    throw invalidArgument(`Invalid \`default\` param: ${error.message}`);
  }
}

function invalidValue(reason: string): ApiError {
  return new ApiError(400, 'column_value_invalid', reason);
}

export function badRequest(reason: string): ApiError {
  return new ApiError(400, 'general_bad_request', reason);
}

/** About what MariaDB counts against the row width. */
export function widthBytes(columns: readonly Column[]): number {
  const width = (column: Column): number => {
    if (column.array || isSpatial(column)) return 20;
    if (isText(column)) return column.type in TEXT_LIMITS || column.size > 16_381 ? 20 : column.size * 4 + 2;
    if (column.type === 'relationship') return 1020;
    return column.type === 'boolean' ? 1 : column.type === 'datetime' ? 7 : 8;
  };
  return columns.reduce((sum, column) => sum + width(column), 0);
}

export function checkWidth(columns: readonly Column[]): void {
  if (widthBytes(columns) <= ROW_WIDTH_BYTES) return;
  throw new ApiError(
    400,
    'column_limit_exceeded',
    'Column limit has been reached: the row would be wider than 65535 bytes.',
  );
}
