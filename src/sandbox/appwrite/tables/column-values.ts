import { isIP } from 'node:net';
import * as z from 'zod';
import { ApiError } from '../http/api-error.ts';
import { toWireDate } from '../http/wire.ts';
import type { Column } from './column-types.ts';
import { isSpatial, isText } from './column-types.ts';

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
  if (isSpatial(column)) return checkShape(column, value, fault);
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
  ip: (value) => isIP(value) !== 0,
  enum: (value, column) => column.elements.includes(value),
};

function checkDatetime(value: unknown, fault: (rule: string) => ApiError): string {
  const parsed = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) ? parseUtc(value) : Number.NaN;
  if (Number.isNaN(parsed)) throw fault('Value must be valid date between 0000-01-01 and 9999-12-31.');
  return toWireDate(parsed);
}

/** A datetime as it is stored; throws `row_invalid_structure`. */
export function toUtc(name: string, value: string): string {
  return checkDatetime(value, (rule) => invalidRow(`Attribute "${name}" has invalid type. ${rule}`));
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

/** Coordinates nest once more for a line, twice more for a polygon. */
function checkShape(column: Column, value: unknown, fault: (rule: string) => ApiError): unknown {
  const shape = SHAPES[column.type];
  const parsed = shape?.safeParse(value);
  if (parsed?.success !== true) throw fault(`Value must be a valid ${column.type}`);
  return parsed.data;
}

const point = z.tuple([z.number(), z.number()]);
const SHAPES: Record<string, z.ZodType> = {
  point,
  linestring: z.array(point).min(2),
  polygon: z.array(z.array(point).min(3)).min(1),
};

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
