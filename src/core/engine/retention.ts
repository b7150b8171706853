import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { createBlobFiles } from './blobs.ts';
import { forgetEvents } from './event-log.ts';
import { runTopic, unfinishedRuns } from './runs.ts';
import type { Store } from './store.ts';

/**
 * Removes an ended root run: its rows, its children's, its events and budget, and every blob that no run needs any more.
 * Unknown ids are ignored. Throws `engine_conflict` while a run of the tree is unfinished.
 */
export function deleteRun(store: Store, rootRunId: string): void {
  store.write(() => {
    if (unfinishedRuns(store, rootRunId).length > 0) {
      throw new AppError({
        code: 'engine_conflict',
        message: `Run ${rootRunId} is unfinished.`,
        userMessage: `The run ${rootRunId} has not ended. Cancel it first, then delete it.`,
      });
    }
    const ofTree = 'run_id IN (SELECT run_id FROM runs WHERE root_id = ?)';
    store.prepare(`DELETE FROM journal WHERE ${ofTree}`).run(rootRunId);
    store.prepare(`DELETE FROM inbox WHERE ${ofTree}`).run(rootRunId);
    forgetEvents(store, rootRunId);
    for (const table of ['runs', 'blob_refs', 'budgets', 'charges']) {
      store.prepare(`DELETE FROM ${table} WHERE root_id = ?`).run(rootRunId);
    }
    store.prepare('DELETE FROM record_cursors WHERE run_id = ?').run(rootRunId);
    store.wake(runTopic(rootRunId));
  });
  // In a second transaction: had the first one failed, the files would still be needed.
  store.write(() => removeOrphanBlobs(store));
}

/** Also removes what a crash left behind, since nobody else writes a blob while the write lock is held. */
function removeOrphanBlobs(store: Store): void {
  let names: string[];
  try {
    names = readdirSync(join(store.stateDir, 'blobs'));
  } catch {
    // No run has had a large value yet.
    return;
  }
  const files = createBlobFiles(store.stateDir);
  const referenced = store.prepare('SELECT 1 FROM blob_refs WHERE hash = ? LIMIT 1');
  for (const name of names) {
    const hash = name.replace(/\.json$/, '');
    if (referenced.get(hash) === undefined) files.remove(name);
  }
}
