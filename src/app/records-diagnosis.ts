import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { openStore } from '../core/engine/store.ts';
import { type MirrorReport, mirrorReport } from '../core/records/mirror-state.ts';
import type { Diagnosis } from '../protocol/service.ts';
import type { Settings } from './config.ts';
import { CONFIG_FILE_NAME } from './config-file.ts';
import { destinationOf } from './records.ts';

const NAME = 'shared records';

/** Whether runs are shared with a team, where, and what the last attempt met. Asks the state folder only. */
export function recordsDiagnosis({ records, stateDir }: Settings): Diagnosis {
  const { enabled, key, endpoint, projectId, databaseId, siteId, functionId } = records;
  const place = `project ${projectId}, database ${databaseId}, site ${siteId}, function ${functionId ?? 'none'}`;
  if (!enabled) return { name: NAME, state: 'ok', found: `switched off in ${CONFIG_FILE_NAME} (${place})`, fix: '' };
  if (key === null) {
    return { name: NAME, state: 'ok', found: `not shared: ORCHESTRATOR_RECORDS_KEY is not set (${place})`, fix: '' };
  }
  const report = lastReport(stateDir, destinationOf(records));
  const found = `sent to ${endpoint}, ${place}`;
  if (report?.trouble == null) {
    const last = report?.sentAt == null ? 'nothing sent yet' : `last ${at(report.sentAt)}`;
    return { name: NAME, state: 'ok', found: `${found}; ${last}`, fix: '' };
  }
  const since = report.troubleSince === null ? '' : ` since ${at(report.troubleSince)}`;
  return {
    name: NAME,
    state: 'warning',
    found: `${found}; not working${since}: ${report.trouble}`,
    fix: 'Runs go on without it and nothing is lost: what is not sent yet is sent when it works again.',
  };
}

const at = (ms: number) => new Date(ms).toISOString();

function lastReport(stateDir: string, destination: string): MirrorReport | null {
  if (!existsSync(join(stateDir, 'state.db'))) return null;
  try {
    const store = openStore(stateDir, systemClock);
    try {
      return mirrorReport(store, destination);
    } finally {
      store.close();
    }
  } catch {
    // A state folder that cannot be read is said by whatever needs it.
    return null;
  }
}
