import type { Models, TablesDB } from 'node-appwrite';
import * as z from 'zod';
import type { Log, RecordStore } from '../../core/ports.ts';
import { rowId } from '../../core/records/limits.ts';
import { READERS, RECORD_TABLES, type RecordColumn, type RecordTable } from '../../core/records/tables.ts';
import { AppError, type ErrorCode } from '../../protocol/errors.ts';
import { type ProjectRecords, TaskRecord } from '../../protocol/records.ts';
import { holdWarnings } from './warnings.ts';

export interface RecordStoreOptions {
  /** Ends in `/v1`. */
  endpoint: string;
  projectId: string;
  apiKey: string;
  databaseId: string;
  log: Log;
}

type TableId = RecordTable['id'];
type Row = Record<string, unknown> & { $id: string };

/** Rows in one call: what Appwrite allows where nobody has raised it. */
const MAX_ROWS = 100;
/** Of the rows of one call, about; servers and what is before them take a megabyte. */
const MAX_BYTES = 500_000;
const KEY_VARIABLE = 'ORCHESTRATOR_RECORDS_KEY';
const BY_HAND = 'push appwrite.json with the Appwrite CLI ("appwrite push tables")';

/**
 * The shared records in a database of Appwrite. Database and tables that are missing are made at the first write, when the key
 * may; nothing is changed in tables that are there, and nothing is deleted. Errors: `configuration` (no such project, tables
 * missing that the key may not make), `auth`, `rate_limited`, `server`, `transport`, `aborted`, and `invalid_request` with
 * details.status 400 for rows that do not fit the tables.
 */
export function createRecordStore(options: RecordStoreOptions): RecordStore {
  const { databaseId, log } = options;
  /** Null until the first call: the vendor's library is large. */
  let library: Promise<typeof import('node-appwrite')> | null = null;
  const load = () => {
    library ??= import('node-appwrite');
    return library;
  };
  let hasBulk = true;

  const call = async <T>(what: string, signal: AbortSignal, work: (tables: TablesDB) => Promise<T>): Promise<T> => {
    if (signal.aborted) throw aborted(signal);
    const { Client, TablesDB: Tables } = await load();
    const client = new Client().setEndpoint(options.endpoint).setProject(options.projectId).setKey(options.apiKey);
    // The library takes no signal, and a request that nobody waits for would keep the process.
    const prepare = client.prepareRequest.bind(client);
    client.prepareRequest = (...args) => {
      const { uri, options: init } = prepare(...args);
      return { uri, options: { ...init, signal } };
    };
    const quiet = holdWarnings((text) => log.warn('appwrite warns', { what, text }));
    try {
      return await work(new Tables(client));
    } catch (thrown) {
      throw signal.aborted ? aborted(signal) : toRecordError(thrown, what, options);
    } finally {
      quiet.release();
    }
  };

  const upsertBulk = (tableId: TableId, rows: Row[], signal: AbortSignal) =>
    call(`writing ${tableId}`, signal, (tables) => tables.upsertRows({ databaseId, tableId, rows }));

  const upsertEach = async (tableId: TableId, rows: Row[], signal: AbortSignal) => {
    for (const { $id, ...data } of rows) {
      await call(`writing ${tableId}`, signal, (tables) => tables.upsertRow({ databaseId, tableId, rowId: $id, data }));
    }
  };

  const upsertRows = async (tableId: TableId, rows: Row[], signal: AbortSignal): Promise<void> => {
    if (hasBulk) {
      try {
        await upsertBulk(tableId, rows, signal);
        return;
      } catch (thrown) {
        if (!hasNoRoute(thrown)) throw thrown;
        // A server that writes single rows only.
        hasBulk = false;
      }
    }
    await upsertEach(tableId, rows, signal);
  };

  const writeAll = async (records: ProjectRecords, signal: AbortSignal): Promise<void> => {
    for (const table of RECORD_TABLES) {
      for (const rows of portionsOf(rowsOf(table, records))) await upsertRows(table.id, rows, signal);
    }
  };

  /** Another client may make the same at the same time: what is there already is fine. */
  const makeOnce = async <T>(making: Promise<T>): Promise<T | null> => {
    try {
      return await making;
    } catch (thrown) {
      if (statusOf(thrown) === 409) return null;
      if (statusOf(thrown) === 401 || statusOf(thrown) === 403) throw mayNotMake(databaseId, thrown);
      throw thrown;
    }
  };

  const makeTables = async (signal: AbortSignal): Promise<void> => {
    log.info('making the tables of the shared records', { databaseId });
    await makeOnce(
      call('making the database', signal, (tables) =>
        tables.create({ databaseId, name: 'AI Development Orchestrator' }),
      ),
    );
    for (const { id, name, columns, indexed } of RECORD_TABLES) {
      const made = await makeOnce(
        call(`making the table ${id}`, signal, (tables) =>
          tables.createTable({
            ...{ databaseId, tableId: id, name, rowSecurity: false },
            permissions: READERS.map((label) => `read("label:${label}")`),
            columns: columns.map(inlineColumn),
            indexes: indexed.map((keys) => ({ key: `by_${keys.join('_')}`, type: 'key', attributes: keys })),
          }),
        ),
      );
      // Servers of before columns could be given with the table make it without them, and say nothing.
      if (made !== null && made.columns.length < columns.length) throw mayNotMake(databaseId, null);
    }
  };

  return {
    async upsert(records, signal) {
      try {
        await writeAll(records, signal);
      } catch (thrown) {
        if (!isMissing(thrown)) throw thrown;
        await makeTables(signal);
        await writeAll(records, signal);
      }
    },
    async tasks(limit, signal) {
      const { Query } = await load();
      const queries = [Query.orderDesc('createdAt'), Query.limit(limit)];
      const listed = await call('reading tasks', signal, (tables) =>
        tables.listRows({ databaseId, tableId: 'tasks', queries, total: false }),
      ).catch((thrown: unknown) => {
        // Nobody has written yet.
        if (isMissing(thrown)) return { rows: [] };
        throw thrown;
      });
      return listed.rows.flatMap((row) => readTask(row, log));
    },
  };
}

const IDS: Record<TableId, string> = { tasks: 'taskId', activities: 'activityId', deployments: 'deploymentId' };

function rowsOf({ id, columns }: RecordTable, records: ProjectRecords): Row[] {
  return records[id].map((record) => {
    const fields: Record<string, unknown> = record;
    const data = columns.map(({ key, type }) => [key, type === 'json' ? JSON.stringify(fields[key]) : fields[key]]);
    return { $id: rowId(String(fields[IDS[id]])), ...Object.fromEntries(data) };
  });
}

function portionsOf(rows: readonly Row[]): Row[][] {
  const portions: Row[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = Buffer.byteLength(JSON.stringify(row));
    const last = portions.at(-1);
    const hasRoom = last !== undefined && last.length < MAX_ROWS && bytes + size <= MAX_BYTES;
    if (hasRoom) last.push(row);
    else portions.push([row]);
    bytes = hasRoom ? bytes + size : size;
  }
  return portions;
}

/** The types of 1.9; newer servers take them too. */
function inlineColumn({ key, type, size, elements }: RecordColumn): object {
  switch (type) {
    case 'text':
    case 'json':
      return { key, type: 'string', size, required: false };
    case 'enum':
      return { key, type: 'string', format: 'enum', elements, required: false };
    case 'number':
      return { key, type: 'double', required: false };
    case 'datetime':
      return { key, type, required: false };
  }
}

/** None for a row that somebody else has written in another form. */
function readTask(row: Models.DefaultRow, log: Log): TaskRecord[] {
  const table = RECORD_TABLES.find(({ id }) => id === 'tasks');
  const fields = Object.fromEntries((table?.columns ?? []).map((column) => [column.key, readValue(column, row)]));
  const parsed = TaskRecord.safeParse(fields);
  if (parsed.success) return [parsed.data];
  log.warn('a task of the shared records cannot be read', { rowId: row.$id, problem: z.prettifyError(parsed.error) });
  return [];
}

function readValue({ key, type }: RecordColumn, row: Models.DefaultRow): unknown {
  const value: unknown = row[key];
  if (typeof value !== 'string') return value ?? '';
  if (type === 'datetime') return Number.isNaN(Date.parse(value)) ? value : new Date(value).toISOString();
  if (type !== 'json') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const Failure = z.object({ code: z.number(), type: z.string().default(''), message: z.string() });
const Details = z.object({ status: z.number(), type: z.string() });

const detailsOf = (thrown: unknown) =>
  thrown instanceof AppError ? (Details.safeParse(thrown.details).data ?? null) : null;
const statusOf = (thrown: unknown) => detailsOf(thrown)?.status ?? null;
const isMissing = (thrown: unknown) =>
  ['database_not_found', 'table_not_found', 'collection_not_found'].includes(detailsOf(thrown)?.type ?? '');
const hasNoRoute = (thrown: unknown) =>
  statusOf(thrown) === 405 || detailsOf(thrown)?.type === 'general_route_not_found';

function aborted(signal: AbortSignal): AppError {
  if (signal.reason instanceof AppError) return signal.reason;
  return new AppError({ code: 'aborted', message: 'aborted', userMessage: 'Cancelled.' });
}

function mayNotMake(databaseId: string, cause: unknown): AppError {
  return new AppError({
    code: 'configuration',
    message: `the database ${databaseId} has no tables for shared records and they cannot be made`,
    userMessage: `The Appwrite database "${databaseId}" lacks the tables for shared records, and the key in ${KEY_VARIABLE} may not make them (databases.write, tables.write) or the server is too old for it: ${BY_HAND}.`,
    cause,
  });
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'auth';
  if (status === 404) return 'configuration';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'server' : 'invalid_request';
}

function toRecordError(thrown: unknown, what: string, { endpoint, projectId }: RecordStoreOptions): AppError {
  if (thrown instanceof AppError) return thrown;
  const failure = Failure.safeParse(thrown);
  if (!failure.success || failure.data.code === 0) {
    const message = thrown instanceof Error ? `${thrown.message} ${String(thrown.cause ?? '')}`.trim() : String(thrown);
    return new AppError({
      code: 'transport',
      message: `${what}: ${message}`,
      userMessage: `The shared database at ${endpoint} cannot be reached (${what}). Check ORCHESTRATOR_RECORDS_ENDPOINT and the network.`,
      cause: thrown,
    });
  }
  const { code: status, type, message } = failure.data;
  return new AppError({
    code: codeOf(status),
    message: `${what}: ${status} ${type} ${message}`,
    userMessage: wordsFor(status, what, message, { endpoint, projectId }),
    details: { status, type },
    cause: thrown,
  });
}

function wordsFor(
  status: number,
  what: string,
  message: string,
  { endpoint, projectId }: Pick<RecordStoreOptions, 'endpoint' | 'projectId'>,
): string {
  const said = message.slice(0, 300);
  switch (codeOf(status)) {
    case 'auth':
      return `The shared database refused ${what}: ${said} Check ${KEY_VARIABLE}; it needs rows.read and rows.write.`;
    case 'configuration':
      return `Appwrite at ${endpoint}, project "${projectId}", answered ${what} with: ${said} Check "records" in orchestrator.config.json and ORCHESTRATOR_RECORDS_ENDPOINT.`;
    case 'rate_limited':
      return `Appwrite limits the rate of calls (${what}). It is tried again.`;
    case 'server':
      return `Appwrite failed with status ${status} (${what}). It is tried again.`;
    default:
      return `The shared database refused ${what}: ${said} Its tables may differ from those of this version: ${BY_HAND}.`;
  }
}
