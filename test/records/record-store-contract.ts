import assert from 'node:assert/strict';
import type { RecordStore } from '../../src/core/ports.ts';
import { type RecordContext, recordsOf } from '../../src/core/records/fold.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { ProjectRecords } from '../../src/protocol/records.ts';
import { asRecords, startOf, wholeRun } from './events.ts';

export interface RecordWorld {
  store: RecordStore;
  stored(): Promise<ProjectRecords>;
  close(): Promise<void>;
}

const CONTEXT: RecordContext = { userId: 'Ada', appwriteProjectId: 'p' };
const LIMIT_MS = 60_000;
const signal = () => AbortSignal.timeout(LIMIT_MS);
const whole = (runId: string) => recordsOf(runId, asRecords(runId, wholeRun('/w')), CONTEXT);
const NOTHING: ProjectRecords = { tasks: [], activities: [], deployments: [] };

/** What every shared database does, whatever it is. */
export function recordStoreContract(name: string, open: () => Promise<RecordWorld>): void {
  describe(`shared database: ${name}`, function () {
    this.timeout(LIMIT_MS);
    let world: RecordWorld;
    beforeEach(async () => {
      world = await open();
    });
    afterEach(() => world.close());

    it('keeps every field of every record', async () => {
      const records = whole('notes-abc234');
      await world.store.upsert(records, signal());
      assert.deepEqual(await world.stored(), records);
      assert.deepEqual(await world.store.tasks(100, signal()), records.tasks);
    });

    it('replaces what has the same id, and keeps the rest', async () => {
      const [first, second] = [whole('notes-abc234'), whole('notes-def567')];
      await world.store.upsert(first, signal());
      await world.store.upsert(second, signal());
      const [task] = first.tasks;
      assert.ok(task);
      await world.store.upsert({ ...NOTHING, tasks: [{ ...task, status: 'failed' }] }, signal());
      await world.store.upsert(second, signal());
      const stored = await world.stored();
      assert.deepEqual(stored.tasks, [{ ...task, status: 'failed' }, ...second.tasks]);
      assert.deepEqual(stored.activities, [...first.activities, ...second.activities]);
      assert.deepEqual(stored.deployments, [...first.deployments, ...second.deployments]);
    });

    it('takes more records than fit one call, in order', async () => {
      const [activity] = whole('notes-abc234').activities;
      assert.ok(activity);
      const activities = Array.from({ length: 230 }, (_, n) => ({ ...activity, activityId: `notes-abc234.${n + 1}` }));
      await world.store.upsert({ ...NOTHING, activities }, signal());
      assert.deepEqual((await world.stored()).activities, activities);
    });

    it('lists tasks, the last created first, and none before there is one', async () => {
      assert.deepEqual(await world.store.tasks(100, signal()), []);
      for (const day of ['02', '04', '03']) {
        const records = asRecords(`run-${day}`, [startOf('/w', day)]).map((record) => ({
          ...record,
          at: `2026-01-${day}T00:00:00.000Z`,
        }));
        await world.store.upsert(recordsOf(`run-${day}`, records, CONTEXT), signal());
      }
      const tasks = await world.store.tasks(2, signal());
      assert.deepEqual(
        tasks.map(({ projectName }) => projectName),
        ['04', '03'],
      );
    });

    it('does nothing for a signal that has fired', async () => {
      const aborted = (thrown: unknown) => thrown instanceof AppError && thrown.code === 'aborted';
      await assert.rejects(world.store.upsert(whole('notes-abc234'), AbortSignal.abort()), aborted);
      await assert.rejects(world.store.tasks(1, AbortSignal.abort()), aborted);
      assert.deepEqual(await world.store.tasks(1, signal()), []);
    });
  });
}
