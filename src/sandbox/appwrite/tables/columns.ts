import * as z from 'zod';
import { ApiError, invalidArgument } from '../http/api-error.ts';
import { boolParam, idParam, intParam, listParam, numberParam, orElse } from '../http/params.ts';
import { int64, toWireDate, wireNow } from '../http/wire.ts';

/** How long a column or an index made on its own stays `processing`. */
const PROCESSING_MS = 250;
const ROW_WIDTH_BYTES = 65_535;
/** Of each element, and so of the column. */
const ENUM_CHARS = 255;

const COLUMN_TYPES = ['string', 'varchar', 'text', 'mediumtext', 'longtext', 'integer', 'bigint', 'double'] as const;
type ColumnType = (typeof COLUMN_TYPES)[number] | 'boolean' | 'datetime';
const TYPES: ReadonlySet<string> = new Set([...COLUMN_TYPES, 'boolean', 'datetime']);
const TEXT_TYPES: ReadonlySet<string> = new Set(['string', 'varchar', 'text', 'mediumtext', 'longtext']);
const FORMATS: ReadonlySet<string> = new Set(['email', 'url', 'ip', 'enum']);
const TEXT_LIMITS: Record<string, number> = { text: 65_535, mediumtext: 16_777_215, longtext: 4_294_967_295 };
const INT64_MIN = '-9223372036854775808';
const INT64_MAX = '9223372036854775807';

export interface Column {
  key: string;
  type: ColumnType;
  size: number;
  required: boolean;
  default: unknown;
  array: boolean;
  /** `email`, `url`, `ip`, `enum` or ''. */
  format: string;
  elements: string[];
  /** Null means the type's own bound. */
  min: number | null;
  max: number | null;
  createdAt: string;
  /** Milliseconds since the epoch; before it the column is `processing`. */
  availableAtMs: number;
}

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
}

export function makeColumn(request: ColumnRequest, inline: boolean): Column {
  const { key, type, format } = request;
  if (!TYPES.has(type)) throw invalidArgument(`Invalid type for column '${key}': ${type}`);
  if (format !== '' && (!FORMATS.has(format) || type !== 'string')) {
    throw invalidArgument(`Invalid format for column '${key}': ${format}`);
  }
  if ((type === 'string' || type === 'varchar') && format === '' && request.size < 1) {
    throw invalidArgument(`Size is required for column '${key}' of type ${type}.`);
  }
  if (type === 'varchar' && request.size > 16_381)
    throw invalidArgument(`Column '${key}': varchar is at most 16381 characters.`);
  if (format === 'enum' && request.elements.length === 0)
    throw invalidArgument(`Column '${key}': enum needs elements.`);
  if (request.min !== null && request.max !== null && request.min > request.max) {
    throw new ApiError(400, 'column_value_invalid', 'Minimum value must be lesser than maximum value');
  }
  const fallback = request.default ?? null;
  if (fallback !== null && (request.required || request.array)) {
    throw new ApiError(
      400,
      'column_default_unsupported',
      `Cannot set default value for ${request.required ? 'required' : 'array'} columns`,
    );
  }
  const column: Column = {
    ...{ key, type: type as ColumnType, format, required: request.required, array: request.array, default: fallback },
    ...{ elements: request.elements, min: request.min, max: request.max },
    size: TEXT_LIMITS[type] ?? (format === 'enum' ? ENUM_CHARS : format === '' ? request.size : formatSize(format)),
    createdAt: wireNow(),
    availableAtMs: inline ? 0 : Date.now() + PROCESSING_MS,
  };
  if (fallback !== null) column.default = checkValue(column, fallback);
  return column;
}

function formatSize(format: string): number {
  return format === 'email' ? 254 : format === 'url' ? 2000 : 39;
}

export function isAvailable(thing: { availableAtMs: number }): boolean {
  return Date.now() >= thing.availableAtMs;
}

export function isText(column: Column): boolean {
  return TEXT_TYPES.has(column.type);
}

/** The model of the column's type, with just the fields that type has. */
export function presentColumn(column: Column): Record<string, unknown> {
  const common = {
    key: column.key,
    type: column.type,
    status: isAvailable(column) ? 'available' : 'processing',
    error: '',
    required: column.required,
    array: column.array,
    $createdAt: column.createdAt,
    $updatedAt: column.createdAt,
  };
  if (column.format !== '') {
    const elements = column.format === 'enum' ? { elements: column.elements } : {};
    return { ...common, ...elements, format: column.format, default: column.default };
  }
  switch (column.type) {
    case 'string':
    case 'varchar':
      return { ...common, size: column.size, default: column.default, encrypt: false };
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return { ...common, default: column.default, encrypt: false };
    case 'integer':
    case 'bigint':
      return {
        ...common,
        min: column.min ?? int64(INT64_MIN),
        max: column.max ?? int64(INT64_MAX),
        default: column.default,
      };
    case 'double':
      return {
        ...common,
        min: column.min ?? -Number.MAX_VALUE,
        max: column.max ?? Number.MAX_VALUE,
        default: column.default,
      };
    case 'datetime':
      return { ...common, format: '', default: column.default };
    case 'boolean':
      return { ...common, default: column.default };
  }
}

/** About what MariaDB counts against the row width. */
export function widthBytes(columns: readonly Column[]): number {
  const width = (column: Column): number => {
    if (column.array) return 20;
    if (isText(column)) return column.type in TEXT_LIMITS || column.size > 16_381 ? 20 : column.size * 4 + 2;
    return column.type === 'boolean' ? 1 : column.type === 'datetime' ? 7 : 8;
  };
  return columns.reduce((sum, column) => sum + width(column), 0);
}

export function checkWidth(columns: readonly Column[]): void {
  if (widthBytes(columns) > ROW_WIDTH_BYTES) {
    throw new ApiError(
      400,
      'column_limit_exceeded',
      'Column limit has been reached: the row would be wider than 65535 bytes.',
    );
  }
}

export { ROW_WIDTH_BYTES };

function invalidRow(reason: string): ApiError {
  return new ApiError(400, 'row_invalid_structure', `Invalid row structure: ${reason}`);
}

/** The value as it is stored; throws `row_invalid_structure`. */
export function checkValue(column: Column, value: unknown): unknown {
  if (value === null || value === undefined) {
    if (column.required) throw invalidRow(`Missing required attribute "${column.key}"`);
    return column.array ? [] : column.default;
  }
  if (!column.array) return checkItem(column, value);
  if (!Array.isArray(value)) throw invalidRow(`Attribute "${column.key}" must be an array`);
  return value.map((item) => checkItem(column, item));
}

function checkItem(column: Column, value: unknown): unknown {
  const fault = (rule: string) =>
    invalidRow(`Attribute "${column.key}" has invalid ${column.format === '' ? 'type' : 'format'}. ${rule}`);
  if (isText(column)) {
    if (typeof value !== 'string' || [...value].length > column.size) {
      throw fault(`Value must be a valid string and no longer than ${column.size} chars`);
    }
    if (!FORMAT_TESTS[column.format]?.(value, column)) throw fault(`Value must be a valid ${column.format}`);
    return value;
  }
  switch (column.type) {
    case 'boolean':
      if (typeof value !== 'boolean') throw fault('Value must be a valid boolean');
      return value;
    case 'datetime':
      return checkDatetime(value, fault);
    default:
      return checkNumber(column, value, fault);
  }
}

const FORMAT_TESTS: Record<string, (value: string, column: Column) => boolean> = {
  '': () => true,
  email: (value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value),
  url: (value) => URL.canParse(value),
  ip: (value) => /^(\d{1,3}\.){3}\d{1,3}$/.test(value) || /^[0-9a-f:.]+$/i.test(value),
  enum: (value, column) => column.elements.includes(value),
};

function checkDatetime(value: unknown, fault: (rule: string) => ApiError): string {
  const parsed = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) ? parseUtc(value) : Number.NaN;
  if (Number.isNaN(parsed)) throw fault('Value must be valid date between 0000-01-01 and 9999-12-31.');
  return toWireDate(parsed);
}

/** A date without a zone is UTC; a zone may also be a name, such as `Europe/Berlin`. */
function parseUtc(value: string): number {
  const zone = /^(.*\d)\s+([A-Za-z]+\/[A-Za-z_/]+|UTC)$/.exec(value);
  const local = zone?.[1] ?? value;
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/i.test(local.slice(10));
  const iso = local.replace(' ', 'T');
  const asUtc = Date.parse(hasZone ? iso : iso.length > 10 ? `${iso}Z` : iso);
  const name = zone?.[2];
  if (name === undefined || hasZone || Number.isNaN(asUtc)) return asUtc;
  try {
    const shown = new Date(asUtc).toLocaleString('sv-SE', { timeZone: name });
    return asUtc - (Date.parse(`${shown.replace(' ', 'T')}Z`) - Math.floor(asUtc / 1000) * 1000);
  } catch {
    return Number.NaN;
  }
}

function checkNumber(column: Column, value: unknown, fault: (rule: string) => ApiError): number {
  const whole = column.type !== 'double';
  if (typeof value !== 'number' || !Number.isFinite(value) || (whole && !Number.isInteger(value))) {
    throw fault(whole ? 'Value must be a valid signed 64-bit integer' : 'Value must be a valid float');
  }
  if (value < (column.min ?? -Infinity) || value > (column.max ?? Infinity)) {
    throw fault(`Value must be a valid range between ${column.min ?? '-inf'} and ${column.max ?? 'inf'}`);
  }
  return value;
}
