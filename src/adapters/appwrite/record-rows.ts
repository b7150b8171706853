import type { Models } from 'node-appwrite';
import * as z from 'zod';
import type { Log } from '../../core/ports.ts';
import { rowId } from '../../core/records/limits.ts';
import { RECORD_TABLES, type RecordColumn, type RecordTable } from '../../core/records/tables.ts';
import { type ProjectRecords, TaskRecord } from '../../protocol/records.ts';

export type TableId = RecordTable['id'];
export type Row = Record<string, unknown> & { $id: string };

/** Rows in one call: what Appwrite allows where nobody has raised it. */
const MAX_ROWS = 100;
/** Of the rows of one call, about; servers and what is before them take a megabyte. */
const MAX_BYTES = 500_000;

const IDS: Record<TableId, string> = { tasks: 'taskId', activities: 'activityId', deployments: 'deploymentId' };

export function rowsOf({ id, columns }: RecordTable, records: ProjectRecords): Row[] {
  return records[id].map((record) => {
    const fields: Record<string, unknown> = record;
    const data = columns.map(({ key, type }) => [key, type === 'json' ? JSON.stringify(fields[key]) : fields[key]]);
    return { $id: rowId(String(fields[IDS[id]])), ...Object.fromEntries(data) };
  });
}

export function portionsOf(rows: readonly Row[]): Row[][] {
  const portions: Row[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = Buffer.byteLength(JSON.stringify(row));
    const last = portions.at(-1);
    const hasRoom = last !== undefined && last.length < MAX_ROWS && bytes + size <= MAX_BYTES;
    if (hasRoom) last.push(row);
    else portions.push([row]);
    bytes = hasRoom ? bytes + size : size;
  }
  return portions;
}

/** The types of 1.9; newer servers take them too. */
export function inlineColumn({ key, type, size, elements }: RecordColumn): object {
  switch (type) {
    case 'text':
    case 'json':
      return { key, type: 'string', size, required: false };
    case 'enum':
      return { key, type: 'string', format: 'enum', elements, required: false };
    case 'number':
      return { key, type: 'double', required: false };
    case 'datetime':
      return { key, type, required: false };
  }
}

/** None for a row that somebody else has written in another form. */
export function readTask(row: Models.DefaultRow, log: Log): TaskRecord[] {
  const table = RECORD_TABLES.find(({ id }) => id === 'tasks');
  const fields = Object.fromEntries((table?.columns ?? []).map((column) => [column.key, readValue(column, row)]));
  const parsed = TaskRecord.safeParse(fields);
  if (parsed.success) return [parsed.data];
  log.warn('a task of the shared records cannot be read', { rowId: row.$id, problem: z.prettifyError(parsed.error) });
  return [];
}

function readValue({ key, type }: RecordColumn, row: Models.DefaultRow): unknown {
  const value: unknown = row[key];
  if (typeof value !== 'string') return value ?? '';
  if (type === 'datetime') return Number.isNaN(Date.parse(value)) ? value : new Date(value).toISOString();
  if (type !== 'json') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
