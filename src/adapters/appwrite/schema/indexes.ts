import type { IndexNeed, TableNeed } from '../../../protocol/deployment-needs.ts';
import { sizeOf } from './columns.ts';
import type { IndexState } from './state.ts';

/** Of all columns of an index together; one less where databases are shared between projects. */
const MAX_INDEXED_CHARS = 767;

/** Long text is indexed by its first part only; empty when everything fits. */
export function lengthsOf(table: TableNeed, index: IndexNeed): number[] {
  if (index.type === 'fulltext') return [];
  const sizes = sizesOf(table, index);
  if (sum(sizes) <= MAX_INDEXED_CHARS) return [];
  const share = Math.floor(MAX_INDEXED_CHARS / sizes.filter((size) => size > 0).length);
  // Servers do not agree on how long the values of an enum may be; its first part does anyhow.
  return sizes.map((size) => Math.min(size === FORMAT_CHARS.enum ? ENUM_INDEX_CHARS : size, share));
}

/** Characters of each column; 0 for what is not text. */
function sizesOf(table: TableNeed, index: IndexNeed): number[] {
  return index.columns.map((key) => {
    const column = table.columns.find((candidate) => candidate.key === key);
    if (column === undefined) return 0;
    return UNBOUNDED.has(column.type) ? MAX_INDEXED_CHARS + 1 : (FORMAT_CHARS[column.type] ?? sizeOf(column));
  });
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
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
  const sizes = sizesOf(table, wanted);
  const lengths = sizes.map((size, position) => present.lengths[position] || size);
  // Other lengths than we would take are as good, as long as the server can keep to them.
  return sum(lengths) <= MAX_INDEXED_CHARS && lengths.every((length, position) => length <= (sizes[position] ?? 0));
}
