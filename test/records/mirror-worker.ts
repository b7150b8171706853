import { createRecordStore } from '../../src/adapters/appwrite/record-store.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createEventLog } from '../../src/core/engine/event-log.ts';
import { openStore } from '../../src/core/engine/store.ts';
import type { RecordStore } from '../../src/core/ports.ts';
import { startMirror } from '../../src/core/records/mirror.ts';
import { DATABASE, KEY, PROJECT } from './appwrite.ts';
import { CONTEXT, DESTINATION } from './mirror-place.ts';

/** A process that mirrors a state folder: `mirror-worker.ts DIR ENDPOINT stays|dies`. `dies`: after its first records arrived. */
const [dir = '', endpoint = '', how = ''] = process.argv.slice(2);
const log = { info: () => {}, warn: () => {} };
const appwrite = createRecordStore({ endpoint, projectId: PROJECT, apiKey: KEY, databaseId: DATABASE, log });
const target: RecordStore = {
  ...appwrite,
  async upsert(records, signal) {
    await appwrite.upsert(records, signal);
    if (how === 'dies') process.kill(process.pid, 'SIGKILL');
  },
};
const store = openStore(dir, systemClock);
const mirror = startMirror({
  ...{ store, events: createEventLog(store), target, log, destination: DESTINATION, clock: systemClock },
  ...{ wants: () => true, contextOf: async () => CONTEXT },
  ...{ gatherMs: 5, leaseMs: how === 'dies' ? 1_000 : 60_000, callLimitMs: 700 },
});
process.once('SIGTERM', async () => {
  await mirror.close();
  store.close();
});
