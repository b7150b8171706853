import type { RecordStore } from '../../core/ports.ts';
import { READERS, RECORD_TABLES } from '../../core/records/tables.ts';
import type { ProjectRecords } from '../../protocol/records.ts';
import {
  createRecordCall,
  hasNoRoute,
  isMissing,
  mayNotMake,
  type RecordStoreOptions,
  statusOf,
} from './record-call.ts';
import { inlineColumn, portionsOf, type Row, readTask, rowsOf, type TableId } from './record-rows.ts';

/**
 * The shared records in a database of Appwrite. Database and tables that are missing are made at the first write, when the key
 * may; nothing is changed in tables that are there, and nothing is deleted. Errors: `configuration` (no such project, tables
 * missing that the key may not make), `auth`, `rate_limited`, `server`, `transport`, `aborted`, and `invalid_request` with
 * details.status 400 for rows that do not fit the tables.
 */
export function createRecordStore(options: RecordStoreOptions): RecordStore {
  const { databaseId, log } = options;
  const call = createRecordCall(options);
  let hasBulk = true;

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
      const { Query } = await import('node-appwrite');
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
