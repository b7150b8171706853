import { ApiError } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import * as p from '../http/params.ts';
import type { Reply, Route } from '../http/router.ts';
import { route } from '../http/router.ts';
import type { Store, Stored } from '../store.ts';
import { changeMany, insertMany, matchingRows, refuseRelationships, removeMany, upsertMany } from './bulk-writes.ts';
import { openTable, requireKey } from './row-access.ts';
import type { Data } from './row-writes.ts';
import { presentRow } from './row-writes.ts';
import type { Row, Table } from './schema.ts';
import { ROWS_WRITE } from './scopes.ts';
import type { BulkAction } from './transactions.ts';
import { mockRow, transactionParam, withinTransaction } from './transactions.ts';

const ROWS = '/tablesdb/:databaseId/tables/:tableId/rows';
const place = { databaseId: p.idParam, tableId: p.idParam };

interface Bulk {
  databaseId: string;
  tableId: string;
  transactionId: string | null;
}

interface BulkWork {
  status: number;
  action: BulkAction;
  data: unknown;
  /** Answered while the work is only staged. */
  mocks(table: Table): unknown[];
  work(table: Table): readonly Stored<Row>[];
}

function answer(store: Store, bulk: Bulk, caller: Caller, now: () => number, wanted: BulkWork): Reply {
  requireKey(caller);
  const table = openTable(store, bulk, caller);
  refuseRelationships(table);
  return withinTransaction(store, bulk.transactionId, caller, now, () => {
    if (bulk.transactionId !== null) {
      const { databaseId, tableId } = bulk;
      const rows = wanted.mocks(table);
      const operation = { action: wanted.action, databaseId, tableId, rowId: null, data: wanted.data };
      return { status: wanted.status, body: { total: rows.length, rows }, staged: [operation] };
    }
    const rows = wanted.work(table).map((stored) => presentRow(store, table, stored, null));
    return { status: wanted.status, body: { total: rows.length, rows } };
  });
}

export function createRows(store: Store, bulk: Bulk & { rows: Data[] }, caller: Caller, now: () => number): Reply {
  return answer(store, bulk, caller, now, {
    status: 201,
    action: 'bulkCreate',
    data: bulk.rows,
    mocks: (table) => bulk.rows.map((row) => mockRow(table, String(row.$id ?? ''), row)),
    work: (table) => insertMany(store, table, bulk.rows),
  });
}

export function bulkRowRoutes(store: Store, now: () => number): Route[] {
  const params = { ...place, transactionId: transactionParam };
  const rows = p.listParam(p.objectParam);
  return [
    route(`PUT ${ROWS}`, {
      scopes: ROWS_WRITE,
      params: { ...params, rows },
      handler: ({ params, caller }) =>
        answer(store, params, caller, now, {
          status: 201,
          action: 'bulkUpsert',
          data: params.rows,
          mocks: () => [],
          work: (table) => upsertMany(store, table, params.rows),
        }),
    }),
    route(`PATCH ${ROWS}`, {
      scopes: ROWS_WRITE,
      params: { ...params, data: p.orElse(p.objectParam, {}), queries: p.queriesParam },
      handler: ({ params, caller }) => {
        const { data, queries } = params;
        if (Object.keys(data).length === 0) throw new ApiError(400, 'row_missing_payload', 'The row data is missing.');
        return answer(store, params, caller, now, {
          status: 200,
          action: 'bulkUpdate',
          data: { data, queries },
          mocks: () => [],
          work: (table) => changeMany(store, table, matchingRows(store, table, queries), data),
        });
      },
    }),
    route(`DELETE ${ROWS}`, {
      scopes: ROWS_WRITE,
      params: { ...params, queries: p.queriesParam },
      handler: ({ params, caller }) =>
        answer(store, params, caller, now, {
          status: 200,
          action: 'bulkDelete',
          data: { queries: params.queries },
          mocks: () => [],
          work: (table) => {
            const gone = matchingRows(store, table, params.queries);
            removeMany(store, table, gone);
            return gone;
          },
        }),
    }),
  ];
}
