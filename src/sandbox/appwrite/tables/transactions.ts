import * as z from 'zod';
import { ApiError, notFound } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Reply } from '../http/router.ts';
import { newId, preciseNow, wireNow } from '../http/wire.ts';
import type { Store, Stored } from '../store.ts';
import { kind } from '../store.ts';
import { changeMany, insertMany, matchingRows, refuseRelationships, removeMany, upsertMany } from './bulk-writes.ts';
import { badRequest } from './columns.ts';
import { requireRow } from './row-access.ts';
import type { Data } from './row-writes.ts';
import { addToColumn, bulkPermissions, changeRow, insertRow, removeRow, upsertRow } from './row-writes.ts';
import type { Row, Table } from './schema.ts';
import { requireTable, rowKind, rowParent } from './schema.ts';

const MAX_OPERATIONS = 100;

const ROW_ACTIONS = ['create', 'update', 'upsert', 'delete', 'increment', 'decrement'] as const;
const BULK_ACTIONS = ['bulkCreate', 'bulkUpdate', 'bulkUpsert', 'bulkDelete'] as const;
export const ACTIONS = [...ROW_ACTIONS, ...BULK_ACTIONS] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

export function isBulk(action: (typeof ACTIONS)[number]): boolean {
  return BULK_ACTIONS.some((one) => one === action);
}

/** What a transaction is asked to do; `data` depends on the action. */
export interface Operation {
  action: (typeof ACTIONS)[number];
  databaseId: string;
  tableId: string;
  /** Null for many rows, and for a new one whose id does not matter. */
  rowId: string | null;
  data: unknown;
}

export interface Transaction {
  status: 'pending' | 'committing' | 'committed' | 'failed';
  operations: number;
  /** The user who may see it besides the keys; null for a key's own. */
  owner: string | null;
  /** Milliseconds since the epoch. */
  expiresAtMs: number;
  createdAt: string;
  updatedAt: string;
}

export const transactionKind = kind<Transaction>('transaction');
const operationKind = kind<Operation & { stagedAtMs: number }>('transaction-operation');
export const transactionParam = p.orElse(p.idParam.nullable(), null);

export function requireTransaction(store: Store, id: string, caller: Caller): Transaction {
  const found = store.get(transactionKind, '', id);
  const mine = caller.kind === 'key' || (caller.kind === 'user' && caller.userId === found?.owner);
  if (found === null || !mine) throw notFound('transaction', id);
  return found;
}

export function requirePending(store: Store, id: string, caller: Caller, now: () => number): Transaction {
  const found = requireTransaction(store, id, caller);
  if (found.status !== 'pending') {
    throw new ApiError(400, 'transaction_not_ready', 'The transaction is not ready to be changed: it has ended.');
  }
  if (now() > found.expiresAtMs) {
    throw new ApiError(410, 'transaction_expired', 'The transaction has expired. Please create a new transaction.');
  }
  return found;
}

export function saveTransaction(store: Store, id: string, transaction: Transaction): Transaction {
  const next = { ...transaction, updatedAt: wireNow() };
  store.put(transactionKind, '', id, next);
  return next;
}

export function removeTransaction(store: Store, id: string): void {
  store.removeAll(operationKind, id);
  store.remove(transactionKind, '', id);
}

export function stage(store: Store, id: string, transaction: Transaction, staged: readonly Operation[]): Transaction {
  const operations = transaction.operations + staged.length;
  if (operations > MAX_OPERATIONS) {
    throw new ApiError(
      400,
      'transaction_limit_exceeded',
      `Transaction already has ${transaction.operations} operations, adding ${staged.length} would exceed the maximum of ${MAX_OPERATIONS}`,
    );
  }
  return store.atomically(() => {
    for (const operation of staged) {
      store.insert(operationKind, id, newId(), { ...operation, stagedAtMs: preciseNow() });
    }
    return saveTransaction(store, id, { ...transaction, operations });
  });
}

/**
 * Does the work as if what is staged had been committed, and undoes it all; then stages what the work asks for.
 * Without a transaction the work is simply done.
 */
export function withinTransaction(
  store: Store,
  id: string | null,
  caller: Caller,
  now: () => number,
  work: () => Reply & { staged?: readonly Operation[] },
): Reply {
  if (id === null) return work();
  const transaction = requirePending(store, id, caller, now);
  const { staged = [], ...reply } = store.preview(() => {
    previewStaged(store, id);
    return work();
  });
  if (staged.length > 0) stage(store, id, transaction, staged);
  return reply;
}

/** In the order in which a commit does them. */
export function stagedOperations(store: Store, id: string): Operation[] {
  return store.list(operationKind, id).map(({ value }) => value);
}

/** Ids of the rows that are written by what is staged. */
export function previewStaged(store: Store, id: string): Set<string> {
  const touched = new Set<string>();
  for (const { value } of store.list(operationKind, id)) previewOperation(store, value, touched);
  return touched;
}

/** What cannot be done is found out by the commit, not by whoever looks. */
export function previewOperation(store: Store, operation: Operation, touched: Set<string>): void {
  try {
    store.atomically(() => apply(store, { stagedAtMs: preciseNow(), ...operation }, touched));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

/** Does everything that is staged, in order, or nothing. */
export function commit(store: Store, id: string, transaction: Transaction): Transaction {
  try {
    return store.atomically(() => {
      const touched = new Set<string>();
      for (const { value } of store.list(operationKind, id)) apply(store, value, touched);
      return saveTransaction(store, id, { ...transaction, status: 'committed' });
    });
  } catch (error) {
    saveTransaction(store, id, { ...transaction, status: 'failed' });
    if (error instanceof ApiError && error.status === 409) throw conflict();
    throw error;
  }
}

function conflict(): ApiError {
  return new ApiError(409, 'transaction_conflict', 'The transaction has a conflict. Please try again with a new one.');
}

const Bulk = z.object({ data: p.orElse(p.objectParam, {}), queries: p.queriesParam });
const Rows = z.array(p.objectParam);
const Increment = z.object({
  column: z.string().optional(),
  attribute: z.string().optional(),
  value: p.orElse(z.number(), 1),
  min: p.orElse(z.number().nullable(), null),
  max: p.orElse(z.number().nullable(), null),
});

function parse<S extends z.ZodType>(schema: S, { action, data }: Operation): z.output<S> {
  const result = schema.safeParse(data);
  if (!result.success) throw badRequest(`Invalid data of the operation ${action}.`);
  return result.data;
}

/** `touched` are the rows that earlier operations of the same transaction have written. */
function apply(store: Store, operation: Operation & { stagedAtMs: number }, touched: Set<string>): void {
  const table = requireTable(store, operation.databaseId, operation.tableId);
  if (isBulk(operation.action)) applyBulk(store, table, operation, touched);
  else applyToRow(store, table, operation, touched);
}

function applyToRow(
  store: Store,
  table: Table,
  operation: Operation & { stagedAtMs: number },
  touched: Set<string>,
): void {
  const rowId = operation.rowId ?? newId();
  const mark = `${rowParent(table)}/${rowId}`;
  const stored = store.find(rowKind, rowParent(table), rowId);
  if (stored !== null && operation.action !== 'create') refuseChanged(stored, mark, operation.stagedAtMs, touched);
  const input = () => {
    const data: Data = parse(p.objectParam, operation);
    return { rowId, data, permissions: bulkPermissions(data), privileged: true };
  };
  switch (operation.action) {
    case 'create':
      insertRow(store, table, input());
      break;
    case 'update':
      changeRow(store, table, requireRow(store, table, rowId), input());
      break;
    case 'upsert':
      upsertRow(store, table, input());
      break;
    case 'delete':
      requireRow(store, table, rowId);
      removeRow(store, table, rowId);
      break;
    default: {
      const { column, attribute, value, min, max } = parse(Increment, operation);
      const delta = operation.action === 'increment' ? value : -value;
      addToColumn(store, table, requireRow(store, table, rowId), { key: column ?? attribute ?? '', delta, min, max });
    }
  }
  touched.add(mark);
}

function applyBulk(
  store: Store,
  table: Table,
  operation: Operation & { stagedAtMs: number },
  touched: Set<string>,
): void {
  refuseRelationships(table);
  const settled = (rows: readonly Stored<Row>[]) => {
    for (const stored of rows) {
      refuseChanged(stored, `${rowParent(table)}/${stored.id}`, operation.stagedAtMs, touched);
      touched.add(`${rowParent(table)}/${stored.id}`);
    }
    return rows;
  };
  if (operation.action === 'bulkCreate' || operation.action === 'bulkUpsert') {
    const rows = parse(Rows, operation);
    if (operation.action === 'bulkUpsert') {
      settled(rows.flatMap(({ $id }) => store.find(rowKind, rowParent(table), String($id)) ?? []));
    }
    const made = operation.action === 'bulkCreate' ? insertMany(store, table, rows) : upsertMany(store, table, rows);
    for (const { id } of made) touched.add(`${rowParent(table)}/${id}`);
    return;
  }
  const { data, queries } = parse(Bulk, operation);
  const rows = settled(matchingRows(store, table, queries));
  if (operation.action === 'bulkUpdate') changeMany(store, table, rows, data);
  else removeMany(store, table, rows);
}

/** Somebody else has written the row since the operation was staged. */
function refuseChanged(stored: Stored<Row>, mark: string, stagedAtMs: number, touched: ReadonlySet<string>): void {
  const changedAtMs = stored.value.touchedAtMs ?? Date.parse(stored.value.updatedAt);
  if (!touched.has(mark) && changedAtMs > stagedAtMs) throw conflict();
}

/** What a staged write is answered with: the server knows no more before the commit. */
export function mockRow(table: Table, rowId: string, data: Data): Data {
  const { id, databaseId } = table;
  const known = { $id: rowId, $sequence: '', $databaseId: databaseId, $tableId: id };
  return { ...known, $createdAt: '', $updatedAt: '', $permissions: [], ...data };
}
