import type { IndexNeed, TableNeed } from '../../../protocol/deployment-needs.ts';
import { sizeOf } from './columns.ts';
import type { IndexState } from './state.ts';

/** Of all columns of an index together; one less where databases are shared between projects. */
const MAX_INDEXED_CHARS = 767;

/** Long text is indexed by its first part only; empty when everything fits. */
export function lengthsOf(table: TableNeed, index: IndexNeed): number[] {
  if (index.type === 'fulltext') return [];
  const sizes = index.columns.map((key) => {
    const column = table.columns.find((candidate) => candidate.key === key);
    if (column === undefined) return 0;
    return UNBOUNDED.has(column.type) ? MAX_INDEXED_CHARS + 1 : (FORMAT_CHARS[column.type] ?? sizeOf(column));
  });
  if (sizes.reduce((sum, size) => sum + size, 0) <= MAX_INDEXED_CHARS) return [];
  const share = Math.floor(MAX_INDEXED_CHARS / sizes.filter((size) => size > 0).length);
  // Servers do not agree on how long the values of an enum may be; its first part does anyhow.
  return sizes.map((size) => Math.min(size === FORMAT_CHARS.enum ? ENUM_INDEX_CHARS : size, share));
}

const ENUM_INDEX_CHARS = 255;
const UNBOUNDED: ReadonlySet<string> = new Set(['text', 'mediumtext', 'longtext', 'url']);
const FORMAT_CHARS: Readonly<Record<string, number>> = { email: 254, ip: 39, enum: 1024 };

/** One for each column. */
export function ordersOf(index: IndexNeed): ('asc' | 'desc')[] {
  return index.columns.map((_, position) => index.orders[position] ?? 'asc');
}

/** In words: `unique on title, rank desc`. */
export function describeIndex(index: IndexNeed): string {
  const orders = ordersOf(index);
  const parts = index.columns.map((key, position) => (orders[position] === 'desc' ? `${key} desc` : key));
  return `${index.type} on ${parts.join(', ')}`;
}

export function isSameIndex(present: IndexState, table: TableNeed, wanted: IndexNeed): boolean {
  if (present.type !== wanted.type || present.columns.join(' ') !== wanted.columns.join(' ')) return false;
  if (wanted.type === 'fulltext') return true;
  const orders = wanted.columns.map((_, position) => (present.orders[position] ?? 'asc').toLowerCase());
  if (orders.join(' ') !== ordersOf(wanted).join(' ')) return false;
  const lengths = lengthsOf(table, wanted);
  return lengths.every((length, position) => length === 0 || present.lengths[position] === length);
}
