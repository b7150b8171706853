import assert from 'node:assert/strict';
import fs, { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findRunNote, type RunNote, writeRunNote } from './run-notes.ts';

const note = (runId: string): RunNote => ({
  v: 1,
  runId,
  local: false,
  until: 'deploy',
  workspaceDir: '/work',
  concurrency: null,
  createdAt: '2026-11-01T00:00:00.000Z',
});

describe('notes of runs', () => {
  const { openSync, fsyncSync, renameSync } = fs;
  let stateDir: string;
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'notes-'));
  });
  afterEach(() => {
    Object.assign(fs, { openSync, fsyncSync, renameSync });
    syncBuiltinESMExports();
    rmSync(stateDir, { recursive: true });
  });

  it('are on the disk, and then under their name, before the start of a run is answered', async function () {
    if (process.platform === 'win32') {
      console.log('      skipped: Windows flushes no folder');
      this.skip();
    }
    const paths = new Map<number, string>();
    const done: string[] = [];
    const watched = {
      openSync: (...args: Parameters<typeof openSync>) => {
        const descriptor = openSync(...args);
        paths.set(descriptor, String(args[0]));
        return descriptor;
      },
      fsyncSync: (descriptor: number) => {
        fsyncSync(descriptor);
        done.push(`flushed ${paths.get(descriptor)}`);
      },
      renameSync: (from: string, to: string) => {
        renameSync(from, to);
        done.push(`${from} -> ${to}`);
      },
    };
    Object.assign(fs, watched);
    syncBuiltinESMExports();
    await writeRunNote(stateDir, note('notes-1'));
    const path = join(stateDir, 'runs', 'notes-1.json');
    const temporary = done[0]?.replace('flushed ', '') ?? '';
    assert.match(temporary, /notes-1\.json\..+\.tmp$/);
    assert.deepEqual(done, [`flushed ${temporary}`, `${temporary} -> ${path}`, `flushed ${dirname(path)}`]);
    assert.deepEqual(readdirSync(dirname(path)), ['notes-1.json']);
    assert.deepEqual(await findRunNote(stateDir, 'notes-1'), note('notes-1'));
  });

  it('that cannot be understood are passed over', async () => {
    await writeRunNote(stateDir, note('notes-1'));
    writeFileSync(join(stateDir, 'runs', 'notes-2.json'), '');
    assert.equal(await findRunNote(stateDir, 'notes-2'), null);
    assert.deepEqual(await findRunNote(stateDir, 'notes'), note('notes-1'));
  });
});
