import type { PlaceRequest } from '../../core/ports.ts';
import { isConflict } from './failures.ts';
import { type Claims, isMarkTable, markTableOf } from './places.ts';
import type { ResourceKind, ResourceOps, Settings } from './resource.ts';
import type { Caller, Sdk } from './sdk.ts';
import { listVariables, MARK_VARIABLE, writeVariable } from './variables.ts';

interface Named {
  $id: string;
  name: string;
}

const MAX_NAME_CHARS = 128;
/** Before the mark, in the name of the table that is one. */
export const MARK_TABLE_WORDS = 'Says whose this database is: ';

const named = (list: Named[]) => list.map(({ $id, name }) => ({ id: $id, name }));
const queriesFor = (sdk: Sdk, ids: string[]) => [sdk.Query.equal('$id', ids), sdk.Query.limit(ids.length)];

/** A database has no variables and its name is anybody's to change: an empty table in it, known by its id, says whose it is. */
export function claimsOfDatabases(caller: Caller, name: string, signal: AbortSignal): Claims {
  const list: Claims['list'] = async (ids) => {
    const work = (sdk: Sdk) => sdk.tablesDB.list({ queries: queriesFor(sdk, ids) });
    return named((await caller.call('listing the databases', work, signal)).databases);
  };
  return {
    kind: 'database',
    name,
    list,
    bears: async (databaseId, mark) => {
      const marks = (await tableIdsOf(caller, databaseId, signal)).filter(isMarkTable);
      return marks.length === 0 ? null : marks.includes(markTableOf(mark));
    },
    create: async (databaseId, marked) => {
      const make = (sdk: Sdk) => sdk.tablesDB.create({ databaseId, name: marked });
      const isDone = async () => (await list([databaseId])).some((one) => one.name === marked);
      await caller.change({ what: `creating database ${databaseId}`, make, isDone, signal });
    },
    write: async (databaseId, mark) => {
      const tableId = markTableOf(mark);
      const tableName = `${MARK_TABLE_WORDS}${mark}`.slice(0, MAX_NAME_CHARS);
      const make = (sdk: Sdk) => sdk.tablesDB.createTable({ databaseId, tableId, name: tableName });
      const isDone = async () => (await tableIdsOf(caller, databaseId, signal)).includes(tableId);
      await caller.change({ what: `marking database ${databaseId}`, make, isDone, signal }).catch((error: unknown) => {
        if (!isConflict(error)) throw error;
      });
    },
  };
}

/** Ids of all tables, marks among them; at most 5,000, and none of a database that is not there. */
export async function tableIdsOf(caller: Caller, databaseId: string, signal: AbortSignal): Promise<string[]> {
  const work = ({ tablesDB, Query }: Sdk) => tablesDB.listTables({ databaseId, queries: [Query.limit(5000)] });
  const answer = await caller.find(`listing the tables of ${databaseId}`, work, signal);
  return (answer?.tables ?? []).map(({ $id }) => $id);
}

/** A variable of a function or site says whose it is. */
export function claimsOfResources(caller: Caller, ops: ResourceOps, settings: Settings, signal: AbortSignal): Claims {
  const { kind } = ops;
  return {
    kind,
    name: String(settings.name ?? ''),
    list: (ids) => listResources(caller, kind, ids, signal),
    create: (id, name) => ops.create(id, { ...settings, name }, signal),
    bears: async (id, mark) => {
      const variables = await listVariables(caller, { kind, id }, signal);
      const written = variables.find(({ key }) => key === MARK_VARIABLE)?.value;
      return written === undefined ? null : written === mark;
    },
    write: (id, mark) => writeVariable(caller, { kind, id }, [MARK_VARIABLE, mark], signal),
  };
}

async function listResources(caller: Caller, kind: ResourceKind, ids: string[], signal: AbortSignal) {
  if (kind === 'function') {
    const work = (sdk: Sdk) => sdk.functions.list({ queries: queriesFor(sdk, ids) });
    return named((await caller.call('listing the functions', work, signal)).functions);
  }
  const work = (sdk: Sdk) => sdk.sites.list({ queries: queriesFor(sdk, ids) });
  return named((await caller.call('listing the sites', work, signal)).sites);
}

/** Id that the plan gives. */
export function planIdOf(request: PlaceRequest): string {
  return request.kind === 'database' ? request.id : request.need.id;
}
