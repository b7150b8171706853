import type { TableNeed } from '../../../protocol/deployment-needs.ts';
import { AppError } from '../../../protocol/errors.ts';
import { waitUntil } from '../wait.ts';
import { createColumn, createIndex, deletePart } from './calls.ts';
import { brokenText } from './diff.ts';
import type { SchemaContext } from './read.ts';
import { hasRows, readColumns, readIndexes } from './read.ts';
import { isBroken } from './state.ts';

/** The vendor's own client waits 30 times 2 s for columns. */
const DEADLINE_MS = 60_000;

interface Part {
  key: string;
  status: string;
  error: string;
}

function readParts(context: SchemaContext, tableId: string, what: 'column' | 'index'): Promise<Part[]> {
  return what === 'column' ? readColumns(context, tableId) : readIndexes(context, tableId);
}

export async function waitGone(
  context: SchemaContext,
  tableId: string,
  what: 'column' | 'index',
  key: string,
): Promise<void> {
  await waitUntil(
    {
      clock: context.clock,
      pollMs: context.pollMs,
      deadlineMs: DEADLINE_MS,
      what: `The deletion of ${what} "${key}" of table "${tableId}"`,
      remedy: 'Look at the table in the Appwrite console, then resume the run.',
      look: async () => {
        const parts = await readParts(context, tableId, what);
        return parts.some((part) => part.key === key) ? null : true;
      },
    },
    context.signal,
  );
}

/**
 * Waits until all of these are available. One that failed or is stuck is deleted and made again, once, when it is among
 * `fresh`, those that this deployment made, and no row can have a value in it; else throws `deployment_failed`.
 */
export async function waitAvailable(
  context: SchemaContext,
  table: TableNeed,
  what: 'column' | 'index',
  keys: readonly string[],
  fresh: Set<string>,
): Promise<void> {
  if (keys.length === 0) return;
  const one = what === 'column' ? 'columns' : 'indexes';
  await waitUntil(
    {
      clock: context.clock,
      pollMs: context.pollMs,
      deadlineMs: DEADLINE_MS,
      what: `The ${one} of table "${table.id}" becoming available`,
      remedy: 'Look at the table in the Appwrite console, then resume the run.',
      look: async () => {
        const parts = await readParts(context, table.id, what);
        for (const part of parts) {
          if (keys.includes(part.key) && isBroken(part)) await mend(context, table, what, part, fresh);
        }
        return keys.every((key) => parts.some((part) => part.key === key && part.status === 'available')) || null;
      },
    },
    context.signal,
  );
}

async function mend(
  context: SchemaContext,
  table: TableNeed,
  what: 'column' | 'index',
  part: Part,
  fresh: Set<string>,
): Promise<void> {
  const isOurs = fresh.delete(`${what} ${part.key}`);
  // A column that could not be made has no values.
  const isUnmade = what === 'column' && part.status === 'failed';
  if (!isOurs || (!isUnmade && (await hasRows(context, table.id, null)))) throw broken(table.id, what, part);
  await deletePart(context, table.id, what, part.key);
  await waitGone(context, table.id, what, part.key);
  const column = table.columns.find(({ key }) => key === part.key);
  const index = table.indexes.find(({ key }) => key === part.key);
  if (what === 'column' && column !== undefined) await createColumn(context, table, column);
  if (what === 'index' && index !== undefined) await createIndex(context, table, index);
}

function broken(tableId: string, what: 'column' | 'index', part: Omit<Part, 'key'> & { key: string }): AppError {
  const name = `${what === 'column' ? 'Column' : 'Index'} "${part.key}" of table "${tableId}"`;
  const remedy =
    what === 'column'
      ? 'Resume the run: it is deleted and made again, after an approval if rows may have values in it.'
      : 'Appwrite cannot build it, perhaps because of the rows that are there. Correct them or the plan, then resume the run: it is deleted and made again.';
  return new AppError({
    code: 'deployment_failed',
    message: `${what} ${tableId}.${part.key} is ${brokenText(part)}`,
    userMessage: `${name} is ${brokenText(part)}. ${remedy}`,
  });
}
