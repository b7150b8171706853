import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelStandIn, startModelStandIn } from '../sandbox/models/stand-in.ts';
import { loadSettings, type Settings } from './config.ts';
import { type KeyTest, testKeys } from './keys-test.ts';

describe('the test of keys', () => {
  let dir: string;
  let standIn: ModelStandIn;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'orchestrator-keys-'));
    standIn = await startModelStandIn({ latencyMs: 0 });
  });
  after(async () => {
    await standIn.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const settings = (env: Record<string, string>): Settings =>
    loadSettings({ env: { ORCHESTRATOR_HOME: dir, ...env }, workspaceDir: dir });
  const all = async (from: Settings): Promise<KeyTest[]> => {
    const tests: KeyTest[] = [];
    for await (const test of testKeys(from, AbortSignal.timeout(20_000))) tests.push(test);
    return tests;
  };

  it('asks each role, and calls a server of recordings reachable', async () => {
    const env = { XAI_BASE_URL: `${standIn.url}/v1`, ANTHROPIC_BASE_URL: standIn.url };
    const tests = await all(settings(env));
    assert.deepEqual(
      tests.map(({ role, outcome, message }) => [role, outcome, message]),
      ['lead', 'agent', 'escalation'].map((role) => [role, 'reachable', 'reachable; answers recordings only']),
    );
  });

  it('names the variable of a key that is not set, and the trouble of an address that does not answer', async () => {
    const tests = await all(settings({ XAI_API_KEY: 'key', XAI_BASE_URL: 'http://127.0.0.1:9/v1' }));
    assert.deepEqual(
      tests.map((test) => test.outcome),
      ['failed', 'failed', 'failed'],
    );
    assert.match(tests[1]?.message ?? '', /ANTHROPIC_API_KEY is not set/);
    assert.ok((tests[0]?.message.length ?? 0) > 20);
  });
});
