import { change, readSetting, settingChange, tighteningChange } from '../../src/adapters/appwrite/changes.ts';
import { diffDatabase } from '../../src/adapters/appwrite/deploy-database.ts';
import { allowed } from '../../src/adapters/appwrite/schema/apply.ts';
import { isTightening, storedPermissions } from '../../src/adapters/appwrite/schema/columns.ts';
import { diffTables, type SchemaStep, type TablePair } from '../../src/adapters/appwrite/schema/diff.ts';
import { isSameIndex, lengthsOf } from '../../src/adapters/appwrite/schema/indexes.ts';
import { restoreColumn } from '../../src/adapters/appwrite/schema/restore.ts';
import {
  ColumnState as Column,
  type ColumnState,
  type IndexState,
  type PresentTable,
} from '../../src/adapters/appwrite/schema/state.ts';
import type { Approval } from '../../src/core/approval.ts';
import type { ColumnNeed, DeploymentNeeds, TableNeed } from '../../src/protocol/deployment-needs.ts';
import type { Deployment, DeploymentChange } from '../../src/protocol/work.ts';

interface FakeTable {
  present: Omit<PresentTable, 'isEmpty'>;
  rows: Record<string, unknown>[];
}

/** Tables in memory, by the comparison of the real deployer. */
export interface FakeTables {
  preview(databaseId: string, needs: DeploymentNeeds): DeploymentChange[];
  apply(
    databaseId: string,
    needs: DeploymentNeeds,
    destructive: Approval,
    begin: (changes: readonly DeploymentChange[]) => void,
  ): Pick<Deployment, 'changes' | 'left' | 'logTail'>;
  addRow(databaseId: string, tableId: string, row: Record<string, unknown>): void;
  undo(deployment: Deployment): { changes: DeploymentChange[]; irreversible: string[] };
  revert(change: DeploymentChange): void;
  /** True when it has a table. */
  has(databaseId: string): boolean;
}

export function createFakeTables(): FakeTables {
  /** `<database>/<table>`. */
  const tables = new Map<string, FakeTable>();
  const idsIn = (databaseId: string) => [...tables.keys()].filter((id) => id.startsWith(`${databaseId}/`));
  const pairs = (databaseId: string, needs: DeploymentNeeds): TablePair[] =>
    needs.tables.map((need) => {
      const found = tables.get(`${databaseId}/${need.id}`);
      return { need, present: found === undefined ? null : { ...found.present, isEmpty: found.rows.length === 0 } };
    });
  const steps = (databaseId: string, needs: DeploymentNeeds) => diffTables(databaseId, pairs(databaseId, needs));
  return {
    has: (databaseId) => idsIn(databaseId).length > 0,
    preview: (databaseId, needs) => [
      ...diffDatabase(databaseId, needs, idsIn(databaseId)),
      ...steps(databaseId, needs).flatMap((step) => step.changes),
    ],
    apply: (databaseId, needs, destructive, begin) => {
      const created = diffDatabase(databaseId, needs, idsIn(databaseId));
      const todo = allowed(steps(databaseId, needs), destructive);
      const left = new Set(todo.skipped.map(({ id }) => id));
      const changes = [...created, ...todo.steps.flatMap((step) => step.changes)];
      begin(changes);
      for (const need of needs.tables) {
        const id = `${databaseId}/${need.id}`;
        const old = tables.get(id);
        const kept = (old?.present.columns ?? [])
          .filter(({ key }) => left.has(`${id}/${key}`))
          .map((column) => ({ ...column, ...changedOf(todo.steps, need, column.key) }));
        tables.set(id, { present: stateOf(need, kept, old?.present.indexes ?? []), rows: old?.rows ?? [] });
      }
      const lines = changes.map(({ action, kind, id }) => `${action}d ${kind} ${id}`);
      const kept = todo.skipped.map(({ kind, id }) => `left as it is: ${kind} ${id}`);
      return { changes, left: todo.skipped, logTail: [...lines, ...kept].join('\n') };
    },
    addRow: (databaseId, tableId, row) => void tables.get(`${databaseId}/${tableId}`)?.rows.push(row),
    undo: ({ id: databaseId, changes }) => {
      const made = new Set(changes.filter(isMade('table')).map(({ id }) => id));
      const undone: DeploymentChange[] = [];
      const irreversible: string[] = [];
      for (const one of [...changes].reverse()) {
        const [, tableId, key = ''] = one.id.split('/');
        const id = `${databaseId}/${tableId}`;
        const table = tables.get(id);
        if (table === undefined || (made.has(id) && one.kind !== 'table')) continue;
        if (isMade('table')(one)) undone.push(change('delete', 'table', id, 'made', table.rows.length > 0));
        else if (one.action === 'create' && hasPart(table, one.kind, key)) {
          const isUsed = one.kind === 'column' && table.rows.some((row) => (row[key] ?? null) !== null);
          undone.push(change('delete', one.kind, one.id, 'added', isUsed));
        } else if (one.action !== 'create') {
          const back = restored(table, one, key);
          if (back === null) irreversible.push(`${one.kind} ${one.id} was changed`);
          else if (back !== 'done') {
            const { name, from: to, to: from } = back;
            const say = table.rows.length > 0 && isTightening({ name, from, to }) ? tighteningChange : settingChange;
            undone.push(say('column', one.id, name, from, to));
          }
        }
      }
      const others = idsIn(databaseId).filter((id) => !made.has(id));
      if (changes.some(isMade('database')) && others.length === 0) {
        const isLosing = undone.some(({ destructive }) => destructive);
        undone.push(change('delete', 'database', databaseId, 'made', isLosing));
      }
      return { changes: undone, irreversible };
    },
    revert: ({ action, kind, id, detail }) => {
      const [databaseId, tableId, key = ''] = id.split('/');
      const table = tables.get(`${databaseId}/${tableId}`);
      if (kind === 'table' && action === 'delete') tables.delete(id);
      if (table === undefined) return;
      const setting = readSetting(detail);
      const column = table.present.columns.find((one) => one.key === key);
      if (setting !== null && column !== undefined) Object.assign(column, { [setting.name]: setting.to });
      if (kind === 'column' && action === 'delete')
        table.present.columns = table.present.columns.filter((column) => column.key !== key);
      if (kind === 'index') table.present.indexes = table.present.indexes.filter((index) => index.key !== key);
    },
  };
}

/** What is changed in place of a column of which other changes are left out. */
function changedOf(steps: readonly SchemaStep[], table: TableNeed, key: string): Partial<ColumnState> {
  const own = steps.flatMap((step) => (step.do === 'update-column' && step.table === table ? [step] : []));
  return Object.assign({}, ...own.filter(({ need }) => need.key === key).map(({ to }) => to));
}

function restored(table: FakeTable, { kind, detail }: DeploymentChange, key: string) {
  const setting = readSetting(detail);
  const column = table.present.columns.find((one) => one.key === key);
  return kind !== 'column' || setting === null || column === undefined ? null : restoreColumn(column, setting);
}

function isMade(kind: DeploymentChange['kind']) {
  return (one: DeploymentChange) => one.kind === kind && one.action === 'create';
}

function hasPart({ present }: FakeTable, kind: DeploymentChange['kind'], key: string): boolean {
  const parts = kind === 'column' ? present.columns : present.indexes;
  return parts.some((part) => part.key === key);
}

function stateOf(need: TableNeed, kept: ColumnState[], indexes: IndexState[]): FakeTable['present'] {
  const keys = new Set(kept.map(({ key }) => key));
  return {
    name: need.name,
    $permissions: storedPermissions(need),
    rowSecurity: need.rowSecurity,
    enabled: true,
    columns: [...kept, ...need.columns.filter(({ key }) => !keys.has(key)).map(columnState)],
    indexes: need.indexes.map((one) => {
      const old = indexes.find(({ key }) => key === one.key);
      if (old !== undefined && isSameIndex(old, need, one)) return old;
      return { ...one, status: 'available', error: '', lengths: lengthsOf(need, one), orders: [...one.orders] };
    }),
  };
}

function columnState(need: ColumnNeed): ColumnState {
  const { relationship: link, size, ...rest } = need;
  return Column.parse({
    ...{ ...rest, size: size ?? 255, status: 'available', format: '', default: need.required ? null : need.default },
    ...(link === null
      ? {}
      : {
          ...{ relatedTable: link.table, relationType: link.kind, onDelete: link.onDelete, side: 'parent' },
          ...{ twoWay: link.twoWayKey !== null, twoWayKey: link.twoWayKey ?? '' },
        }),
  });
}
