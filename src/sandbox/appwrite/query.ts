import * as z from 'zod';
import { ApiError, invalidArgument, invalidQuery } from './http/api-error.ts';
import { toWireDate } from './http/wire.ts';

const MAX_VALUES = 500;
const MAX_QUERY_CHARS = 4096;
const DEFAULT_PAGE = 25;
const MAX_TOTAL = 5000;

/** Attributes that every listed thing may be filtered and ordered by. */
const SYSTEM: ReadonlySet<string> = new Set(['$id', '$sequence', '$createdAt', '$updatedAt', '$permissions']);

const RawQuery = z.object({
  method: z.string(),
  attribute: z.string().default(''),
  values: z.array(z.unknown()).default([]),
});
type RawQuery = z.infer<typeof RawQuery>;

export type Item = Record<string, unknown>;

export interface QueryRules {
  /** Attributes that may be filtered and ordered; null allows all. */
  attributes: ReadonlySet<string> | null;
  /** Attributes whose query values are dates, besides `$createdAt` and `$updatedAt`. */
  datetimes?: ReadonlySet<string>;
  /** True when `search` on this attribute has its fulltext index. */
  searchable?(attribute: string): boolean;
  /** What an attribute holds, where values are held to it; null leaves them unchecked. */
  shapeOf?(attribute: string): 'list' | 'text' | 'number' | 'boolean' | 'other' | null;
}

interface Plan {
  filters: RawQuery[];
  orders: { attribute: string; descending: boolean }[];
  limit: number;
  offset: number;
  cursor: { id: string; before: boolean } | null;
  select: string[] | null;
  shuffled: boolean;
}

export interface Page<T> {
  total: number;
  items: T[];
  /** Fields asked for, or null for all. */
  select: string[] | null;
}

/** Filters, orders and cuts. `total` stops at 5,000 and is 0 when not wanted. */
export function applyQueries<T extends Item>(
  items: readonly T[],
  queries: string[],
  rules: QueryRules,
  withTotal = true,
): Page<T> {
  const plan = readPlan(queries, rules);
  const matching = items.filter((item) => plan.filters.every((filter) => matches(item, filter)));
  const ordered = plan.shuffled ? shuffle(matching) : order(matching, plan.orders);
  let start = plan.offset;
  let end = start + plan.limit;
  if (plan.cursor !== null) {
    const { id, before } = plan.cursor;
    const at = ordered.findIndex((item) => item.$id === id);
    if (at < 0) throw new ApiError(400, 'general_cursor_not_found', `Cursor with ID '${id}' could not be found.`);
    checkCursorOrder(ordered[at], plan.orders);
    start = before ? Math.max(0, at - plan.limit) : at + 1 + plan.offset;
    end = before ? at : start + plan.limit;
  }
  return {
    total: withTotal ? Math.min(matching.length, MAX_TOTAL) : 0,
    items: ordered.slice(start, end),
    select: plan.select,
  };
}

/** Keeps the wanted fields; `$id` and the like are kept only when asked for or when everything is. */
export function selectFields(item: Item, select: readonly string[] | null, always: readonly string[] = []): Item {
  if (select === null || select.includes('*')) return item;
  const kept = new Set([...select, ...always]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => kept.has(name)));
}

function readPlan(queries: string[], rules: QueryRules): Plan {
  const plan: Plan = {
    ...{ filters: [], orders: [], limit: DEFAULT_PAGE, offset: 0 },
    ...{ cursor: null, select: null, shuffled: false },
  };
  for (const text of queries) {
    if (text.length > MAX_QUERY_CHARS)
      throw invalidArgument(`Invalid queries param: longer than ${MAX_QUERY_CHARS} characters`);
    addToPlan(plan, parseQuery(text), rules);
  }
  return plan;
}

function parseQuery(text: string): RawQuery {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalidQuery('Invalid query: Syntax error');
  }
  const query = RawQuery.safeParse(json);
  if (!query.success) throw invalidQuery('Invalid query: must be an object with method, attribute and values');
  return query.data;
}

function addToPlan(plan: Plan, query: RawQuery, rules: QueryRules): void {
  const [first] = query.values;
  switch (query.method) {
    case 'limit':
      plan.limit = count(first, 'limit');
      return;
    case 'offset':
      plan.offset = count(first, 'offset');
      return;
    case 'cursorAfter':
    case 'cursorBefore':
      plan.cursor = { id: String(first), before: query.method === 'cursorBefore' };
      return;
    case 'select':
      plan.select = query.values.map(String);
      return;
    case 'orderRandom':
      plan.shuffled = true;
      return;
    case 'orderAsc':
    case 'orderDesc': {
      const attribute = query.attribute === '' ? '$sequence' : query.attribute;
      checkAttribute(attribute, rules);
      plan.orders.push({ attribute, descending: query.method === 'orderDesc' });
      return;
    }
    default:
      plan.filters.push(checkFilter(query, rules));
  }
}

function count(value: unknown, method: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw invalidArgument(`Invalid \`queries\` param: Invalid ${method}: Value must be a valid range`);
  }
  return value;
}

function checkAttribute(name: string, rules: QueryRules): void {
  if (SYSTEM.has(name) || rules.attributes === null || rules.attributes.has(name)) return;
  throw invalidQuery(`Invalid query: Attribute not found in schema: ${name}`);
}

function checkFilter(query: RawQuery, rules: QueryRules): RawQuery {
  if (query.method === 'and' || query.method === 'or') {
    const nested = query.values.map((value) => {
      const parsed = RawQuery.safeParse(value);
      if (!parsed.success) throw invalidQuery(`Invalid query: ${query.method} holds query objects`);
      return checkFilter(parsed.data, rules);
    });
    return { ...query, values: nested };
  }
  if (!(query.method in TESTS)) throw invalidQuery(`Invalid query method: ${query.method}`);
  checkAttribute(query.attribute, rules);
  if (query.values.length > MAX_VALUES) {
    throw invalidQuery(`Invalid query: Query on attribute has greater than ${MAX_VALUES} values: ${query.attribute}`);
  }
  if (query.values.length === 0 && !/Null$|xists$/.test(query.method)) {
    throw invalidQuery(`Invalid query: ${query.method} queries require at least one value.`);
  }
  if (/search$/i.test(query.method) && rules.searchable !== undefined && !rules.searchable(query.attribute)) {
    throw invalidQuery(`Searching by attribute "${query.attribute}" requires a fulltext index.`);
  }
  checkShape(query, rules);
  const isDate = ['$createdAt', '$updatedAt'].includes(query.attribute) || rules.datetimes?.has(query.attribute);
  return isDate && !/Null$|xists$/.test(query.method) ? { ...query, values: query.values.map(asDate) } : query;
}

const LIST_METHODS = /^(contains|notContains|containsAny|containsAll|isNull|isNotNull|exists|notExists)$/;

/** Lists are searched with `contains` only; a value is of the attribute's type. */
function checkShape({ method, attribute, values }: RawQuery, rules: QueryRules): void {
  const shape = rules.shapeOf?.(attribute) ?? null;
  if (shape === null || /Null$|xists$/.test(method)) return;
  if (shape === 'list' && !LIST_METHODS.test(method)) {
    throw invalidQuery(`Invalid query: Cannot query ${method} on attribute "${attribute}" because it is an array.`);
  }
  if (/contains/i.test(method) && shape !== 'list' && shape !== 'text') {
    throw invalidQuery(
      `Invalid query: Cannot query ${method} on attribute "${attribute}" because it is not an array, string, or object.`,
    );
  }
  const wanted = { text: 'string', number: 'number', boolean: 'boolean', list: null, other: null }[shape];
  const odd = values.find((value) => wanted !== null && typeof value !== wanted);
  if (odd !== undefined) throw invalidQuery(`Invalid query: Query value is invalid for attribute "${attribute}"`);
}

function asDate(value: unknown): string {
  const epochMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(epochMs))
    throw invalidQuery(`Invalid query: Query value is invalid for a datetime: ${String(value)}`);
  return toWireDate(epochMs);
}

/** null sorts first; numbers and booleans by value, the rest as text. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  if (typeof a === 'string' || typeof b === 'string') {
    const [left, right] = [String(a), String(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return Number(a) - Number(b);
}

const text = (value: unknown): string => String(value ?? '');
const equals = (item: unknown, wanted: unknown): boolean =>
  Array.isArray(item) ? item.includes(wanted) : item === wanted || (item !== null && text(item) === text(wanted));

/** A whole item of a list, or a part of a text. */
const holds = (value: unknown, wanted: unknown): boolean =>
  Array.isArray(value) ? value.includes(wanted) : text(value).includes(text(wanted));

type Test = (value: unknown, wanted: unknown[]) => boolean;
const known = (value: unknown): boolean => value !== null && value !== undefined;
const TESTS: Record<string, Test> = {
  equal: (value, wanted) => wanted.some((one) => equals(value, one)),
  notEqual: (value, wanted) => known(value) && wanted.every((one) => !equals(value, one)),
  lessThan: (value, [limit]) => known(value) && compare(value, limit) < 0,
  lessThanEqual: (value, [limit]) => known(value) && compare(value, limit) <= 0,
  greaterThan: (value, [limit]) => known(value) && compare(value, limit) > 0,
  greaterThanEqual: (value, [limit]) => known(value) && compare(value, limit) >= 0,
  between: (value, [low, high]) => known(value) && compare(value, low) >= 0 && compare(value, high) <= 0,
  contains: (value, wanted) => wanted.some((one) => holds(value, one)),
  containsAny: (value, wanted) => wanted.some((one) => holds(value, one)),
  containsAll: (value, wanted) => wanted.every((one) => holds(value, one)),
  notContains: (value, wanted) => !wanted.some((one) => holds(value, one)),
  startsWith: (value, [start]) => text(value).startsWith(text(start)),
  endsWith: (value, [end]) => text(value).endsWith(text(end)),
  search: (value, [wanted]) => text(value).toLowerCase().includes(text(wanted).toLowerCase()),
  notBetween: (value, [low, high]) => known(value) && (compare(value, low) < 0 || compare(value, high) > 0),
  notStartsWith: (value, [start]) => !text(value).startsWith(text(start)),
  notEndsWith: (value, [end]) => !text(value).endsWith(text(end)),
  notSearch: (value, [wanted]) => !text(value).toLowerCase().includes(text(wanted).toLowerCase()),
  isNull: (value) => !known(value),
  isNotNull: known,
  exists: known,
  notExists: (value) => !known(value),
};

function matches(item: Item, filter: RawQuery): boolean {
  const nested = () => filter.values.map((value) => matches(item, RawQuery.parse(value)));
  if (filter.method === 'and') return nested().every(Boolean);
  if (filter.method === 'or') return nested().some(Boolean);
  return TESTS[filter.method]?.(item[filter.attribute], filter.values) ?? false;
}

function shuffle<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function order<T extends Item>(items: readonly T[], orders: Plan['orders']): T[] {
  return [...items].sort((a, b) => {
    for (const { attribute, descending } of orders) {
      const result =
        attribute === '$sequence' ? Number(a.$sequence) - Number(b.$sequence) : compare(a[attribute], b[attribute]);
      if (result !== 0) return descending ? -result : result;
    }
    return 0;
  });
}

function checkCursorOrder(cursor: Item | undefined, orders: Plan['orders']): void {
  const empty = orders.find(({ attribute }) => cursor !== undefined && !known(cursor[attribute]));
  if (empty === undefined || empty.attribute === '$sequence') return;
  throw new ApiError(
    400,
    'database_query_order_null',
    `Order attribute "${empty.attribute}" must not contain null values.`,
  );
}
