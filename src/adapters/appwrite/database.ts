import type { TablesDBIndexType } from 'node-appwrite';
import * as z from 'zod';
import type { Clock } from '../../core/ports.ts';
import type { TableNeed } from '../../protocol/deployment-needs.ts';
import { AppError } from '../../protocol/errors.ts';
import { sameSet } from './same-set.ts';
import type { Caller, Sdk } from './sdk.ts';
import { isConflict } from './sdk.ts';
import { waitUntil } from './wait.ts';

/** The vendor's own client waits 30 times 2 s for columns. */
const AVAILABLE_DEADLINE_MS = 60_000;
const DEFAULT_TEXT_CHARS = 255;
const MAX_INDEXED_CHARS = 767;
const TEXT_TYPES: ReadonlySet<string> = new Set(['string', 'varchar', 'text', 'mediumtext', 'longtext']);

/** What of the vendor's columns and indexes is relied on. */
const State = z.object({ key: z.string(), type: z.string(), status: z.string(), error: z.string().nullish() });
type State = z.infer<typeof State>;
const TableState = z.object({
  name: z.string(),
  $permissions: z.array(z.string()),
  rowSecurity: z.boolean(),
  enabled: z.boolean(),
  columns: z.array(State).default([]),
  indexes: z.array(State).default([]),
});
type TableState = z.infer<typeof TableState>;

export interface SchemaContext {
  caller: Caller;
  clock: Clock;
  pollMs: number;
  databaseId: string;
  signal: AbortSignal;
  /** Receives a line for each thing that was made or changed. */
  note(line: string): void;
}

/** Finds or creates the table, then adds what it lacks. Never drops or retypes a column. */
export async function ensureTable(context: SchemaContext, need: TableNeed): Promise<void> {
  const existing = await readTable(context, need.id);
  const table = existing ?? (await createTable(context, need));
  if (existing !== null) await updateTable(context, need, existing);
  for (const column of need.columns) {
    const present = table.columns.find(({ key }) => key === column.key);
    if (present === undefined) await createColumn(context, need.id, column);
    else refuseOtherType(need, column, present);
  }
  await waitAvailable(
    context,
    need,
    'columns',
    need.columns.map(({ key }) => key),
  );
  for (const index of need.indexes) {
    if (!table.indexes.some(({ key }) => key === index.key)) await createIndex(context, need, index);
  }
  await waitAvailable(
    context,
    need,
    'indexes',
    need.indexes.map(({ key }) => key),
  );
}

async function readTable(context: SchemaContext, tableId: string): Promise<TableState | null> {
  const { databaseId, signal } = context;
  const work = (sdk: Sdk) => sdk.tablesDB.getTable({ databaseId, tableId });
  const table = await context.caller.find(`reading table ${tableId}`, work, signal);
  return table === null ? null : TableState.parse(table);
}

async function createTable(context: SchemaContext, need: TableNeed): Promise<TableState> {
  const { databaseId, signal } = context;
  const work = (sdk: Sdk) =>
    sdk.tablesDB.createTable({
      databaseId,
      tableId: need.id,
      name: need.name,
      permissions: need.permissions,
      columns: need.columns.map(({ key, type, size, required }) => ({
        key,
        type,
        required,
        ...(type === 'string' ? { size: size ?? DEFAULT_TEXT_CHARS } : {}),
      })),
      indexes: need.indexes.map((index) => ({
        key: index.key,
        type: index.type,
        attributes: index.columns,
        ...lengthsOf(need, index),
      })),
    });
  try {
    const table = TableState.parse(await context.caller.call(`creating table ${need.id}`, work, signal));
    context.note(`created table ${need.id}`);
    return table;
  } catch (error) {
    if (!isConflict(error)) throw error;
    const table = await readTable(context, need.id);
    if (table === null) throw error;
    return table;
  }
}

/** The call replaces what it does not name, so it names everything. */
async function updateTable(context: SchemaContext, need: TableNeed, table: TableState): Promise<void> {
  const permissions = expandWrite(need.permissions);
  if (sameSet(table.$permissions, permissions) && table.name === need.name) return;
  const { rowSecurity, enabled } = table;
  const { databaseId, signal } = context;
  const change = { databaseId, tableId: need.id, name: need.name, permissions, rowSecurity, enabled };
  await context.caller.call(`updating table ${need.id}`, (sdk) => sdk.tablesDB.updateTable(change), signal);
  context.note(`updated table ${need.id}`);
}

/** The server stores `write` as its parts. */
function expandWrite(permissions: readonly string[]): string[] {
  return permissions.flatMap((permission) =>
    permission.startsWith('write(')
      ? ['create', 'update', 'delete'].map((verb) => verb + permission.slice('write'.length))
      : [permission],
  );
}

type ColumnNeed = TableNeed['columns'][number];
type IndexNeed = TableNeed['indexes'][number];

function refuseOtherType(table: TableNeed, wanted: ColumnNeed, present: State): void {
  const same = present.type === wanted.type || (wanted.type === 'string' && TEXT_TYPES.has(present.type));
  if (same) return;
  throw new AppError({
    code: 'deployment_failed',
    message: `column ${table.id}.${wanted.key} is ${present.type}, wanted ${wanted.type}`,
    userMessage: `Column "${wanted.key}" of table "${table.id}" exists with type ${present.type}, but the plan needs ${wanted.type}. Appwrite cannot change a type in place: give the column another name in the plan, or delete it in the Appwrite console if its data may go.`,
  });
}

async function createColumn(context: SchemaContext, tableId: string, column: ColumnNeed): Promise<void> {
  const { databaseId, signal } = context;
  const base = { databaseId, tableId, key: column.key, required: column.required };
  const work = async (sdk: Sdk): Promise<unknown> => {
    switch (column.type) {
      case 'string':
        return sdk.tablesDB.createStringColumn({ ...base, size: column.size ?? DEFAULT_TEXT_CHARS });
      case 'integer':
        return sdk.tablesDB.createIntegerColumn(base);
      case 'double':
        return sdk.tablesDB.createFloatColumn(base);
      case 'boolean':
        return sdk.tablesDB.createBooleanColumn(base);
      case 'datetime':
        return sdk.tablesDB.createDatetimeColumn(base);
    }
  };
  await unlessThere(context.caller.call(`creating column ${tableId}.${column.key}`, work, signal));
  context.note(`created column ${tableId}.${column.key}`);
}

async function createIndex(context: SchemaContext, need: TableNeed, index: IndexNeed): Promise<void> {
  const { databaseId, signal } = context;
  // The enum's values are these strings; the enum itself would load the library now.
  const type = index.type as TablesDBIndexType;
  const wanted = {
    databaseId,
    tableId: need.id,
    key: index.key,
    type,
    columns: index.columns,
    ...lengthsOf(need, index),
  };
  const work = (sdk: Sdk) => sdk.tablesDB.createIndex(wanted);
  await unlessThere(context.caller.call(`creating index ${need.id}.${index.key}`, work, signal));
  context.note(`created index ${need.id}.${index.key}`);
}

/** Long text is indexed by its first part only: all indexed characters together have a limit. */
function lengthsOf(need: TableNeed, index: IndexNeed): { lengths?: number[] } {
  if (index.type === 'fulltext') return {};
  const sizes = index.columns.map((key) => {
    const column = need.columns.find((candidate) => candidate.key === key);
    return column?.type === 'string' ? (column.size ?? DEFAULT_TEXT_CHARS) : 0;
  });
  if (sizes.reduce((sum, size) => sum + size, 0) <= MAX_INDEXED_CHARS) return {};
  const share = Math.floor(MAX_INDEXED_CHARS / sizes.filter((size) => size > 0).length);
  return { lengths: sizes.map((size) => Math.min(size, share)) };
}

/** A conflict means an earlier attempt made it; the wait that follows reads it back. */
async function unlessThere(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

async function waitAvailable(
  context: SchemaContext,
  table: TableNeed,
  what: 'columns' | 'indexes',
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  await waitUntil(
    {
      clock: context.clock,
      pollMs: context.pollMs,
      deadlineMs: AVAILABLE_DEADLINE_MS,
      what: `The ${what} of table "${table.id}" becoming available`,
      remedy: 'Look at the table in the Appwrite console, then resume the run.',
      look: async () => {
        const states = await listStates(context, table.id, what);
        const wanted = keys.map((key) => states.find((state) => state.key === key));
        for (const state of wanted) if (state !== undefined) refuseBroken(table, what, state);
        return wanted.every((state) => state?.status === 'available') ? true : null;
      },
    },
    context.signal,
  );
}

async function listStates(context: SchemaContext, tableId: string, what: 'columns' | 'indexes'): Promise<State[]> {
  const { databaseId, signal } = context;
  const work = async (sdk: Sdk): Promise<unknown> => {
    const queries = [sdk.Query.limit(1000)];
    if (what === 'columns') return (await sdk.tablesDB.listColumns({ databaseId, tableId, queries })).columns;
    return (await sdk.tablesDB.listIndexes({ databaseId, tableId, queries })).indexes;
  };
  return z.array(State).parse(await context.caller.call(`listing the ${what} of ${tableId}`, work, signal));
}

function refuseBroken(table: TableNeed, what: 'columns' | 'indexes', state: State): void {
  if (state.status !== 'failed' && state.status !== 'stuck') return;
  const one = what === 'columns' ? 'Column' : 'Index';
  throw new AppError({
    code: 'deployment_failed',
    message: `${one} ${table.id}.${state.key} is ${state.status}: ${state.error ?? ''}`,
    userMessage: `${one} "${state.key}" of table "${table.id}" is ${state.status}${state.error ? ` (${state.error})` : ''}. Delete it in the Appwrite console, then resume the run: it will be created again.`,
  });
}
