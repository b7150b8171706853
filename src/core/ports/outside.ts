import type { LiveCheck } from '../../protocol/deployment-needs.ts';
import type { ProjectRecords, TaskRecord } from '../../protocol/records.ts';
import type { LiveResult } from '../../protocol/work.ts';

/** A database that a team shares. Nothing is ever deleted in it. */
export interface RecordStore {
  /**
   * Inserts the records, or replaces those with the same ids: first activities, then deployments, then tasks, each in the order
   * given. Doing it again is harmless. An error may leave a part stored; one with details.status 400 is about these records,
   * every other one would meet any.
   */
  upsert(records: ProjectRecords, signal: AbortSignal): Promise<void>;
  /** Tasks of everybody, the last created first; at most `limit` (1 to 100). */
  tasks(limit: number, signal: AbortSignal): Promise<TaskRecord[]>;
}

/** Fetches a live URL; tries again until it passes or `deadlineMs` is over. */
export interface LiveProbe {
  check(baseUrl: string, check: LiveCheck, deadlineMs: number, signal: AbortSignal): Promise<LiveResult>;
}

export interface PackageRegistry {
  /** `unknown` when the registry cannot be asked. */
  exists(name: string, signal: AbortSignal): Promise<'yes' | 'no' | 'unknown'>;
}
