import { type Approval, isAllowed } from '../../../core/approval.ts';
import type { DeploymentJournal } from '../../../core/ports.ts';
import type { DeploymentNeeds, TableNeed } from '../../../protocol/deployment-needs.ts';
import type { DeploymentChange } from '../../../protocol/work.ts';
import * as calls from './calls.ts';
import { diffTables, type SchemaStep, type TablePair } from './diff.ts';
import type { SchemaContext } from './read.ts';
import { hasRows, readPresent, readTable } from './read.ts';
import type { TableState } from './state.ts';
import { waitAvailable, waitGone } from './wait.ts';

export interface Applied {
  changes: DeploymentChange[];
  /** What was left out because data would be lost. */
  skipped: DeploymentChange[];
}

/** The tables of the plan beside those that are there. */
export async function readPairs(context: SchemaContext, needs: DeploymentNeeds): Promise<TablePair[]> {
  const pairs: TablePair[] = [];
  for (const need of needs.tables) pairs.push({ need, present: await readPresent(context, need.id) });
  return pairs;
}

export interface ApplyContext extends SchemaContext {
  journal: DeploymentJournal;
}

/** Makes the changes one after the other and waits until all that is needed is available. */
export async function applySchema(
  context: ApplyContext,
  needs: DeploymentNeeds,
  options: { destructive: Approval },
): Promise<Applied> {
  const pairs = await readPairs(context, needs);
  const { steps, skipped } = allowed(diffTables(context.databaseId, pairs), options.destructive);
  const run: Run = { context, fresh: new Map() };
  const changes: DeploymentChange[] = [];
  for (const step of steps) {
    if (await isFilledSince(context, step, options.destructive)) {
      skipped.push(...step.changes.map(asLosing));
      continue;
    }
    await perform(run, step);
    changes.push(...step.changes);
  }
  const left = new Set(skipped.map(({ kind, id }) => `${kind} ${id}`));
  for (const table of needs.tables) await settle(run, table, left);
  return { changes, skipped };
}

/** Rows have been written since the comparison, so that the step would now lose what nobody has agreed to lose. */
async function isFilledSince(context: SchemaContext, step: SchemaStep, destructive: Approval): Promise<boolean> {
  const isLosing =
    step.do === 'delete-column' ||
    (step.do === 'remake-column' && !step.isUnmade) ||
    (step.do === 'update-column' && step.tightens);
  if (!isLosing) return false;
  if (step.changes.every((one) => isAllowed(asLosing(one), destructive))) return false;
  return hasRows(context, step.table.id, null);
}

const asLosing = (one: DeploymentChange): DeploymentChange => ({ ...one, destructive: true });

/** Without what loses data, unless that is allowed, and without what only makes way for it or needs it. */
export function allowed(
  steps: readonly SchemaStep[],
  destructive: Approval,
): { steps: SchemaStep[]; skipped: DeploymentChange[] } {
  const isLosing = (step: SchemaStep) => step.changes.some((one) => !isAllowed(one, destructive));
  const losing = steps.filter(isLosing);
  const isOnBroken = (step: SchemaStep, one: SchemaStep) =>
    step.do === 'create-index' &&
    one.do === 'remake-column' &&
    one.isBroken &&
    step.need.columns.includes(one.need.key);
  const isKept = (step: SchemaStep) =>
    isLosing(step) ||
    losing.some(
      (one) =>
        one.table === step.table && ((one.column !== undefined && one.column === step.column) || isOnBroken(step, one)),
    );
  return {
    steps: steps.filter((step) => !isKept(step)),
    skipped: steps.filter(isKept).flatMap((step) => step.changes),
  };
}

interface Run {
  context: ApplyContext;
  /** Table id -> `column <key>` and `index <key>` that were made by now. */
  fresh: Map<string, Set<string>>;
}

function entry(map: Map<string, Set<string>>, tableId: string): Set<string> {
  const set = map.get(tableId) ?? new Set();
  map.set(tableId, set);
  return set;
}

async function perform(run: Run, step: SchemaStep): Promise<void> {
  const { context } = run;
  const { table } = step;
  const begin = () => context.journal.begin(step.changes);
  const fresh = entry(run.fresh, table.id);
  switch (step.do) {
    case 'create-table':
      begin();
      await calls.createTable(context, table);
      return;
    case 'update-table':
      begin();
      await calls.updateTable(context, table.id, calls.accessOf(table, step.enabled));
      return;
    case 'create-column':
      // With its table, which is in the journal.
      if (has(await present(run, table), 'columns', step.need.key)) return;
      begin();
      await calls.createColumn(context, table, step.need);
      fresh.add(`column ${step.need.key}`);
      return;
    case 'update-column': {
      const column = (await readTable(context, table.id))?.columns.find(({ key }) => key === step.need.key);
      if (column === undefined) return;
      begin();
      await calls.updateColumnTo(context, table.id, column, { ...column, ...step.to });
      return;
    }
    case 'remake-column':
      begin();
      await calls.deletePart(context, table.id, 'column', step.need.key);
      await waitGone(context, table.id, 'column', step.need.key);
      await calls.createColumn(context, table, step.need);
      fresh.add(`column ${step.need.key}`);
      return;
    case 'delete-column':
      begin();
      await calls.deletePart(context, table.id, 'column', step.key);
      await waitGone(context, table.id, 'column', step.key);
      return;
    case 'delete-index':
      begin();
      await calls.deletePart(context, table.id, 'index', step.key);
      await waitGone(context, table.id, 'index', step.key);
      return;
    case 'create-index':
      if (has(await present(run, table), 'indexes', step.need.key)) return;
      begin();
      await waitAvailable(context, table, 'column', columnsOf(table, step.need.columns), fresh);
      await calls.createIndex(context, table, step.need);
      fresh.add(`index ${step.need.key}`);
      return;
  }
}

/** `$createdAt` and the like are always there. */
function columnsOf(table: TableNeed, keys: readonly string[]): string[] {
  return keys.filter((key) => table.columns.some((column) => column.key === key));
}

/** What one call may have made with the table, and what is still going away. */
async function present(run: Run, table: TableNeed): Promise<TableState | null> {
  const state = await readTable(run.context, table.id);
  for (const what of ['column', 'index'] as const) {
    const parts = what === 'column' ? state?.columns : state?.indexes;
    for (const { key, status } of parts ?? []) {
      const wanted = (what === 'column' ? table.columns : table.indexes).some((one) => one.key === key);
      if (wanted && status === 'deleting') await waitGone(run.context, table.id, what, key);
    }
  }
  return state;
}

function has(state: TableState | null, what: 'columns' | 'indexes', key: string): boolean {
  return state?.[what].some((part) => part.key === key && part.status !== 'deleting') ?? false;
}

/** What was left as it is, perhaps broken, is not waited for. */
async function settle(run: Run, table: TableNeed, left: ReadonlySet<string>): Promise<void> {
  const { context } = run;
  const fresh = entry(run.fresh, table.id);
  const isWanted = (kind: string) => (key: string) => !left.has(`${kind} ${context.databaseId}/${table.id}/${key}`);
  const columns = table.columns.map(({ key }) => key).filter(isWanted('column'));
  await waitAvailable(context, table, 'column', columns, fresh);
  const indexes = table.indexes.map(({ key }) => key).filter(isWanted('index'));
  await waitAvailable(context, table, 'index', indexes, fresh);
}
