import type { EventLog } from '../core/engine/port.ts';
import type { Store } from '../core/engine/store.ts';
import type { Clock, Log, RecordStore } from '../core/ports.ts';
import { type RecordContext, recordsOf } from '../core/records/fold.ts';
import { startMirror } from '../core/records/mirror.ts';
import type { EventRecord } from '../protocol/events.ts';
import type { ProjectRecords, TaskRecord } from '../protocol/records.ts';
import { allEvents } from './all-events.ts';
import { type RecordSettings, recordSettingsIn, type Settings } from './config.ts';
import { createUserNames } from './user-name.ts';

/** The shared records: made from the local store, and sent to the shared database where there is one. */
export interface Records {
  of(runIds: readonly string[]): Promise<ProjectRecords>;
  /** Null when no shared database is configured. */
  teamTasks(signal: AbortSignal): Promise<TaskRecord[] | null>;
  /** Must be called before the store is closed. Never throws. */
  close(): Promise<void>;
}

export interface RecordsParts {
  settings: Settings;
  store: Store;
  events: EventLog;
  clock: Clock;
  log: Log;
  /** Null when none is configured. */
  target: RecordStore | null;
  /** Where the runs of another workspace go; by default as its configuration file says. */
  settingsOf?: (workspaceDir: string) => RecordSettings;
}

const TEAM_TASKS = 100;

/** Names the database for cursors and leases. Two workspaces with the same one are sent by one mirror. */
export function destinationOf({ endpoint, projectId, databaseId }: RecordSettings): string {
  return `${endpoint} ${projectId}/${databaseId}`;
}

export const isMirrored = (records: RecordSettings): boolean => records.enabled && records.key !== null;

export function openRecords({ settings, store, events, clock, log, target, settingsOf }: RecordsParts): Records {
  const destination = destinationOf(settings.records);
  const nameIn = createUserNames(settings.userName);
  const appwriteProjectId = settings.appwrite.projectId ?? settings.records.projectId;
  const contextOf = async (workspaceDir: string): Promise<RecordContext> => ({
    userId: await nameIn(workspaceDir),
    appwriteProjectId,
  });
  const elsewhere = settingsOf ?? ((dir: string) => recordSettingsIn(dir, settings.records));
  const wants = (workspaceDir: string): boolean => {
    const records = workspaceDir === settings.workspaceDir ? settings.records : elsewhere(workspaceDir);
    return records.enabled && destinationOf(records) === destination;
  };
  const mirror =
    target === null ? null : startMirror({ store, events, target, destination, wants, contextOf, clock, log });
  return {
    async of(runIds) {
      const all: ProjectRecords = { tasks: [], activities: [], deployments: [] };
      for (const runId of runIds) {
        const records = [...allEvents(events, runId)];
        const context = await contextOf(workspaceOf(records));
        const { tasks, activities, deployments } = recordsOf(runId, records, context);
        all.tasks.push(...tasks);
        for (const activity of activities) all.activities.push(activity);
        all.deployments.push(...deployments);
      }
      return all;
    },
    teamTasks: async (signal) => (target === null ? null : target.tasks(TEAM_TASKS, signal)),
    close: async () => mirror?.close(),
  };
}

function workspaceOf(records: readonly EventRecord[]): string {
  for (const { event } of records) if (event.type === 'run.started') return event.workspaceDir;
  return '';
}
