import type { ColumnNeed, TableNeed } from '../../../protocol/deployment-needs.ts';
import { sameValue } from '../changes.ts';
import type { ColumnState } from './state.ts';

export const DEFAULT_TEXT_CHARS = 255;
const FORMATS: ReadonlySet<string> = new Set(['email', 'url', 'ip', 'enum']);
const TEXTS: ReadonlySet<string> = new Set(['string', 'varchar', 'text', 'mediumtext', 'longtext']);
/** What every server that knows inline columns knows, under the name that it has there. */
const INLINE: Readonly<Record<string, string>> = {
  ...{ string: 'string', email: 'string', url: 'string', ip: 'string', enum: 'string', integer: 'integer' },
  ...{ bigint: 'bigint', double: 'double', boolean: 'boolean', datetime: 'datetime', point: 'point' },
  ...{ line: 'linestring', polygon: 'polygon' },
};

/** The type as a plan names it. */
export function typeOf({ type, format }: Pick<ColumnState, 'type' | 'format'>): string {
  if (type === 'string' && FORMATS.has(format)) return format;
  return type === 'linestring' ? 'line' : type;
}

function isSized(type: string): boolean {
  return type === 'string' || type === 'varchar';
}

function isNumeric(type: string): boolean {
  return type === 'integer' || type === 'bigint' || type === 'double';
}

export function sizeOf({ type, size }: ColumnNeed): number {
  return isSized(type) ? (size ?? DEFAULT_TEXT_CHARS) : 0;
}

/** `string` is the older word for any text, and what the server stores for it is what it stores for `varchar`. */
function isSameType(present: string, wanted: string): boolean {
  if (present === wanted) return true;
  return wanted === 'string' ? TEXTS.has(present) : wanted === 'varchar' && present === 'string';
}

/** Why the column has to be deleted and made again; null when it need not. */
export function whyRemake(present: ColumnState, wanted: ColumnNeed): string | null {
  const type = typeOf(present);
  if (!isSameType(type, wanted.type)) return `type ${type} instead of ${wanted.type}`;
  const link = wanted.relationship;
  if (wanted.type === 'relationship' && link !== null) {
    if (present.side === 'child') return 'the other end of a relationship';
    if (present.relatedTable !== link.table) return `points to ${present.relatedTable} instead of ${link.table}`;
    if (present.relationType !== link.kind) return `${present.relationType} instead of ${link.kind}`;
    const theirKey = present.twoWay ? present.twoWayKey : null;
    if (theirKey !== link.twoWayKey)
      return `${theirKey ?? 'no column'} instead of ${link.twoWayKey ?? 'no column'} there`;
    return null;
  }
  return present.array === wanted.array ? null : present.array ? 'a list' : 'not a list';
}

export interface Difference {
  name: string;
  from: string | number | boolean | null | string[];
  to: string | number | boolean | null | string[];
}

/** Whether values that were right may be wrong afterwards. */
export function isTightening({ name, from, to }: { name: string; from: unknown; to: unknown }): boolean {
  switch (name) {
    case 'required':
      return to === true;
    case 'size':
      return Number(to) < Number(from);
    case 'min':
      return to !== null && (from === null || Number(to) > Number(from));
    case 'max':
      return to !== null && (from === null || Number(to) < Number(from));
    case 'elements':
      return Array.isArray(from) && Array.isArray(to) && from.some((one) => !to.includes(one));
    default:
      return false;
  }
}

/**
 * What takes values away from a column apart from what does not, which can be made first and by itself: an enum gets its new
 * values before it loses others.
 */
export function parted(all: readonly Difference[]): { easing: Difference[]; tightening: Difference[] } {
  const easing = all.filter((one) => !isTightening(one));
  const tightening = all.filter(isTightening).map((one) => {
    const { name, from, to } = one;
    if (name !== 'elements' || !Array.isArray(from) || !Array.isArray(to)) return one;
    const both = [...from, ...to.filter((element) => !from.includes(element))];
    if (both.length > from.length) easing.push({ name, from, to: both });
    return { name, from: both, to };
  });
  return { easing, tightening };
}

/** What can be changed in place. */
export function differences(present: ColumnState, wanted: ColumnNeed): Difference[] {
  const type = typeOf(present);
  if (type === 'relationship') {
    const [from, to] = [present.onDelete, wanted.relationship?.onDelete ?? 'restrict'];
    return from === to ? [] : [{ name: 'onDelete', from, to }];
  }
  const all: Difference[] = [
    { name: 'required', from: present.required, to: wanted.required },
    { name: 'default', from: present.default, to: defaultOf(wanted) },
    ...(isSized(type) ? [{ name: 'size', from: present.size ?? 0, to: sizeOf(wanted) }] : []),
    ...(isNumeric(type) ? [{ name: 'min', from: present.min, to: wanted.min }] : []),
    ...(isNumeric(type) ? [{ name: 'max', from: present.max, to: wanted.max }] : []),
    ...(type === 'enum' ? [{ name: 'elements', from: present.elements, to: wanted.elements }] : []),
  ];
  return all.filter(({ name, from, to }) => (name === 'default' ? !sameDefault(type, from, to) : !sameValue(from, to)));
}

function sameDefault(type: string, from: unknown, to: unknown): boolean {
  const isMoment = type === 'datetime' && typeof from === 'string' && typeof to === 'string';
  return isMoment ? Date.parse(from) === Date.parse(to) : from === to;
}

export function defaultOf(wanted: ColumnNeed): ColumnNeed['default'] {
  return wanted.required || wanted.array ? null : wanted.default;
}

export function isInline(column: ColumnNeed): boolean {
  return column.type in INLINE;
}

/** A column as `createTable` takes it. */
export function inlineColumn(column: ColumnNeed): Record<string, unknown> {
  const { key, type, required, array } = column;
  const value = defaultOf(column);
  return {
    ...{ key, type: INLINE[type] ?? type, required },
    ...(array ? { array } : {}),
    ...(value === null ? {} : { default: value }),
    ...(FORMATS.has(type) ? { format: type } : {}),
    ...(type === 'enum' ? { elements: column.elements } : {}),
    ...(isSized(type) ? { size: sizeOf(column) } : {}),
    ...(column.min === null ? {} : { min: column.min }),
    ...(column.max === null ? {} : { max: column.max }),
  };
}

/** The server stores `write` as its parts. */
export function storedPermissions({ permissions }: TableNeed): string[] {
  return permissions.flatMap((permission) =>
    permission.startsWith('write(')
      ? ['create', 'update', 'delete'].map((verb) => verb + permission.slice('write'.length))
      : [permission],
  );
}
