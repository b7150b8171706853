import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { openStore } from '../core/engine/store.ts';
import { createMirrorState } from '../core/records/mirror-state.ts';
import { type Diagnosis, diagnose, isAtLeast } from './doctor.ts';

describe('the doctor', () => {
  let dir: string;
  let workspaceDir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'orchestrator-doctor-'));
    workspaceDir = mkdtempSync(join(dir, 'workspace-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const look = async (env: Record<string, string> = {}): Promise<Map<string, Diagnosis>> => {
    const found = await diagnose({ env: { ORCHESTRATOR_HOME: join(dir, 'state'), ...env }, workspaceDir });
    return new Map(found.map((entry) => [entry.name, entry]));
  };

  it('finds nothing missing on a machine that can run the tests, and warns of keys', async () => {
    const found = await look({ XAI_API_KEY: 'xai-secret' });
    assert.deepEqual(
      [...found.values()].filter((entry) => entry.state === 'missing'),
      [],
    );
    assert.equal(found.get('XAI_API_KEY')?.state, 'ok');
    assert.match(found.get('GITHUB_TOKEN')?.fix ?? '', /--local/);
    assert.doesNotMatch(JSON.stringify([...found.values()]), /xai-secret/);
  });

  it('looks for npm where commands find it, and at the Node that a client names for them', async () => {
    assert.equal((await look()).get('npm')?.state, 'ok');
    assert.equal((await look()).get('Node for commands'), undefined);
    const source = { env: { ORCHESTRATOR_HOME: join(dir, 'state') }, workspaceDir };
    const named = await diagnose({ ...source, nodePath: process.execPath, defaults: { concurrency: 0 } });
    const row = (rows: Diagnosis[], name: string) => rows.find((entry) => entry.name === name);
    assert.match(row(named, 'Node for commands')?.found ?? '', /^v\d+/);
    assert.match(row(named, 'settings')?.found ?? '', /settings: concurrency is 0/);
    assert.equal(row(named, 'configuration file')?.state, 'ok');
    const { PATH } = process.env;
    process.env.PATH = dir;
    try {
      const nodePath = join(dir, 'no-node');
      const without = await diagnose({ ...source, nodePath });
      assert.equal(row(without, 'npm')?.state, 'warning');
      assert.equal(row(without, 'Node for commands')?.state, 'missing');
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('names bad values and the bad file, and goes on', async () => {
    writeFileSync(join(workspaceDir, 'orchestrator.config.json'), '{\n"concurrency": "many"}');
    const found = await look({ ANTHROPIC_BASE_URL: 'nonsense' });
    assert.equal(found.get('environment')?.state, 'missing');
    assert.match(found.get('environment')?.found ?? '', /ANTHROPIC_BASE_URL is "nonsense"/);
    assert.match(
      found.get('configuration file')?.found ?? '',
      /config\.json:2: concurrency is "many"; allowed: a whole number|a number/,
    );
    assert.equal(found.get('git')?.state, 'ok');
  });

  it('tells a folder without a repository from a dirty one', async () => {
    assert.match((await look()).get('workspace')?.found ?? '', /not a git repository/);
    execFileSync('git', ['init', '-q', workspaceDir]);
    assert.equal((await look()).get('workspace')?.state, 'ok');
    writeFileSync(join(workspaceDir, 'a.txt'), '');
    assert.match((await look()).get('workspace')?.found ?? '', /1 uncommitted change$/);
  });

  it('says whether runs are shared, with whom, and what is wrong with it', async () => {
    const ids = 'project 68a4e3da0022f3e129d0, database orchestrator, site 68a4ed30000cba9224d2, function none';
    assert.equal(
      (await look()).get('shared records')?.found,
      `not shared: ORCHESTRATOR_RECORDS_KEY is not set (${ids})`,
    );
    const env = { ORCHESTRATOR_RECORDS_KEY: 'records-secret', APPWRITE_ENDPOINT: 'http://127.0.0.1:1/v1' };
    const fresh = (await look(env)).get('shared records');
    assert.equal(fresh?.state, 'warning');
    const start = `sent to http://127.0.0.1:1/v1, ${ids}; nothing sent yet; asked now: The shared database at http://127`;
    assert.ok(fresh?.found.startsWith(start), fresh?.found);
    assert.match(fresh?.fix ?? '', /nothing is lost/);
    const store = openStore(join(dir, 'state'), systemClock);
    const state = createMirrorState(store, 'http://127.0.0.1:1/v1 68a4e3da0022f3e129d0/orchestrator', 'me');
    state.claim(60_000);
    state.setTrouble('The key is wrong.');
    const troubled = (await look(env)).get('shared records');
    assert.equal(troubled?.state, 'warning');
    assert.match(troubled?.found ?? '', /not working since \d{4}-.*Z: The key is wrong\.; asked now: /);
    assert.ok(state.moveCursor('run', 1));
    assert.match((await look(env)).get('shared records')?.found ?? '', /; last \d{4}-.*Z; asked now: /);
    store.close();
    assert.doesNotMatch(JSON.stringify(troubled), /records-secret/);
    writeFileSync(
      join(workspaceDir, 'orchestrator.config.json'),
      '{"records": {"enabled": false, "functionId": "fn"}}',
    );
    assert.match((await look(env)).get('shared records')?.found ?? '', /^switched off .* function fn\)$/);
  });

  it('compares versions by their numbers', () => {
    assert.ok(isAtLeast('22.14.0', '22.14'));
    assert.ok(isAtLeast('2.100', '2.38'));
    assert.ok(!isAtLeast('2.9.1', '2.38'));
    assert.ok(isAtLeast('3', '2.38'));
  });
});
