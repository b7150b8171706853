import type { OrderBy, TablesDBIndexType } from 'node-appwrite';
import type { ColumnNeed, IndexNeed, TableNeed } from '../../../protocol/deployment-needs.ts';
import { refusal } from '../failures.ts';
import type { Sdk } from '../sdk.ts';
import { type ColumnWish, createByType, updateByType } from './column-calls.ts';
import { inlineColumn, isInline, storedPermissions, typeOf } from './columns.ts';
import { lengthsOf, ordersOf } from './indexes.ts';
import type { SchemaContext } from './read.ts';
import { readTable } from './read.ts';
import type { ColumnState } from './state.ts';

/** Makes the table with as much of its columns and indexes as one call can; the caller looks at what came of it. */
export async function createTable(context: SchemaContext, table: TableNeed): Promise<void> {
  const { databaseId } = context;
  const columns = table.columns.filter(isInline);
  const inlined = new Set(columns.map(({ key }) => key));
  const indexes = table.indexes.filter((index) =>
    index.columns.every((key) => inlined.has(key) || key.startsWith('$')),
  );
  const base = { databaseId, tableId: table.id, name: table.name };
  const access = { permissions: table.permissions, rowSecurity: table.rowSecurity };
  const inline = {
    columns: columns.map(inlineColumn),
    indexes: indexes.map((index) => {
      const lengths = lengthsOf(table, index);
      const { key, type } = index;
      const more = lengths.length === 0 ? {} : { lengths };
      return {
        key,
        type,
        attributes: index.columns,
        ...(type === 'fulltext' ? {} : { orders: upperOrders(index) }),
        ...more,
      };
    }),
  };
  const create = (more: typeof inline | object) =>
    write(context, `creating table ${table.id}`, {
      make: (sdk) => sdk.tablesDB.createTable({ ...base, ...access, ...more }),
      isDone: async () => (await readTable(context, table.id)) !== null,
    });
  try {
    await create(inline);
  } catch (error) {
    // A server that does not know a type here may know it for a column alone, and else names the column.
    if (refusal(error)?.status !== 400 || columns.length === 0) throw error;
    await create({});
  }
}

function upperOrders(index: IndexNeed): string[] {
  return ordersOf(index).map((order) => order.toUpperCase());
}

interface TableAccess {
  name: string;
  permissions: string[];
  rowSecurity: boolean;
  enabled: boolean;
}

/** The call replaces what it does not name, so it names everything. */
export async function updateTable(context: SchemaContext, tableId: string, access: TableAccess): Promise<void> {
  const { databaseId } = context;
  await write(context, `updating table ${tableId}`, {
    make: (sdk) => sdk.tablesDB.updateTable({ databaseId, tableId, ...access }),
    isDone: async () => false,
  });
}

export function accessOf(table: TableNeed, enabled: boolean): TableAccess {
  return { name: table.name, permissions: storedPermissions(table), rowSecurity: table.rowSecurity, enabled };
}

export async function createColumn(context: SchemaContext, table: TableNeed, column: ColumnNeed): Promise<void> {
  await write(context, `creating column ${column.key} of table ${table.id}`, {
    make: (sdk) => createByType(sdk, { databaseId: context.databaseId, tableId: table.id }, column),
    isDone: async () => hasColumn(context, table.id, column.key),
  });
}

async function hasColumn(context: SchemaContext, tableId: string, key: string): Promise<boolean> {
  const table = await readTable(context, tableId);
  return table?.columns.some((column) => column.key === key && column.status !== 'deleting') ?? false;
}

/** Every update names the default, also when there is none. */
export async function updateColumnTo(
  context: SchemaContext,
  tableId: string,
  present: ColumnState,
  wish: ColumnWish,
): Promise<void> {
  await write(context, `changing column ${wish.key} of table ${tableId}`, {
    make: (sdk) => updateByType(sdk, { databaseId: context.databaseId, tableId }, typeOf(present), wish),
    isDone: async () => false,
  });
}

export async function createIndex(context: SchemaContext, table: TableNeed, index: IndexNeed): Promise<void> {
  const { databaseId } = context;
  const lengths = lengthsOf(table, index);
  const wanted = {
    ...{ databaseId, tableId: table.id, key: index.key, columns: index.columns },
    type: index.type as TablesDBIndexType,
    ...(index.type === 'fulltext' ? {} : { orders: ordersOf(index) as OrderBy[] }),
    ...(lengths.length === 0 ? {} : { lengths }),
  };
  await write(context, `creating index ${index.key} of table ${table.id}`, {
    make: (sdk) => sdk.tablesDB.createIndex(wanted),
    isDone: async () => {
      const present = await readTable(context, table.id);
      return present?.indexes.some(({ key, status }) => key === index.key && status !== 'deleting') ?? false;
    },
  });
}

/** Gone already is as good; the caller waits until it is. */
export async function deletePart(
  context: SchemaContext,
  tableId: string,
  what: 'column' | 'index',
  key: string,
): Promise<void> {
  const where = { databaseId: context.databaseId, tableId, key };
  await write(context, `deleting ${what} ${key} of table ${tableId}`, {
    make: ({ tablesDB }) => (what === 'column' ? tablesDB.deleteColumn(where) : tablesDB.deleteIndex(where)),
    isDone: async () => {
      const table = await readTable(context, tableId);
      const parts = what === 'column' ? table?.columns : table?.indexes;
      return !(parts ?? []).some((part) => part.key === key && part.status !== 'deleting');
    },
  });
}

interface Write {
  make(sdk: Sdk): Promise<unknown>;
  isDone(): Promise<boolean>;
}

/** A conflict, or a missing thing that was to be deleted, means that somebody, perhaps an earlier attempt, was first. */
async function write(context: SchemaContext, what: string, { make, isDone }: Write): Promise<void> {
  try {
    await context.caller.change({ what, make, isDone, signal: context.signal });
  } catch (error) {
    const said = refusal(error);
    const isDouble = said?.status === 409 && said.type.endsWith('_already_exists');
    if ((isDouble || said?.status === 404) && (await isDone())) return;
    throw error;
  }
}
