import { RECORD_TABLES } from '../../core/records/tables.ts';
import {
  createRecordCall,
  hasNoRoute,
  hasNoScope,
  isMissing,
  type RecordCall,
  type RecordStoreOptions,
  statusOf,
} from './record-call.ts';

export interface RecordCheck {
  /** Ids of the tables that are not there yet. */
  missing: string[];
  /** Scopes that the key lacks for what is to be done: writing rows, reading them, making what is missing. */
  lacks: string[];
}

/** An id that no server takes: what may be done is checked before what is asked for, so that nothing comes of the request. */
const NO_ID = '';

/**
 * Asks the shared database what it has and what the key may do; changes nothing. Throws as the record store does when it cannot
 * be asked: `configuration`, `auth` (an unknown key), `transport`, `server`, `rate_limited`.
 */
export async function checkRecordStore(options: RecordStoreOptions, signal: AbortSignal): Promise<RecordCheck> {
  const { databaseId } = options;
  const call = createRecordCall(options);
  const missing: string[] = [];
  const lacks = new Set<string>();
  for (const { id: tableId } of RECORD_TABLES) {
    const may = await allows(call, 'looking for tables', signal, (tables) =>
      tables.listRows({ databaseId, tableId, total: false }),
    );
    if (may === 'missing') missing.push(tableId);
    if (may === 'no') lacks.add('rows.read');
    // Of no rows, so that none is written.
    const mayWrite = await allows(call, 'writing no rows', signal, (tables) =>
      tables.upsertRows({ databaseId, tableId, rows: [] }),
    );
    if (mayWrite === 'no') lacks.add('rows.write');
  }
  if (missing.length > 0) {
    const making = await allows(call, 'asking for tables', signal, (tables) =>
      tables.createTable({ databaseId, tableId: NO_ID, name: NO_ID }),
    );
    if (making === 'no') lacks.add('tables.write');
    // Making a database that is there is refused, and one that is not is made first.
    const opening = await allows(call, 'asking for a database', signal, (tables) =>
      tables.create({ databaseId: NO_ID, name: NO_ID }),
    );
    if (opening === 'no') lacks.add('databases.write');
  }
  return { missing, lacks: [...lacks] };
}

/** `yes` also for a request that is refused for what is in it. */
async function allows(
  call: RecordCall,
  what: string,
  signal: AbortSignal,
  work: Parameters<RecordCall>[2],
): Promise<'yes' | 'no' | 'missing'> {
  try {
    await call(what, signal, work);
    return 'yes';
  } catch (error) {
    if (isMissing(error)) return 'missing';
    if (hasNoScope(error)) return 'no';
    // An older server has no call for many rows; the store then writes them one by one.
    if (statusOf(error) === 400 || statusOf(error) === 409 || hasNoRoute(error)) return 'yes';
    throw error;
  }
}
