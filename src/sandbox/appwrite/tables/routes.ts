import type { ProjectEvent } from '../compute/events.ts';
import { withRowEvents } from '../compute/row-events.ts';
import type { Route } from '../http/router.ts';
import type { Store } from '../store.ts';
import { bulkRowRoutes } from './bulk-rows.ts';
import { columnRoutes } from './column-routes.ts';
import { databaseRoutes } from './database-routes.ts';
import { indexRoutes } from './index-routes.ts';
import { legacyRoutes } from './legacy.ts';
import type { Faults } from './lifecycle.ts';
import { relationshipRoutes } from './relationship-routes.ts';
import { rowRoutes } from './rows.ts';
import { tableRoutes } from './table-routes.ts';
import { transactionRoutes } from './transaction-routes.ts';

export interface DatabaseServiceOptions {
  faults: Faults;
  /** Milliseconds since the epoch, for what expires. */
  now(): number;
  /** Told of every row that was written, through either API. */
  onRowEvent(event: ProjectEvent): void;
}

/** Databases, tables, columns, indexes, rows and transactions, under both APIs. */
export function databaseServices(store: Store, { faults, now, onRowEvent }: DatabaseServiceOptions): Route[] {
  const routes = [
    ...tableRoutes(store),
    ...columnRoutes(store, faults),
    ...relationshipRoutes(store, faults),
    ...indexRoutes(store, faults),
    ...rowRoutes(store, now),
    ...bulkRowRoutes(store, now),
    ...transactionRoutes(store, now),
  ];
  const shared = withRowEvents(routes, store, onRowEvent);
  const current = [...databaseRoutes(store, 'tablesdb'), ...shared];
  return [...current, ...legacyRoutes([...databaseRoutes(store, 'legacy'), ...shared])];
}
