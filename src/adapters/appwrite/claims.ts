import type { PlaceRequest } from '../../core/ports.ts';
import type { Claims } from './places.ts';
import type { ResourceKind, ResourceOps, Settings } from './resource.ts';
import type { Caller, Sdk } from './sdk.ts';
import { listVariables, MARK_VARIABLE, writeVariable } from './variables.ts';

interface Named {
  $id: string;
  name: string;
}

const named = (list: Named[]) => list.map(({ $id, name }) => ({ id: $id, name }));
const queriesFor = (sdk: Sdk, ids: string[]) => [sdk.Query.equal('$id', ids), sdk.Query.limit(ids.length)];

/** A database has no variables: its name alone says whose it is. */
export function claimsOfDatabases(caller: Caller, name: string, signal: AbortSignal): Claims {
  const list: Claims['list'] = async (ids) => {
    const work = (sdk: Sdk) => sdk.tablesDB.list({ queries: queriesFor(sdk, ids) });
    return named((await caller.call('listing the databases', work, signal)).databases);
  };
  return {
    kind: 'database',
    name,
    list,
    read: async () => null,
    create: async (databaseId, marked) => {
      const make = (sdk: Sdk) => sdk.tablesDB.create({ databaseId, name: marked });
      const isDone = async () => (await list([databaseId])).some((one) => one.name === marked);
      await caller.change({ what: `creating database ${databaseId}`, make, isDone, signal });
    },
    write: async () => undefined,
  };
}

/** A variable of a function or site says whose it is. */
export function claimsOfResources(caller: Caller, ops: ResourceOps, settings: Settings, signal: AbortSignal): Claims {
  const { kind } = ops;
  return {
    kind,
    name: String(settings.name ?? ''),
    list: (ids) => listResources(caller, kind, ids, signal),
    create: (id, name) => ops.create(id, { ...settings, name }, signal),
    read: async (id) => {
      const variables = await listVariables(caller, { kind, id }, signal);
      return variables.find(({ key }) => key === MARK_VARIABLE)?.value ?? null;
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
