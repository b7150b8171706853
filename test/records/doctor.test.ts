import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../src/app/config.ts';
import { recordsDiagnosis } from '../../src/app/records-diagnosis.ts';
import { recordsOf } from '../../src/core/records/fold.ts';
import { DATABASE, KEY, openPlace, type Place, PROJECT } from './appwrite.ts';
import { asRecords, wholeRun } from './events.ts';

const records = recordsOf('notes-abc234', asRecords('notes-abc234', wholeRun('/w')), {
  userId: 'Ada',
  appwriteProjectId: 'p',
});
const WRITING = ['rows.read', 'rows.write'];
const MAKING = ['databases.write', 'tables.write'];

describe('the doctor and the shared records', () => {
  let dir: string;
  let place: Place;
  const open = async (scopes?: readonly string[]) => {
    place = await openPlace(scopes);
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'records-doctor-'));
  });
  afterEach(async () => {
    await place.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const ask = (key = KEY, limitMs?: number) => {
    const env = { ORCHESTRATOR_HOME: join(dir, 'state'), ORCHESTRATOR_RECORDS_KEY: key };
    const { settings } = readSettings({ env, workspaceDir: dir });
    const there = { ...settings.records, endpoint: place.gate.endpoint, projectId: PROJECT, databaseId: DATABASE };
    return recordsDiagnosis({ ...settings, records: there }, limitMs);
  };

  it('names the tables that will be made, and makes none itself', async () => {
    await open([...WRITING, ...MAKING]);
    const { state, found, fix } = await ask();
    assert.deepEqual([state, fix], ['ok', ''], found);
    assert.match(found, /the key is right, tables to be made by the next run: activities, deployments, tasks$/);
    assert.ok(place.gate.seen.length > 0);
    await place.store.upsert(records, AbortSignal.timeout(20_000));
    const made = place.gate.seen.length;
    assert.match((await ask()).found, /the key is right, all tables are there$/);
    assert.ok(place.gate.seen.length > made);
    assert.deepEqual(await place.stored(), records);
  });

  it('names the scopes that the key lacks, and what to do', async () => {
    await open(WRITING);
    const making = await ask();
    assert.equal(making.state, 'warning');
    assert.match(making.found, /lacks tables\.write, databases\.write; tables to be made/);
    assert.match(making.fix, /these scopes in the Appwrite console: tables\.write, databases\.write; or push/);
    await place.close();
    await open(['rows.read', ...MAKING]);
    assert.match((await ask()).found, /lacks rows\.write/);
  });

  it('says that the key is not known, and never the key', async () => {
    await open();
    const { state, found, fix } = await ask('another-key');
    assert.equal(state, 'warning');
    assert.match(`${found} ${fix}`, /ORCHESTRATOR_RECORDS_KEY/);
    assert.doesNotMatch(`${found} ${fix}`, /another-key/);
  });

  it('does not wait for a server that does not answer', async () => {
    await open();
    place.gate.answer(() => 'hold');
    const { state, found, fix } = await ask(KEY, 200);
    assert.deepEqual([state, /no answer within 0\.2 s$/.test(found)], ['warning', true], found);
    assert.match(fix, /can be reached/);
  });
});
