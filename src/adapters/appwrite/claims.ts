import type { FunctionNeed, SiteNeed } from '../../protocol/deployment-needs.ts';
import type { ResourceKind } from './domains.ts';
import type { Claims } from './places.ts';
import { createFunction, createSite } from './resources.ts';
import type { Caller, Sdk } from './sdk.ts';
import { ensureVariables, listVariables } from './variables.ts';

/** The variable of a function or site that says whose it is. */
const MARK_VARIABLE = 'ORCHESTRATOR_PROJECT';

interface Named {
  $id: string;
  name: string;
}

const named = (list: Named[]) => list.map(({ $id, name }) => ({ id: $id, name }));
const queriesFor = (sdk: Sdk, ids: string[]) => [sdk.Query.equal('$id', ids), sdk.Query.limit(ids.length)];

/** A database has no variables: its name alone says whose it is. */
export function claimsOfDatabases(caller: Caller, name: string, signal: AbortSignal): Claims {
  return {
    kind: 'database',
    name,
    list: async (ids) => {
      const work = (sdk: Sdk) => sdk.tablesDB.list({ queries: queriesFor(sdk, ids) });
      return named((await caller.call('listing the databases', work, signal)).databases);
    },
    read: async () => null,
    create: async (databaseId, marked) => {
      const work = (sdk: Sdk) => sdk.tablesDB.create({ databaseId, name: marked });
      await caller.call(`creating database ${databaseId}`, work, signal);
    },
    write: async () => undefined,
  };
}

export function claimsOfFunctions(caller: Caller, need: FunctionNeed, signal: AbortSignal): Claims {
  return {
    ...{ kind: 'function', name: need.name },
    list: async (ids) => {
      const work = (sdk: Sdk) => sdk.functions.list({ queries: queriesFor(sdk, ids) });
      return named((await caller.call('listing the functions', work, signal)).functions);
    },
    create: (id, name) => createFunction(caller, { ...need, id, name }, signal),
    ...variableMark(caller, 'function', signal),
  };
}

export function claimsOfSites(caller: Caller, need: SiteNeed, signal: AbortSignal): Claims {
  return {
    ...{ kind: 'site', name: need.name },
    list: async (ids) => {
      const work = (sdk: Sdk) => sdk.sites.list({ queries: queriesFor(sdk, ids) });
      return named((await caller.call('listing the sites', work, signal)).sites);
    },
    create: (id, name) => createSite(caller, { ...need, id, name }, signal),
    ...variableMark(caller, 'site', signal),
  };
}

function variableMark(caller: Caller, kind: ResourceKind, signal: AbortSignal): Pick<Claims, 'read' | 'write'> {
  return {
    read: async (id) => {
      const variables = await listVariables(caller, kind, id, signal);
      return variables.find(({ key }) => key === MARK_VARIABLE)?.value ?? null;
    },
    write: (id, mark) => ensureVariables(caller, kind, id, { [MARK_VARIABLE]: mark }, signal),
  };
}
