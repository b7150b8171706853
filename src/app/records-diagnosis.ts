import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordStoreOptions } from '../adapters/appwrite/record-call.ts';
import { checkRecordStore } from '../adapters/appwrite/record-check.ts';
import { systemClock } from '../core/clock.ts';
import { openStore } from '../core/engine/store.ts';
import type { Log } from '../core/ports.ts';
import { type MirrorReport, mirrorReport } from '../core/records/mirror-state.ts';
import { toAppError } from '../protocol/errors.ts';
import type { Diagnosis } from '../protocol/service.ts';
import type { Settings } from './config.ts';
import { CONFIG_FILE_NAME } from './config-file.ts';
import { destinationOf } from './records.ts';

const NAME = 'shared records';

/** Of all the server's answers together. */
const LIMIT_MS = 10_000;

/**
 * Whether runs are shared with a team, where, what the last attempt met, and what the server says now: whether it answers
 * (within `limitMs`), what the key may do, and which tables are there. Nothing is changed there; without a key it is not asked.
 */
export async function recordsDiagnosis({ records, stateDir }: Settings, limitMs = LIMIT_MS): Promise<Diagnosis> {
  const { enabled, key, endpoint, projectId, databaseId, siteId, functionId } = records;
  const place = `project ${projectId}, database ${databaseId}, site ${siteId}, function ${functionId ?? 'none'}`;
  if (!enabled) return { name: NAME, state: 'ok', found: `switched off in ${CONFIG_FILE_NAME} (${place})`, fix: '' };
  if (key === null) {
    return { name: NAME, state: 'ok', found: `not shared: ORCHESTRATOR_RECORDS_KEY is not set (${place})`, fix: '' };
  }
  const report = lastReport(stateDir, destinationOf(records));
  const last = report?.sentAt == null ? 'nothing sent yet' : `last ${at(report.sentAt)}`;
  const since = report?.troubleSince == null ? '' : ` since ${at(report.troubleSince)}`;
  const past = report?.trouble == null ? last : `not working${since}: ${report.trouble}`;
  const found = `sent to ${endpoint}, ${place}; ${past}`;
  const now = await askNow({ endpoint, projectId, databaseId, apiKey: key }, limitMs);
  const hasTrouble = now.fix !== '' || report?.trouble != null;
  const state = hasTrouble ? 'warning' : 'ok';
  return { name: NAME, state, found: `${found}; ${now.found}`, fix: hasTrouble ? `${now.fix}${NOTHING_LOST}` : '' };
}

const NOTHING_LOST = 'Runs go on without it and nothing is lost: what is not sent yet is sent when it works again.';

/** What the server says, and what to do about it; '' for nothing. */
async function askNow(
  access: Omit<RecordStoreOptions, 'log'>,
  limitMs: number,
): Promise<Pick<Diagnosis, 'found' | 'fix'>> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    const silent: Log = { info: () => undefined, warn: () => undefined };
    const { missing, lacks } = await checkRecordStore({ ...access, log: silent }, limit);
    const scopes = lacks.join(', ');
    const tables =
      missing.length === 0 ? 'all tables are there' : `tables to be made by the next run: ${missing.join(', ')}`;
    if (lacks.length === 0) return { found: `asked now: the key is right, ${tables}`, fix: '' };
    return {
      found: `asked now: the key is unknown or lacks ${scopes}; ${tables}`,
      fix: `Give the key in ORCHESTRATOR_RECORDS_KEY these scopes in the Appwrite console: ${scopes}${missing.length === 0 ? '' : '; or push appwrite.json with the Appwrite CLI'}. `,
    };
  } catch (thrown) {
    if (limit.aborted)
      return {
        found: `asked now: no answer within ${limitMs / 1000} s`,
        fix: `Look whether ${access.endpoint} can be reached. `,
      };
    const { userMessage } = toAppError(thrown);
    return { found: `asked now: ${userMessage}`, fix: `Correct that. ` };
  }
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
