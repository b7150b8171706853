import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings } from '../../src/app/config.ts';
import { openRecords, type RecordsParts } from '../../src/app/records.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createFakeRecordStore } from '../fakes/record-store.ts';
import { startOf } from './events.ts';
import { openState, type StatePlace } from './mirror-place.ts';

describe('which runs are shared where', () => {
  let state: StatePlace;
  beforeEach(() => {
    state = openState();
  });
  afterEach(() => state.close());

  const workspace = (name: string, config?: object): string => {
    const dir = join(state.dir, name);
    mkdirSync(dir);
    if (config !== undefined) writeFileSync(join(dir, 'orchestrator.config.json'), JSON.stringify(config));
    state.append(name, startOf(dir));
    return dir;
  };

  /** Ids of the runs that a program of this workspace has sent when it ends. */
  const sentFrom = async (workspaceDir: string, change: Partial<RecordsParts> = {}): Promise<string[]> => {
    const env = { ORCHESTRATOR_HOME: state.dir, ORCHESTRATOR_RECORDS_KEY: 'k', ORCHESTRATOR_USER: 'Ada' };
    const target = createFakeRecordStore();
    const records = openRecords({
      ...{ settings: loadSettings({ env, workspaceDir }), store: state.store, events: state.events },
      ...{ clock: systemClock, log: { info: () => {}, warn: () => {} }, target },
      ...change,
    });
    await records.close();
    const { tasks } = target.stored();
    assert.ok(tasks.every(({ userId }) => userId === 'Ada'));
    return tasks.map(({ taskId }) => taskId).toSorted();
  };

  it('goes by the file of the workspace that each was started in', async () => {
    const own = workspace('own');
    const crew = workspace('crew', { records: { databaseId: 'crew' } });
    workspace('same', { concurrency: 2 });
    workspace('private', { records: { enabled: false } });
    workspace('broken', { records: 'crew' });
    state.append('gone', startOf(join(state.dir, 'gone')));
    assert.deepEqual(await sentFrom(own), ['gone', 'own', 'same']);
    assert.deepEqual(await sentFrom(crew), ['crew']);
    assert.deepEqual(await sentFrom(own), [], 'each is sent once');
  });

  it('goes by what a client keeps for other workspaces, where it has that', async () => {
    const own = workspace('own');
    const other = workspace('other');
    const settingsOf: RecordsParts['settingsOf'] = (dir) => {
      const { records } = loadSettings({ env: { ORCHESTRATOR_HOME: state.dir }, workspaceDir: own });
      return { ...records, enabled: dir !== other };
    };
    assert.deepEqual(await sentFrom(own, { settingsOf }), ['own']);
  });
});
