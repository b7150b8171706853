import { ApiError } from '../http/api-error.ts';
import type { Route } from '../http/router.ts';

const TABLE = '/tablesdb/:databaseId/tables/:tableId';
const COLLECTION = '/databases/:databaseId/collections/:collectionId';

/** The newer name of each parameter of the older API. */
const PARAMETERS = new Map([
  ['collectionId', 'tableId'],
  ['attributes', 'columns'],
  ['relatedCollectionId', 'relatedTableId'],
]);
/** The older name of each field of the newer models. */
const FIELDS = new Map([
  ['columns', 'attributes'],
  ['relatedTable', 'relatedCollection'],
]);

/**
 * Columns and indexes under the names that they had before tables: `attributes` of a `collection`. Appwrite's own client
 * program still makes them this way. Either API sees what the other one has made.
 */
export function legacyRoutes(routes: readonly Route[]): Route[] {
  return routes
    .filter(({ path }) => /^\/(columns|indexes)(\/|$)/.test(path.replace(TABLE, '')))
    .map((newer) => ({
      ...newer,
      path: newer.path.replace(TABLE, COLLECTION).replace('/columns', '/attributes'),
      run: async (raw, call) => {
        try {
          const reply = await newer.run(renamed(raw, PARAMETERS), call);
          return { ...reply, ...(reply.body === undefined ? {} : { body: inOldWords(reply.body) }) };
        } catch (error) {
          throw error instanceof ApiError ? new ApiError(error.status, oldType(error.type), error.message) : error;
        }
      },
    }));
}

function renamed(fields: object, names: ReadonlyMap<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [names.get(name) ?? name, value]));
}

/** A model, or a list of them with its total. */
function inOldWords(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const old = renamed(body, FIELDS);
  for (const [name, value] of Object.entries(old)) {
    if (Array.isArray(value) && value.every((item) => typeof item === 'object')) old[name] = value.map(inOldWords);
  }
  return old;
}

const oldType = (type: string): string =>
  type
    .replace(/^column_index_/, 'index_')
    .replace(/^column_/, 'attribute_')
    .replace(/^table_/, 'collection_');
