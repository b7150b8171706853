import type { ErrorInfo } from '../../protocol/errors.ts';
import type { Outcome, RunRecord, RunStatus } from './port.ts';
import type { Store } from './store.ts';
import { unpackValue } from './values.ts';

/**
 * Rows of runs. All functions that change something must be called inside a write transaction.
 *
 * 1. `running` and `waiting` are unfinished; `complete`, `failed` and `cancelled` never change again; `parked` is ended for
 *    everybody who waits, but a root may be resumed.
 * 2. (owner, epoch) fences: taking a run over raises the epoch, and only the holder of both may change the run.
 */
export interface RunRow {
  run_id: string;
  parent_id: string | null;
  root_id: string;
  definition: string;
  status: RunStatus;
  owner_id: string | null;
  epoch: number;
  input: string | null;
  output: string | null;
  error: string | null;
  created_at: number;
  updated_at: number;
}

/** Proof of being the one that executes the run. */
export interface Fence {
  runId: string;
  ownerId: string;
  epoch: number;
}

export const runTopic = (runId: string) => `run:${runId}`;
export const inboxTopic = (runId: string) => `inbox:${runId}`;

export const isEnded = (status: RunStatus): boolean => status !== 'running' && status !== 'waiting';

const UNFINISHED = `status IN ('running', 'waiting')`;

export function findRun(store: Store, runId: string): RunRow | null {
  return (store.prepare('SELECT * FROM runs WHERE run_id = ?').get(runId) as RunRow | undefined) ?? null;
}

interface NewRun {
  runId: string;
  parentId: string | null;
  rootId: string;
  definition: string;
  ownerId: string;
  /** Column text, already packed. */
  input: string | null;
}

export function insertRun(store: Store, run: NewRun): void {
  const now = store.clock.now();
  store
    .prepare(
      `INSERT INTO runs (run_id, parent_id, root_id, definition, status, owner_id, epoch, input, created_at, updated_at)
       VALUES (?, ?, ?, ?, 'running', ?, 1, ?, ?, ?)`,
    )
    .run(run.runId, run.parentId, run.rootId, run.definition, run.ownerId, run.input, now, now);
}

/** Marks the run as touched and checks the fence in one statement; false when it was lost or the run has ended. */
export function touchRun(store: Store, fence: Fence, status: 'running' | 'waiting'): boolean {
  const { changes } = store
    .prepare(
      `UPDATE runs SET updated_at = ?, status = ? WHERE run_id = ? AND owner_id = ? AND epoch = ? AND ${UNFINISHED}`,
    )
    .run(store.clock.now(), status, fence.runId, fence.ownerId, fence.epoch);
  return changes === 1;
}

export interface RunEnd {
  status: 'complete' | 'failed' | 'parked';
  output: string | null;
  error: string | null;
}

/** False when the fence was lost or the run has ended already. */
export function endRun(store: Store, fence: Fence, end: RunEnd): boolean {
  const { changes } = store
    .prepare(
      `UPDATE runs SET status = ?, output = ?, error = ?, owner_id = NULL, updated_at = ?
       WHERE run_id = ? AND owner_id = ? AND epoch = ? AND ${UNFINISHED}`,
    )
    .run(end.status, end.output, end.error, store.clock.now(), fence.runId, fence.ownerId, fence.epoch);
  if (changes === 1) store.wake(runTopic(fence.runId));
  return changes === 1;
}

const DESCENDANTS = `WITH RECURSIVE tree (id) AS (
  SELECT run_id FROM runs WHERE parent_id = ? UNION ALL SELECT runs.run_id FROM runs JOIN tree ON runs.parent_id = tree.id
)`;

/** Cancels what is unfinished below the run. */
export function cancelDescendants(store: Store, runId: string): void {
  const rows = store
    .prepare(`${DESCENDANTS} SELECT run_id FROM runs WHERE run_id IN (SELECT id FROM tree) AND ${UNFINISHED}`)
    .all(runId) as Pick<RunRow, 'run_id'>[];
  for (const { run_id } of rows) markCancelled(store, run_id);
}

/** Cancels the run and what is unfinished below it. A parked child keeps its outcome, which its parent may have seen. */
export function cancelTree(store: Store, runId: string): void {
  markCancelled(store, runId);
  cancelDescendants(store, runId);
}

function markCancelled(store: Store, runId: string): void {
  const { changes } = store
    .prepare(
      `UPDATE runs SET status = 'cancelled', owner_id = NULL, error = NULL, updated_at = ?
       WHERE run_id = ? AND (${UNFINISHED} OR (status = 'parked' AND parent_id IS NULL))`,
    )
    .run(store.clock.now(), runId);
  if (changes === 1) store.wake(runTopic(runId));
}

export function unfinishedRuns(store: Store, rootRunId: string): RunRow[] {
  return store
    .prepare(`SELECT * FROM runs WHERE root_id = ? AND ${UNFINISHED} ORDER BY run_id`)
    .all(rootRunId) as unknown as RunRow[];
}

/** Makes the owner the run's owner; returns the new fence. */
export function takeOver(store: Store, runId: string, ownerId: string): Fence {
  const row = store
    .prepare('UPDATE runs SET owner_id = ?, epoch = epoch + 1 WHERE run_id = ? RETURNING epoch')
    .get(ownerId, runId) as Pick<RunRow, 'epoch'> | undefined;
  store.wake(runTopic(runId));
  return { runId, ownerId, epoch: row?.epoch ?? 0 };
}

/** A parked root gets its tries again. */
export function unpark(store: Store, runId: string): void {
  store
    .prepare(`UPDATE runs SET status = 'running', error = NULL, updated_at = ? WHERE run_id = ? AND status = 'parked'`)
    .run(store.clock.now(), runId);
  store
    .prepare(`UPDATE journal SET interruptions = attempts - failures WHERE run_id = ? AND state = 'open'`)
    .run(runId);
}

export function releaseRuns(store: Store, ownerId: string): void {
  store.prepare('UPDATE runs SET owner_id = NULL WHERE owner_id = ?').run(ownerId);
}

export function listRoots(store: Store, status: RunStatus | null, limit: number): RunRow[] {
  return store
    .prepare(
      `SELECT * FROM runs WHERE parent_id IS NULL AND status = COALESCE(?, status)
       ORDER BY created_at DESC, rowid DESC LIMIT ?`,
    )
    .all(status, limit) as unknown as RunRow[];
}

const errorOf = (row: RunRow): ErrorInfo | null => (row.error === null ? null : (JSON.parse(row.error) as ErrorInfo));

/** Null while the run is unfinished. */
export function outcomeOf(store: Store, row: RunRow): Outcome<unknown> | null {
  switch (row.status) {
    case 'running':
    case 'waiting':
      return null;
    case 'complete':
      return { ok: true, value: unpackValue(store, row.output) };
    case 'cancelled':
      return { ok: false, error: cancelledInfo(row.run_id) };
    case 'failed':
    case 'parked':
      return { ok: false, error: errorOf(row) ?? cancelledInfo(row.run_id) };
  }
}

export const cancelledInfo = (runId: string): ErrorInfo => ({
  code: 'aborted',
  message: `Run ${runId} was cancelled.`,
  userMessage: 'The run was cancelled.',
  retry: false,
});

export function toRecord(store: Store, row: RunRow): RunRecord {
  return {
    runId: row.run_id,
    parentId: row.parent_id,
    rootRunId: row.root_id,
    definition: row.definition,
    status: row.status,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    input: unpackValue(store, row.input),
    output: unpackValue(store, row.output),
    error: errorOf(row),
  };
}
