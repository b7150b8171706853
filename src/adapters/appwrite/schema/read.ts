import * as z from 'zod';
import type { Clock } from '../../../core/ports.ts';
import { tableIdsOf } from '../claims.ts';
import { refusal } from '../failures.ts';
import { isMarkTable } from '../places.ts';
import type { Caller, Sdk } from '../sdk.ts';
import { ColumnState, IndexState, type PresentTable, TableState } from './state.ts';

export interface SchemaContext {
  caller: Caller;
  clock: Clock;
  pollMs: number;
  databaseId: string;
  signal: AbortSignal;
}

/** Null when there is none. */
export async function readTable(context: SchemaContext, tableId: string): Promise<TableState | null> {
  const { databaseId, signal } = context;
  const work = (sdk: Sdk) => sdk.tablesDB.getTable({ databaseId, tableId });
  const table = await context.caller.find(`reading table ${tableId}`, work, signal);
  return table === null ? null : TableState.parse(table);
}

/** The table and whether it has rows, which a diff needs. */
export async function readPresent(context: SchemaContext, tableId: string): Promise<PresentTable | null> {
  const table = await readTable(context, tableId);
  return table === null ? null : { ...table, isEmpty: !(await hasRows(context, tableId, null)) };
}

export async function readColumns(context: SchemaContext, tableId: string): Promise<ColumnState[]> {
  const { databaseId, signal } = context;
  const work = (sdk: Sdk) => sdk.tablesDB.listColumns({ databaseId, tableId, queries: [sdk.Query.limit(1000)] });
  const answer = await context.caller.call(`listing the columns of ${tableId}`, work, signal);
  return z.array(ColumnState).parse(answer.columns);
}

export async function readIndexes(context: SchemaContext, tableId: string): Promise<IndexState[]> {
  const { databaseId, signal } = context;
  const work = (sdk: Sdk) => sdk.tablesDB.listIndexes({ databaseId, tableId, queries: [sdk.Query.limit(1000)] });
  const answer = await context.caller.call(`listing the indexes of ${tableId}`, work, signal);
  return z.array(IndexState).parse(answer.indexes);
}

/** True also when the server does not say, so that nothing is taken for empty that may not be. Null asks about any row. */
export async function hasRows(context: SchemaContext, tableId: string, withValueOf: string | null): Promise<boolean> {
  const { databaseId, signal } = context;
  const work = ({ tablesDB, Query }: Sdk) => {
    const filter = withValueOf === null ? [] : [Query.isNotNull(withValueOf)];
    return tablesDB.listRows({ databaseId, tableId, queries: [...filter, Query.limit(1)], total: false });
  };
  const rows = await context.caller.find(`looking for rows of ${tableId}`, work, signal).catch((error: unknown) => {
    if (refusal(error) === null) throw error;
    return null;
  });
  return rows === null || rows.rows.length > 0;
}

/** Ids of the tables; at most 5,000. What only marks the database is none of them. */
export async function listTableIds({ caller, databaseId, signal }: SchemaContext): Promise<string[]> {
  return (await tableIdsOf(caller, databaseId, signal)).filter((id) => !isMarkTable(id));
}
