import type { Deployment, DeploymentChange } from '../../protocol/work.ts';
import { change, readSetting, sameValue, settingChange, tighteningChange } from './changes.ts';
import { isMissing, refusal } from './failures.ts';
import type { RollbackPlan, Undo } from './rollback-plan.ts';
import * as calls from './schema/calls.ts';
import { isTightening } from './schema/columns.ts';
import { hasRows, listTableIds, readTable, type SchemaContext } from './schema/read.ts';
import { restoreColumn } from './schema/restore.ts';
import type { ColumnState, TableState } from './schema/state.ts';
import { waitGone } from './schema/wait.ts';

/** What one deployment did to one table. */
interface TableJournal {
  tableId: string;
  isMade: boolean;
  changes: DeploymentChange[];
}

/** Of a database that is there and ours: the journal backwards, a table at a time. */
export async function rollbackOfDatabase(context: SchemaContext, deployment: Deployment): Promise<RollbackPlan> {
  const plan: RollbackPlan = { undos: [], irreversible: [] };
  const going = new Set<string>();
  for (const journal of tablesOf(deployment).reverse()) {
    const table = await readTable(context, journal.tableId);
    if (table === null) continue;
    if (!journal.isMade) await undoTable(context, journal, table, plan);
    else {
      going.add(journal.tableId);
      plan.undos.push(await dropTable(context, journal.tableId));
    }
  }
  await undoDatabase(context, deployment, going, plan);
  return plan;
}

function tablesOf({ changes }: Deployment): TableJournal[] {
  const journals = new Map<string, TableJournal>();
  for (const one of changes) {
    const [, tableId] = one.id.split('/');
    if (tableId === undefined) continue;
    const journal = journals.get(tableId) ?? { tableId, isMade: false, changes: [] };
    journals.set(tableId, journal);
    if (one.kind === 'table' && one.action === 'create') journal.isMade = true;
    journal.changes.push(one);
  }
  return [...journals.values()];
}

async function dropTable(context: SchemaContext, tableId: string): Promise<Undo> {
  const { databaseId, caller, signal } = context;
  const isFull = await hasRows(context, tableId, null);
  const detail = isFull ? 'made by this deployment, but it has rows by now' : 'made by this deployment, and empty';
  return {
    change: change('delete', 'table', `${databaseId}/${tableId}`, detail, isFull),
    run: async () => {
      if (!isFull && (await hasRows(context, tableId, null)))
        return `table ${databaseId}/${tableId} was left: rows were written to it meanwhile.`;
      const make: Parameters<typeof caller.change>[0]['make'] = (sdk) =>
        sdk.tablesDB.deleteTable({ databaseId, tableId });
      const isDone = async () => (await readTable(context, tableId)) === null;
      await unlessGone(caller.change({ what: `deleting table ${tableId}`, make, isDone, signal }));
      return null;
    },
  };
}

async function unlessGone(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

async function undoDatabase(
  context: SchemaContext,
  deployment: Deployment,
  going: ReadonlySet<string>,
  plan: RollbackPlan,
): Promise<void> {
  const { databaseId, caller, signal } = context;
  if (!deployment.changes.some(({ kind, action }) => kind === 'database' && action === 'create')) return;
  const left = (await listTableIds(context)).filter((id) => !going.has(id));
  if (left.length > 0) {
    plan.irreversible.push(`database ${databaseId} is kept: it has other tables (${left.slice(0, 5).join(', ')}).`);
    return;
  }
  const isLosing = plan.undos.some((undo) => undo.change.destructive);
  const detail = isLosing ? 'made by this deployment; its tables have rows' : 'made by this deployment, without tables';
  plan.undos.push({
    change: change('delete', 'database', databaseId, detail, isLosing),
    run: async () => {
      const tables = await listTableIds(context);
      if (tables.length > 0)
        return `database ${databaseId} is kept: it still has tables (${tables.slice(0, 5).join(', ')}).`;
      const make: Parameters<typeof caller.change>[0]['make'] = (sdk) => sdk.tablesDB.delete({ databaseId });
      const read = () =>
        caller.find(`reading database ${databaseId}`, (sdk) => sdk.tablesDB.get({ databaseId }), signal);
      const isDone = async () => (await read()) === null;
      await unlessGone(caller.change({ what: `deleting database ${databaseId}`, make, isDone, signal }));
      return null;
    },
  });
}

/** A table that was there before: what was added goes, what was changed in place comes back. */
async function undoTable(
  context: SchemaContext,
  journal: TableJournal,
  table: TableState,
  plan: RollbackPlan,
): Promise<void> {
  const isFull = await hasRows(context, journal.tableId, null);
  for (const one of [...journal.changes].reverse()) {
    const [, , key = ''] = one.id.split('/');
    const column = table.columns.find((candidate) => candidate.key === key);
    if (one.kind === 'table') undoAccess(context, journal.tableId, one, table, plan);
    else if (one.kind === 'index') undoIndex(context, journal, one, table, plan);
    else if (one.action === 'delete') {
      // One that is there was begun only.
      if (column === undefined) plan.irreversible.push(`column ${one.id} was deleted with its values.`);
    } else if (column === undefined) continue;
    else if (one.action === 'create') plan.undos.push(await dropColumn(context, journal.tableId, column, isFull));
    else undoColumn(context, journal.tableId, column, one, isFull, plan);
  }
  if (isFull) plan.irreversible.push(`Rows that were written to table ${journal.tableId} since then stay.`);
}

async function dropColumn(
  context: SchemaContext,
  tableId: string,
  column: ColumnState,
  isFull: boolean,
): Promise<Undo> {
  const { key } = column;
  // Lists and relationships cannot be asked for by their values.
  const isAskable = !column.array && column.type !== 'relationship';
  const hasValues = () => hasRows(context, tableId, isAskable ? key : null);
  const isLosing = isFull && (await hasValues());
  const detail = isLosing
    ? 'added by this deployment, but rows may have a value in it'
    : 'added by this deployment, without a value';
  return {
    change: change('delete', 'column', `${context.databaseId}/${tableId}/${key}`, detail, isLosing),
    run: async () => {
      if (!isLosing && (await hasValues()))
        return `column ${context.databaseId}/${tableId}/${key} was left: rows were written meanwhile.`;
      try {
        await calls.deletePart(context, tableId, 'column', key);
      } catch (error) {
        const said = refusal(error);
        if (said?.status !== 409) throw error;
        return `column ${tableId}/${key} was left: ${said.message}`;
      }
      await waitGone(context, tableId, 'column', key);
      return null;
    },
  };
}

function undoColumn(
  context: SchemaContext,
  tableId: string,
  column: ColumnState,
  one: DeploymentChange,
  isFull: boolean,
  plan: RollbackPlan,
): void {
  const setting = readSetting(one.detail);
  const back = setting === null ? null : restoreColumn(column, setting);
  if (back === null) {
    plan.irreversible.push(`column ${one.id} keeps what was changed (${one.detail}).`);
    return;
  }
  if (back === 'done') return;
  const { name, from, to } = back;
  const tightens = isTightening({ name, from: to, to: from });
  const say = tightens && isFull ? tighteningChange : settingChange;
  plan.undos.push({
    change: say('column', one.id, name, to, from),
    run: async () => {
      if (tightens && !isFull && (await hasRows(context, tableId, null)))
        return `column ${one.id} keeps its ${name}: rows were written meanwhile.`;
      // Read again: another setting of the same column may have been restored meanwhile.
      const now = (await readTable(context, tableId))?.columns.find(({ key }) => key === column.key);
      if (now === undefined) return null;
      try {
        await calls.updateColumnTo(context, tableId, now, { ...now, [name]: from });
      } catch (error) {
        const said = refusal(error);
        if (said?.status !== 400) throw error;
        return `column ${one.id} keeps its ${name}: ${said.message}`;
      }
      return null;
    },
  });
}

function undoIndex(
  context: SchemaContext,
  { tableId, changes }: TableJournal,
  one: DeploymentChange,
  table: TableState,
  plan: RollbackPlan,
): void {
  const [, , key = ''] = one.id.split('/');
  const isThere = table.indexes.some((index) => index.key === key);
  if (one.action !== 'create') {
    // One that is there and was not made again was begun only.
    const isMadeAgain = changes.some(({ action, id }) => action === 'create' && id === one.id);
    if (!isThere || isMadeAgain)
      plan.irreversible.push(`index ${one.id} was deleted; deploying the plan of before makes it again.`);
    return;
  }
  if (!isThere) return;
  plan.undos.push({
    change: change('delete', 'index', one.id),
    run: async () => {
      await calls.deletePart(context, tableId, 'index', key);
      await waitGone(context, tableId, 'index', key);
      return null;
    },
  });
}

function undoAccess(
  context: SchemaContext,
  tableId: string,
  one: DeploymentChange,
  table: TableState,
  plan: RollbackPlan,
): void {
  const setting = readSetting(one.detail);
  if (setting === null) return;
  const now = { name: table.name, permissions: table.$permissions, rowSecurity: table.rowSecurity }[setting.name];
  if (sameValue(now, setting.from)) return;
  if (!sameValue(now, setting.to)) {
    plan.irreversible.push(`table ${one.id}: ${setting.name} was changed again since, and is left as it is.`);
    return;
  }
  plan.undos.push({
    change: change(
      'change',
      'table',
      one.id,
      `${setting.name}: ${JSON.stringify(now)} -> ${JSON.stringify(setting.from)}`,
    ),
    run: async () => {
      const state = await readTable(context, tableId);
      if (state === null) return null;
      const { name, rowSecurity, enabled } = state;
      const access = { name, permissions: state.$permissions, rowSecurity, enabled };
      await calls.updateTable(context, tableId, { ...access, [setting.name]: setting.from });
      return null;
    },
  });
}
