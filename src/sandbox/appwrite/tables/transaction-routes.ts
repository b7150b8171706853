import * as z from 'zod';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import { newId, toWireDate, wireNow } from '../http/wire.ts';
import { applyQueries } from '../query.ts';
import type { Store } from '../store.ts';
import { refuseRelationships } from './bulk-writes.ts';
import { badRequest } from './columns.ts';
import { givenPermissions, openTable, requireKey, requireRow, requireUse } from './row-access.ts';
import { rowKind, rowParent } from './schema.ts';
import { ROWS_READ, ROWS_WRITE } from './scopes.ts';
import type { Operation, Transaction } from './transactions.ts';
import {
  ACTIONS,
  commit,
  isBulk,
  previewOperation,
  previewStaged,
  removeTransaction,
  requirePending,
  requireTransaction,
  saveTransaction,
  stage,
  transactionKind,
} from './transactions.ts';

const TRANSACTIONS = '/tablesdb/transactions';
const DEFAULT_LIFE_SECONDS = 300;

const operationParam = z.object({
  action: z.enum(ACTIONS),
  databaseId: p.idParam,
  tableId: p.idParam,
  rowId: p.orElse(p.newIdParam.nullable(), null),
  data: z.unknown().optional(),
});

function present(id: string, transaction: Transaction) {
  return {
    $id: id,
    $createdAt: transaction.createdAt,
    $updatedAt: transaction.updatedAt,
    status: transaction.status,
    operations: transaction.operations,
    expiresAt: toWireDate(transaction.expiresAtMs),
  };
}

/** What the caller may not do is refused at once; what cannot be done, by the commit. */
function checkOperation(store: Store, caller: Caller, operation: Operation): void {
  const table = openTable(store, operation, caller);
  if (isBulk(operation.action)) {
    requireKey(caller);
    refuseRelationships(table);
    return;
  }
  const { action, rowId, data } = operation;
  if (action !== 'create' && rowId === null) throw badRequest(`Row ID is required for ${action} operations`);
  const stored = store.find(rowKind, rowParent(table), rowId ?? '');
  if (action === 'create' || (action === 'upsert' && stored === null)) requireUse(table, null, 'create', caller);
  else {
    const row = requireRow(store, table, rowId ?? '');
    requireUse(table, row.value, action === 'delete' ? 'delete' : 'update', caller);
  }
  const permissions = z.object({ $permissions: p.permissionsParam }).safeParse(data);
  if (permissions.success) givenPermissions(permissions.data.$permissions, caller);
}

function operationsRoute(store: Store, now: () => number): Route {
  return route(`POST ${TRANSACTIONS}/:transactionId/operations`, {
    scopes: ROWS_WRITE,
    params: { transactionId: p.idParam, operations: p.orElse(p.listParam(operationParam), []) },
    handler: ({ params, caller }) => {
      const { transactionId } = params;
      if (params.operations.length === 0) throw badRequest('Operations array cannot be empty');
      const transaction = requirePending(store, transactionId, caller, now);
      const operations = params.operations.map((one): Operation => ({ ...one, data: one.data ?? {} }));
      // Each one may rely on what was staged before it.
      store.preview(() => {
        const touched = previewStaged(store, transactionId);
        for (const operation of operations) {
          checkOperation(store, caller, operation);
          previewOperation(store, operation, touched);
        }
      });
      return { status: 201, body: present(transactionId, stage(store, transactionId, transaction, operations)) };
    },
  });
}

function updateRoute(store: Store, now: () => number): Route {
  return route(`PATCH ${TRANSACTIONS}/:transactionId`, {
    scopes: ROWS_WRITE,
    params: {
      transactionId: p.idParam,
      commit: p.orElse(p.boolParam, false),
      rollback: p.orElse(p.boolParam, false),
    },
    handler: ({ params, caller }) => {
      const { transactionId: id } = params;
      if (!params.commit && !params.rollback) throw badRequest('Either commit or rollback must be true');
      if (params.commit && params.rollback) throw badRequest('Cannot commit and rollback at the same time');
      const pending = requirePending(store, id, caller, now);
      const ended = params.commit
        ? commit(store, id, pending)
        : saveTransaction(store, id, { ...pending, status: 'failed' });
      return { status: 200, body: present(id, ended) };
    },
  });
}

export function transactionRoutes(store: Store, now: () => number): Route[] {
  const byId = { transactionId: p.idParam };
  return [
    route(`GET ${TRANSACTIONS}`, {
      scopes: ROWS_READ,
      params: { queries: p.queriesParam },
      handler: ({ params, caller }) => {
        const mine = store
          .list(transactionKind, '')
          .filter(({ value }) => caller.kind === 'key' || (caller.kind === 'user' && value.owner === caller.userId))
          .map(({ id, value }) => present(id, value));
        const page = applyQueries(mine, params.queries, { attributes: new Set(['status', 'expiresAt']) });
        return { status: 200, body: { total: page.total, transactions: page.items } };
      },
    }),
    route(`POST ${TRANSACTIONS}`, {
      scopes: ROWS_WRITE,
      params: { ttl: p.orElse(p.intParam(60, 3600), DEFAULT_LIFE_SECONDS) },
      handler: ({ params, caller }) => {
        const id = newId();
        const times = { expiresAtMs: now() + params.ttl * 1000, createdAt: wireNow(), updatedAt: wireNow() };
        const owner = caller.kind === 'user' ? caller.userId : null;
        const made: Transaction = { status: 'pending', operations: 0, owner, ...times };
        store.insert(transactionKind, '', id, made);
        return { status: 201, body: present(id, made) };
      },
    }),
    route(`GET ${TRANSACTIONS}/:transactionId`, {
      scopes: ROWS_READ,
      params: byId,
      handler: ({ params, caller }) => {
        const { transactionId: id } = params;
        return { status: 200, body: present(id, requireTransaction(store, id, caller)) };
      },
    }),
    updateRoute(store, now),
    route(`DELETE ${TRANSACTIONS}/:transactionId`, {
      scopes: ROWS_WRITE,
      params: byId,
      handler: ({ params, caller }) => {
        requireTransaction(store, params.transactionId, caller);
        removeTransaction(store, params.transactionId);
        return { status: 204 };
      },
    }),
    operationsRoute(store, now),
  ];
}
