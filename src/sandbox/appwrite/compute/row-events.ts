import type { Reply, Route } from '../http/router.ts';
import type { Store } from '../store.ts';
import { rowKind } from '../tables/schema.ts';
import type { Operation } from '../tables/transactions.ts';
import { stagedOperations } from '../tables/transactions.ts';
import type { ProjectEvent } from './events.ts';

type Emit = (event: ProjectEvent) => void;
type Raw = Record<string, unknown>;
type Written = Omit<ProjectEvent, 'userId'>;

const ROWS = '/tablesdb/:databaseId/tables/:tableId/rows';
const ROW = `${ROWS}/:rowId`;

/** What a route does to rows, in the words of events. */
const ACTIONS: Readonly<Record<string, string>> = {
  [`POST ${ROWS}`]: 'create',
  [`PUT ${ROWS}`]: 'upsert',
  [`PATCH ${ROWS}`]: 'update',
  [`DELETE ${ROWS}`]: 'delete',
  [`PUT ${ROW}`]: 'upsert',
  [`PATCH ${ROW}`]: 'update',
  [`DELETE ${ROW}`]: 'delete',
  [`PATCH ${ROW}/:column/increment`]: 'update',
  [`PATCH ${ROW}/:column/decrement`]: 'update',
};
const COMMIT = 'PATCH /tablesdb/transactions/:transactionId';
const STAGED: Partial<Record<Operation['action'], string>> = {
  ...{ create: 'create', update: 'update', upsert: 'upsert', delete: 'delete' },
  ...{ increment: 'update', decrement: 'update' },
};

/** The routes, those that write rows telling so after they did; what is only staged is told by its commit. */
export function withRowEvents(routes: readonly Route[], store: Store, emit: Emit): Route[] {
  return routes.map((route) => {
    const verb = `${route.method} ${route.path}`;
    const action = ACTIONS[verb];
    if (action === undefined && verb !== COMMIT) return route;
    return {
      ...route,
      run: async (raw, call) => {
        const before = action === undefined ? committed(store, raw) : deleted(store, raw, action);
        const reply = await route.run(raw, call);
        const written = action === undefined ? before : [...before, ...answered(raw, action, reply)];
        const userId = call.caller.kind === 'user' ? call.caller.userId : '';
        for (const event of isStaged(raw, action) ? [] : written) emit({ ...event, userId });
        return reply;
      },
    };
  });
}

function isStaged(raw: Raw, action: string | undefined): boolean {
  return action !== undefined && typeof raw.transactionId === 'string' && raw.transactionId !== '';
}

function written(raw: Raw, rowId: string, action: string, payload: unknown): Written {
  return { name: `databases.${raw.databaseId}.tables.${raw.tableId}.rows.${rowId}.${action}`, payload };
}

/** Rows that the answer holds: one, or a list of them. */
function answered(raw: Raw, action: string, { body }: Reply): Written[] {
  if (typeof body !== 'object' || body === null) return [];
  const rows: unknown[] = 'rows' in body && Array.isArray(body.rows) ? body.rows : [body];
  return rows.map((row) => written(raw, String(Reflect.get(Object(row), '$id')), action, row));
}

/** A single row that goes is not in the answer. */
function deleted(store: Store, raw: Raw, action: string): Written[] {
  if (action !== 'delete' || typeof raw.rowId !== 'string') return [];
  const { databaseId, tableId, rowId } = raw;
  const row = store.get(rowKind, `${databaseId}/${tableId}`, rowId);
  const payload = { $id: rowId, $databaseId: databaseId, $tableId: tableId, ...row?.data };
  return [written(raw, rowId, action, payload)];
}

/** What the commit will do to single rows that are named. */
function committed(store: Store, raw: Raw): Written[] {
  if (raw.commit !== true && raw.commit !== 'true') return [];
  return stagedOperations(store, String(raw.transactionId)).flatMap((operation) => {
    const { databaseId, tableId, rowId, data } = operation;
    const action = STAGED[operation.action];
    if (action === undefined || rowId === null) return [];
    const payload = { $id: rowId, $databaseId: databaseId, $tableId: tableId, ...Object(data) };
    return [written({ databaseId, tableId }, rowId, action, payload)];
  });
}
