import type { ColumnNeed, IndexNeed } from './deployment-needs.ts';

/** Short notations of a plan's data needs, the same in every language and client. */

/** `varchar(128)`, `integer[] (0 … 10)`, `enum (open | done)`, `relationship → users (manyToOne, cascade, back: notes)`. */
export function columnNotation({ type, size, array, elements, min, max, relationship }: ColumnNeed): string {
  const name = `${type}${size === null ? '' : `(${size})`}${array ? '[]' : ''}`;
  if (relationship !== null) {
    const { table, kind, twoWayKey, onDelete } = relationship;
    const back = twoWayKey === null ? '' : `, back: ${twoWayKey}`;
    return `${name} → ${table} (${kind}, ${onDelete}${back})`;
  }
  if (elements.length > 0) return `${name} (${elements.join(' | ')})`;
  if (min === null && max === null) return name;
  return `${name} (${min ?? ''} … ${max ?? ''})`.replace('( …', '(…').replace('… )', '…)');
}

/** `unique (author, at desc)`. */
export function indexNotation({ type, columns, orders }: IndexNeed): string {
  return `${type} (${columns.map((column, at) => (orders[at] === 'desc' ? `${column} desc` : column)).join(', ')})`;
}
