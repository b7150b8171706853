import type { RecordStore } from '../../src/core/ports.ts';
import { rowId } from '../../src/core/records/limits.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { ProjectRecords } from '../../src/protocol/records.ts';

export interface FakeRecordStore extends RecordStore {
  /** What arrived, in the order in which each first came. */
  stored(): ProjectRecords;
  /** Calls of `upsert` that have begun. */
  readonly calls: number;
  /** What happens to calls from now on. `hold` keeps them until their signal ends them. */
  behave(how: 'works' | 'hold' | AppError | ((records: ProjectRecords) => AppError | null)): void;
}

/** A shared database in memory. */
export function createFakeRecordStore(): FakeRecordStore {
  const tables = { tasks: new Map(), activities: new Map(), deployments: new Map() };
  let how: Parameters<FakeRecordStore['behave']>[0] = 'works';
  let calls = 0;

  const begin = async (records: ProjectRecords | null, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) throw aborted();
    if (how === 'hold') {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(aborted()), { once: true }));
    }
    if (how instanceof AppError) throw how;
    const refusal = typeof how === 'function' && records !== null ? how(records) : null;
    if (refusal !== null) throw refusal;
  };

  return {
    async upsert(records, signal) {
      calls += 1;
      await begin(records, signal);
      const copy = structuredClone(records);
      for (const activity of copy.activities) tables.activities.set(rowId(activity.activityId), activity);
      for (const deployment of copy.deployments) tables.deployments.set(rowId(deployment.deploymentId), deployment);
      for (const task of copy.tasks) tables.tasks.set(rowId(task.taskId), task);
    },
    async tasks(limit, signal) {
      await begin(null, signal);
      const all = [...tables.tasks.values()];
      return all.sort((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, limit);
    },
    stored: () => ({
      tasks: [...tables.tasks.values()],
      activities: [...tables.activities.values()],
      deployments: [...tables.deployments.values()],
    }),
    get calls() {
      return calls;
    },
    behave: (next) => {
      how = next;
    },
  };
}

const aborted = () => new AppError({ code: 'aborted', message: 'aborted', userMessage: 'Cancelled.' });
