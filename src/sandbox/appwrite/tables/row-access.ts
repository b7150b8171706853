import { ApiError, notFound } from '../http/api-error.ts';
import type { Caller } from '../http/credentials.ts';
import { expandPermissions } from '../http/params.ts';
import type { Store, Stored } from '../store.ts';
import type { Row, Table } from './schema.ts';
import { requireDatabase, requireTable, rowKind, rowParent } from './schema.ts';

export type Verb = 'create' | 'read' | 'update' | 'delete';

function grants(permissions: readonly string[], verb: Verb, caller: Caller): boolean {
  return caller.kind === 'key' || caller.roles.some((role) => permissions.includes(`${verb}("${role}")`));
}

/** Keys skip permissions; others need the table's grant or, with row security, the row's own. */
export function mayUse(table: Table, row: Row | null, verb: Verb, caller: Caller): boolean {
  if (grants(table.permissions, verb, caller)) return true;
  return table.rowSecurity && row !== null && grants(row.permissions, verb, caller);
}

export function requireUse(table: Table, row: Row | null, verb: Verb, caller: Caller): void {
  if (!mayUse(table, row, verb, caller)) throw unauthorized();
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'user_unauthorized', 'The current user is not authorized to perform the requested action.');
}

/** Many rows at once are for keys. */
export function requireKey(caller: Caller): void {
  if (caller.kind === 'key') return;
  throw new ApiError(
    401,
    'general_unauthorized_scope',
    'The current user is not authorized to perform the requested action.',
  );
}

/** A disabled table or database does not exist for users. */
export function openTable(store: Store, place: { databaseId: string; tableId: string }, caller: Caller): Table {
  const database = requireDatabase(store, place.databaseId);
  if (!database.enabled && caller.kind !== 'key') throw notFound('database', place.databaseId);
  const found = requireTable(store, place.databaseId, place.tableId);
  if (!found.enabled && caller.kind !== 'key') throw notFound('table', place.tableId);
  return found;
}

/** To be changed: not being allowed to read it does not matter. */
export function requireRow(store: Store, table: Table, rowId: string): Stored<Row> {
  const stored = store.find(rowKind, rowParent(table), rowId);
  if (stored === null) throw notFound('row', rowId);
  return stored;
}

export function readableRow(store: Store, table: Table, rowId: string, caller: Caller): Stored<Row> {
  const stored = requireRow(store, table, rowId);
  if (!mayUse(table, stored.value, 'read', caller)) throw notFound('row', rowId);
  return stored;
}

/** `write` becomes its parts; a user may grant only what that user is. */
export function givenPermissions(wanted: readonly string[], caller: Caller): string[] {
  const permissions = expandPermissions(wanted, false);
  if (caller.kind === 'key') return permissions;
  const foreign = permissions.find((permission) => !caller.roles.some((role) => permission.endsWith(`("${role}")`)));
  if (foreign === undefined) return permissions;
  throw new ApiError(401, 'user_unauthorized', `Permissions must be one of: (${caller.roles.join(', ')})`);
}

/** Of a new row whose creator named none: the user's own, and nobody's for keys and guests. */
export function defaultPermissions(caller: Caller): string[] {
  if (caller.kind !== 'user') return [];
  return ['read', 'update', 'delete'].map((verb) => `${verb}("user:${caller.userId}")`);
}
