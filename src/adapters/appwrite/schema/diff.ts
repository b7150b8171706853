import type { ColumnNeed, IndexNeed, TableNeed } from '../../../protocol/deployment-needs.ts';
import type { DeploymentChange } from '../../../protocol/work.ts';
import { change, sameValue, settingChange, tighteningChange } from '../changes.ts';
import { type Difference, differences, isTightening, parted, storedPermissions, whyRemake } from './columns.ts';
import { describeIndex, isSameIndex } from './indexes.ts';
import type { ColumnState, PresentTable } from './state.ts';
import { isBroken } from './state.ts';

/** One thing to do, and the changes that a person is told of it. `column` is what it stands or falls with. */
export type SchemaStep = { table: TableNeed; changes: DeploymentChange[]; column?: string } & (
  | { do: 'create-table' }
  | { do: 'update-table'; enabled: boolean }
  | { do: 'create-column'; need: ColumnNeed }
  /** `tightens`: rows that are there may not keep to it. */
  | { do: 'update-column'; need: ColumnNeed; to: Record<string, Difference['to']>; tightens: boolean }
  /** `isUnmade`: the column never came into being, so that no row has a value in it. */
  | { do: 'remake-column'; need: ColumnNeed; isUnmade: boolean; isBroken: boolean }
  | { do: 'delete-column'; key: string }
  | { do: 'create-index'; need: IndexNeed }
  | { do: 'delete-index'; key: string }
);

export interface TablePair {
  need: TableNeed;
  /** Null when the database has no such table. */
  present: PresentTable | null;
}

/**
 * All that brings these tables to what is needed, in the order in which it can be done: both tables of a relationship are
 * there before it, an index goes before its column and comes after it.
 */
export function diffTables(databaseId: string, tables: readonly TablePair[]): SchemaStep[] {
  const first: SchemaStep[] = [];
  const last: SchemaStep[] = [];
  for (const { need, present } of tables) {
    for (const step of diffTable(databaseId, need, present)) {
      const isLink = step.do === 'create-column' && step.need.type === 'relationship';
      (isLink ? last : first).push(step);
    }
  }
  return [...first, ...last];
}

function diffTable(databaseId: string, table: TableNeed, present: PresentTable | null): SchemaStep[] {
  const id = (key: string) => `${databaseId}/${table.id}/${key}`;
  const tableId = `${databaseId}/${table.id}`;
  if (present === null) {
    return [
      { do: 'create-table', table, changes: [change('create', 'table', tableId)] },
      ...table.columns.map((need) => createColumn(table, need, id(need.key))),
      ...table.indexes.map((need) => createIndex(table, need, id(need.key))),
    ];
  }
  const columns = diffColumns(table, present, id);
  const remade = new Set(columns.flatMap((step) => (step.do === 'remake-column' ? [step.need.key] : [])));
  const indexes = diffIndexes(table, present, remade, id);
  return [...diffSettings(table, present, tableId), ...indexes.before, ...columns, ...indexes.after];
}

function diffSettings(table: TableNeed, present: PresentTable, id: string): SchemaStep[] {
  const permissions = storedPermissions(table);
  const changes = [
    ...(present.name === table.name ? [] : [settingChange('table', id, 'name', present.name, table.name)]),
    ...(sameValue(present.$permissions, permissions)
      ? []
      : [settingChange('table', id, 'permissions', present.$permissions, permissions)]),
    ...(present.rowSecurity === table.rowSecurity
      ? []
      : [settingChange('table', id, 'rowSecurity', present.rowSecurity, table.rowSecurity)]),
  ];
  return changes.length === 0 ? [] : [{ do: 'update-table', table, changes, enabled: present.enabled }];
}

/** Deletions, then what is changed, then what is new. */
function diffColumns(table: TableNeed, present: PresentTable, id: (key: string) => string): SchemaStep[] {
  const wanted = new Set(table.columns.map(({ key }) => key));
  const lost = present.columns.filter((column) => !wanted.has(column.key) && isOwn(column));
  const deletions = lost.map(({ key }): SchemaStep => {
    const detail = present.isEmpty ? '' : 'with its values';
    return {
      do: 'delete-column',
      table,
      key,
      changes: [change('delete', 'column', id(key), detail, !present.isEmpty)],
    };
  });
  const changed: SchemaStep[] = [];
  const created: SchemaStep[] = [];
  for (const need of table.columns) {
    const column = present.columns.find(({ key, status }) => key === need.key && status !== 'deleting');
    if (column === undefined) created.push(createColumn(table, need, id(need.key)));
    else changed.push(...diffColumn(table, present, column, need, id(need.key)));
  }
  return [...deletions, ...changed, ...created];
}

/** The other end of a relationship goes with the first. */
function isOwn({ status, side }: ColumnState): boolean {
  return status !== 'deleting' && side !== 'child';
}

function diffColumn(
  table: TableNeed,
  present: PresentTable,
  column: ColumnState,
  need: ColumnNeed,
  id: string,
): SchemaStep[] {
  const broken = isBroken(column);
  const reason = broken ? brokenText(column) : whyRemake(column, need);
  if (reason !== null) {
    // The server's word for one that it could not make; `stuck` is one that it could not take away.
    const isUnmade = column.status === 'failed';
    const isLosing = !present.isEmpty && !isUnmade;
    const detail = `${reason}: deleted and made again${isLosing ? ', without its values' : ''}`;
    const changes = [change('change', 'column', id, detail, isLosing)];
    return [{ do: 'remake-column', table, need, isUnmade, isBroken: broken, changes, column: need.key }];
  }
  const all = differences(column, need);
  if (present.isEmpty) return updateColumn(table, need, id, all, settingChange);
  const { easing, tightening } = parted(all);
  return [
    ...updateColumn(table, need, id, easing, settingChange),
    ...updateColumn(table, need, id, tightening, tighteningChange),
  ];
}

function updateColumn(
  table: TableNeed,
  need: ColumnNeed,
  id: string,
  all: readonly Difference[],
  say: typeof settingChange,
): SchemaStep[] {
  if (all.length === 0) return [];
  const changes = all.map(({ name, from, to }) => say('column', id, name, from, to));
  const to = Object.fromEntries(all.map((one) => [one.name, one.to]));
  return [{ do: 'update-column', table, need, changes, to, tightens: all.some(isTightening) }];
}

export function brokenText({ status, error }: { status: string; error: string }): string {
  return error === '' ? status : `${status} (${error})`;
}

function diffIndexes(
  table: TableNeed,
  present: PresentTable,
  remadeColumns: ReadonlySet<string>,
  id: (key: string) => string,
): { before: SchemaStep[]; after: SchemaStep[] } {
  const before: SchemaStep[] = [];
  const after: SchemaStep[] = [];
  const standing = present.indexes.filter(({ status }) => status !== 'deleting');
  for (const index of standing) {
    const need = table.indexes.find(({ key }) => key === index.key);
    const remade = index.columns.find((key) => remadeColumns.has(key));
    const isKept = need !== undefined && !isBroken(index) && isSameIndex(index, table, need);
    if (isKept && remade === undefined) continue;
    // One that the plan still wants stays as it is when its column does.
    const held = need !== undefined && remade !== undefined ? { column: remade } : {};
    const detail = isBroken(index) ? brokenText(index) : '';
    const changes = [change('delete', 'index', id(index.key), detail)];
    before.push({ do: 'delete-index', table, key: index.key, changes, ...held });
    if (need !== undefined) after.push({ ...createIndex(table, need, id(need.key)), ...held });
  }
  for (const need of table.indexes) {
    if (!standing.some(({ key }) => key === need.key)) after.push(createIndex(table, need, id(need.key)));
  }
  return { before, after };
}

function createColumn(table: TableNeed, need: ColumnNeed, id: string): SchemaStep {
  return { do: 'create-column', table, need, changes: [change('create', 'column', id, need.type)] };
}

function createIndex(table: TableNeed, need: IndexNeed, id: string): SchemaStep {
  return { do: 'create-index', table, need, changes: [change('create', 'index', id, describeIndex(need))] };
}
