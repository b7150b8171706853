import type { OwnPlace } from '../../core/ports.ts';
import { MARK_TABLE_WORDS } from './claims.ts';
import { isMarkTable, markOf, markTableOf } from './places.ts';
import type { Caller, Sdk } from './sdk.ts';
import { MARK_VARIABLE } from './variables.ts';

/** Of a kind, those that were made last are looked at. */
const MOST = 100;

const PLAN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$/;

type Kind = OwnPlace['kind'];

/** What of a project holds something, of the kinds that are asked for; reads only. */
export async function ownPlaces(
  caller: Caller,
  project: string,
  kinds: readonly Kind[],
  signal: AbortSignal,
): Promise<OwnPlace[]> {
  const found: OwnPlace[] = [];
  if (kinds.includes('database')) found.push(...(await ownDatabases(caller, project, signal)));
  if (kinds.includes('function')) {
    const list = ({ functions, Query }: Sdk) => functions.list({ queries: newest(Query) });
    found.push(
      ...ownResources('function', project, (await caller.call('listing the functions', list, signal)).functions),
    );
  }
  if (kinds.includes('site')) {
    const list = ({ sites, Query }: Sdk) => sites.list({ queries: newest(Query) });
    found.push(...ownResources('site', project, (await caller.call('listing the sites', list, signal)).sites));
  }
  return found;
}

const newest = (Query: Sdk['Query']): string[] => [Query.orderDesc('$createdAt'), Query.limit(MOST)];

/** Null for one of another project, and for what no plan can call anything: anybody may have written it. */
function planIdIn(mark: string, project: string): string | null {
  const start = markOf(project, '');
  const planId = mark.startsWith(start) ? mark.slice(start.length) : '';
  return PLAN_ID.test(planId) ? planId : null;
}

/** The name of the mark says what it is of; its id, which nobody can change, has to agree. */
async function ownDatabases(caller: Caller, project: string, signal: AbortSignal): Promise<OwnPlace[]> {
  const list = ({ tablesDB, Query }: Sdk) => tablesDB.list({ queries: newest(Query) });
  const { databases } = await caller.call('listing the databases', list, signal);
  const found: OwnPlace[] = [];
  for (const { $id: id } of databases) {
    const look = ({ tablesDB, Query }: Sdk) => tablesDB.listTables({ databaseId: id, queries: [Query.limit(MOST)] });
    const tables = (await caller.find(`listing the tables of ${id}`, look, signal))?.tables ?? [];
    if (tables.every(({ $id }) => isMarkTable($id))) continue;
    for (const { $id, name } of tables) {
      if (!isMarkTable($id) || !name.startsWith(MARK_TABLE_WORDS)) continue;
      const planId = planIdIn(name.slice(MARK_TABLE_WORDS.length), project);
      if (planId !== null && markTableOf(markOf(project, planId)) === $id) found.push({ kind: 'database', id, planId });
    }
  }
  return found;
}

function ownResources(
  kind: 'function' | 'site',
  project: string,
  list: readonly { $id: string; deploymentId: string; vars: readonly { key: string; value: string }[] }[],
): OwnPlace[] {
  return list.flatMap(({ $id: id, deploymentId, vars }) => {
    const planId = planIdIn(vars.find(({ key }) => key === MARK_VARIABLE)?.value ?? '', project);
    return planId === null || deploymentId === '' ? [] : [{ kind, id, planId }];
  });
}
